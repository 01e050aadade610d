"""The verb of triage for what was asked before: one request goes into another."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change
from people.models import Membership
from requests_intake.models import Backing, Decision, DecisionKind, Request

from .answering import Outcome, answer
from .deciding import answering
from .origin import keep_origins


def merge_request(
    request: Request, *, by: Membership, words: str, version: int, target: Request
) -> Decision:
    """Say that another request serves this one: who needs it backs that one from now on.

    Its rep and its backers bring their deals. Who asked for the target, or backs it already, keeps
    what he said there. Raises Stale when somebody answered first, PermissionDenied, or
    ValidationError `no_words`, `unknown_request`, `itself`, `merged`.
    """
    with answering(request, by=by, version=version) as (record, fresh):
        into = _target(record, fresh, target)
        fresh.merged_into = into
        decision = answer(record, fresh, DecisionKind.MERGE, words, Outcome(target=into))
        Request.objects.filter(merged_into=fresh).update(merged_into=into)
        _bring(record, decision, fresh, into)
        keep_origins(into, record.workspace)
    return decision


def part(decision: Decision) -> None:
    """Undo what a merge did to its target; the request itself is for the caller to set free."""
    into = decision.target
    assert into is not None  # noqa: S101  a constraint says so
    Backing.objects.filter(came_with=decision).delete()
    brought = _merged_through(decision.request)
    Request.objects.filter(pk__in=brought).update(merged_into=decision.request)
    keep_origins(_leave_the_chain(into), decision.workspace)


def _leave_the_chain(into: Request) -> Request:
    """Take back who went further with the target of an undone merge; return the chain's end."""
    further = Decision.objects.standing().filter(kind=DecisionKind.MERGE).select_related("target")
    while (onward := further.filter(request=into).first()) and onward.target:
        needed_by = {into.requester_id, *into.backings.values_list("backer_id", flat=True)}
        Backing.objects.filter(came_with=onward).exclude(backer__in=needed_by).delete()
        into = onward.target
    return into


def _target(record: Change, request: Request, target: Request) -> Request:
    known = (
        Request.objects.filter(workspace=record.workspace, pk=target.pk)
        .select_related("requester", "merged_into")
        .first()
    )
    if known is None:
        raise _refused(_("We know no such request."), "unknown_request")
    if known.pk == request.pk:
        raise _refused(_("A request cannot be merged into itself."), "itself")
    if known.merged_into is not None:
        raise _refused(
            _("%(key)s was merged into %(target)s itself. Choose another one.")
            % {"key": known.key, "target": known.merged_into.key},
            "merged",
        )
    known.workspace = record.workspace
    return known


def _refused(message: str, code: str) -> ValidationError:
    return ValidationError({"target": ValidationError(message, code=code)})


def _bring(record: Change, decision: Decision, request: Request, into: Request) -> None:
    """Let everybody who needs a merged request back the one that serves it."""
    there = {into.requester_id, *into.backings.values_list("backer_id", flat=True)}
    for backing in _needed_by(request):
        if backing.backer_id in there:
            continue
        backing.workspace = record.workspace
        backing.request = into
        backing.entered_by = record.actor or backing.backer
        backing.backed_at = record.at
        backing.came_with = decision
        backing.save()


def _needed_by(request: Request) -> Iterator[Backing]:
    yield Backing(
        backer=request.requester,
        account=request.accounts,
        deal_value=request.deal_value,
        note=request.title,
    )
    for known in request.backings.select_related("backer").order_by("pk"):
        yield Backing(
            backer=known.backer,
            account=known.account,
            deal_value=known.deal_value,
            note=known.note,
        )


def _merged_through(request: Request) -> list[int]:
    """Return what was merged into a request before, and into those, and so on."""
    found: list[int] = []
    level = [request.pk]
    while level:
        merges = Decision.objects.standing().filter(kind=DecisionKind.MERGE, target__in=level)
        level = list(merges.values_list("request_id", flat=True))
        found += level
    return found
