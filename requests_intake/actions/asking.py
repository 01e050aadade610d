"""The verb of Sales: ask."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from activity import clock
from activity.changes import change
from activity.text import clean_line, clean_text
from people.models import Membership, Workspace
from requests_intake import metrics, policy
from requests_intake.models import Request

if TYPE_CHECKING:
    from uuid import UUID

LINES = ("title", "buyers", "accounts", "needed_why")
TEXTS = ("heard", "would_help", "links")


def submit_request(
    workspace: Workspace,
    *,
    by: Membership,
    submission_id: UUID,
    title: str,
    requester: Membership | None = None,
    **fields: Any,
) -> Request:
    """Put a rep's idea into the queue, and promise when it is answered.

    The same submission sent twice is one request. Raises PermissionDenied, or ValidationError by
    field (`past`, `unknown_rep` and the limits of the model).
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_submit)
        known = Request.objects.filter(workspace=workspace, submission_id=submission_id).first()
        if known is not None:
            return known
        request = Request(
            workspace=record.workspace,
            submission_id=submission_id,
            requester=_rep(record.actor or by, requester),
            entered_by=record.actor or by,
            submitted_at=record.at,
            answer_due_at=metrics.answer_due(record.at, record.workspace),
            **_cleaned({"title": title, **fields}),
        )
        _check(request)
        request.number = _next_number(record.workspace)
        request.save()
        record("request_submitted", request, key=request.key, requester=request.requester_id)
    return request


def earliest_needed_by(workspace: Workspace, member: Membership) -> date:
    """Return the first day that is not in the past, for the workspace or for the member."""
    return min(workspace.today(), clock.now().astimezone(member.user.zone).date())


def _rep(by: Membership, requester: Membership | None) -> Membership:
    rep = requester or by
    if not policy.can_ask_for(by, rep):
        raise ValidationError(
            {"requester": ValidationError(_("Choose a rep of your sales team."), "unknown_rep")}
        )
    return rep


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    cleaned = dict(fields)
    for names, clean in ((LINES, clean_line), (TEXTS, clean_text)):
        cleaned.update({name: clean(fields[name]) for name in names if name in fields})
    return cleaned


def _check(request: Request) -> None:
    request.clean_fields(
        exclude={"workspace", "number", "requester", "entered_by", "told_sprint", "state"}
    )
    first = earliest_needed_by(request.workspace, request.entered_by)
    if request.needed_by and request.needed_by < first:
        raise ValidationError(
            {"needed_by": ValidationError(_("This day is in the past."), code="past")}
        )


def _next_number(workspace: Workspace) -> int:
    last = Request.objects.filter(workspace=workspace).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
