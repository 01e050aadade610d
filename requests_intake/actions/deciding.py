"""What all answers have in common: who may give one, to what, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, Stale, change
from activity.text import clean_text
from people.models import Membership
from requests_intake import policy
from requests_intake.models import Decision, DecisionKind, Request


@contextmanager
def answering(
    request: Request, *, by: Membership, version: int
) -> Iterator[tuple[Change, Request]]:
    """Open a change for an answer to this version of a request; yield it with the fresh request.

    Raises Stale when somebody answered first, PermissionDenied.
    """
    with change(request.workspace, by=by) as record:
        fresh = Request.objects.select_related("requester__user").get(
            workspace=record.workspace, pk=request.pk
        )
        fresh.workspace = record.workspace
        record.require(policy.can_read_triage)
        if fresh.version != version or not fresh.is_undecided:
            raise Stale(fresh)
        record.require(policy.can_answer, fresh)
        yield record, fresh


def write_down(
    record: Change, request: Request, kind: DecisionKind, words: str, **fields: Any
) -> Decision:
    """Keep what was said to a rep. Raises ValidationError `no_words` and the model's limits."""
    words = clean_text(words)
    if not words:
        missing = _("Write a question.") if kind == DecisionKind.ASK else _("Write an answer.")
        raise ValidationError({"words": ValidationError(missing, code="no_words")})
    decision = Decision(
        workspace=record.workspace,
        request=request,
        kind=kind,
        words=words,
        decided_by=record.actor,
        decided_at=record.at,
        **fields,
    )
    decision.clean_fields(
        exclude={"workspace", "request", "sprint", "task", "target", "decided_by"}
    )
    decision.save()
    return decision
