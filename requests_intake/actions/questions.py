"""The verbs of asking back: Marketing asks, the clock pauses, the rep answers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, change
from conversation.actions import add_comment
from notifications.actions import cancel_mail, queue_mail
from people.models import Membership
from requests_intake import metrics, policy
from requests_intake.models import (
    UNDO_WINDOW,
    Decision,
    DecisionKind,
    Request,
    RequestState,
)

from .deciding import answering, write_down


def ask_back(request: Request, *, by: Membership, words: str, version: int) -> Decision:
    """Ask the rep something first. The answer clock stands still until he answers.

    Raises Stale when somebody answered first, PermissionDenied, or ValidationError `no_words`,
    `already_asked`.
    """
    with answering(request, by=by, version=version) as (record, fresh):
        if fresh.is_asked:
            raise ValidationError(
                _("%(name)s has a question of ours already. Write a comment to add to it.")
                % {"name": fresh.requester.first_name},
                code="already_asked",
            )
        question = write_down(record, fresh, DecisionKind.ASK, words)
        fresh.state = RequestState.ASKED
        fresh.asked_at = record.at
        fresh.version += 1
        fresh.save()
        record("request_asked", fresh, key=fresh.key, decision=question.pk)
        queue_mail(
            record,
            kind="intake.asked",
            recipient=fresh.requester,
            dedupe_key=question.mail_key,
            payload={"decision": question.pk},
            not_before=record.at + UNDO_WINDOW,
        )
    return question


def reply_to_question(request: Request, *, by: Membership, words: str) -> Request:
    """Answer what Marketing asked: the request waits for its answer again, on top of triage.

    The words go into the conversation. Raises PermissionDenied, or ValidationError `not_asked` and
    those of a comment.
    """
    with change(request.workspace, by=by) as record:
        fresh = Request.objects.select_related("requester__user").get(
            workspace=record.workspace, pk=request.pk
        )
        fresh.workspace = record.workspace
        record.require(policy.can_submit)
        if not fresh.is_asked:
            raise ValidationError(
                _("Nobody waits for this answer any more. Write it as a comment."),
                code="not_asked",
            )
        record.require(policy.can_reply, fresh)
        comment = add_comment(fresh, by=by, text=words)
        question = close_question(record, fresh)
        fresh.state = RequestState.WAITING
        fresh.explained_at = record.at
        fresh.version += 1
        fresh.save()
        record("request_explained", fresh, key=fresh.key, decision=question.pk, comment=comment.pk)
    return fresh


def close_question(record: Change, request: Request) -> Decision:
    """Start the answer clock of a request again; its state is for the caller to set and save."""
    question = request.decisions.standing().get(kind=DecisionKind.ASK, closed_at=None)
    question.closed_at = record.at
    question.save(update_fields=["closed_at"])
    cancel_mail(record, dedupe_key=question.mail_key)
    request.answer_due_at = metrics.due_after_pause(
        request.answer_due_at, record.workspace, since=question.decided_at, until=record.at
    )
    request.asked_at = None
    return question
