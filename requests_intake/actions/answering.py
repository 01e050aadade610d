"""The verbs of triage: say yes, say when, say no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import SYSTEM, Change
from backlog import actions as backlog
from backlog.models import Sprint, Task
from conversation.markdown import literal
from people.models import Membership, Workspace
from requests_intake.models import (
    UNDO_WINDOW,
    Decision,
    DecisionKind,
    DeclineReason,
    Request,
    RequestState,
    RequestTask,
)

from .deciding import answering, write_down
from .origin import keep_origin
from .questions import close_question
from .telling import tell

STATE_AFTER = {
    DecisionKind.ACCEPT: RequestState.ACCEPTED,
    DecisionKind.PLAN: RequestState.PLANNED,
    DecisionKind.DECLINE: RequestState.DECLINED,
    DecisionKind.MERGE: RequestState.MERGED,
}


@dataclass(frozen=True)
class Outcome:
    """What an answer leads to: the task that serves it and the sprint promised, or a request."""

    task: Task | None = None
    made: bool = False
    sprint: Sprint | None = None
    target: Request | None = None


def accept_request(
    request: Request,
    *,
    by: Membership,
    words: str,
    version: int,
    task: Task | None = None,
    task_fields: dict[str, Any] | None = None,
) -> Decision:
    """Say yes without a date: a task is made in the backlog, or one that exists is joined.

    Raises Stale when somebody answered first, PermissionDenied, or ValidationError `no_words`,
    `unknown_task`.
    """
    with answering(request, by=by, version=version) as (record, fresh):
        outcome = Outcome(*_task_for(record, fresh, task, task_fields))
        return answer(record, fresh, DecisionKind.ACCEPT, words, outcome)


def plan_request(
    request: Request,
    *,
    by: Membership,
    words: str,
    version: int,
    sprint: Sprint,
    task: Task | None = None,
    task_fields: dict[str, Any] | None = None,
    **scope: Any,
) -> Decision:
    """Say yes, in this sprint: the task waits in the backlog with the promise on it.

    The running sprint lets it in only through its scope guard, which wants to know why: `scope`
    holds `reason`, `swap_out` and `over_reason` of `backlog.actions.pull_task`. Raises Stale,
    PermissionDenied, or ValidationError `no_words`, `unknown_task`, `unknown_sprint`, `elsewhere`
    and those of the guard.
    """
    with answering(request, by=by, version=version) as (record, fresh):
        sprint = _open_sprint(record.workspace, sprint)
        chosen, made = _task_for(record, fresh, task, task_fields)
        if chosen.sprint is not None and chosen.sprint != sprint:
            raise ValidationError(
                _("%(key)s is already in sprint %(n)s. Plan for that one, or take another task.")
                % {"key": chosen.key, "n": chosen.sprint.number},
                code="elsewhere",
            )
        _promise(chosen, sprint, scope)
        return answer(record, fresh, DecisionKind.PLAN, words, Outcome(chosen, made, sprint))


def decline_request(
    request: Request, *, by: Membership, words: str, version: int, reason: str
) -> Decision:
    """Say no, with a reason and in words.

    Raises Stale, PermissionDenied, or ValidationError `no_words`, `no_reason`.
    """
    with answering(request, by=by, version=version) as (record, fresh):
        if reason not in DeclineReason.values:
            raise ValidationError({"reason": ValidationError(_("Say why not."), code="no_reason")})
        return answer(record, fresh, DecisionKind.DECLINE, words, Outcome(), reason=reason)


def _task_for(
    record: Change, request: Request, task: Task | None, task_fields: dict[str, Any] | None
) -> tuple[Task, bool]:
    """Return the task that serves a request, and whether it was made for it."""
    if task is None:
        fields = {"title": request.title, "description": _brief(request), **(task_fields or {})}
        return backlog.create_task(record.workspace, by=SYSTEM, **fields), True
    known = (
        Task.objects.current()
        .select_related("workspace", "sprint", "column")
        .filter(workspace=record.workspace, pk=task.pk)
        .first()
    )
    if known is None:
        raise ValidationError(
            {"task": ValidationError(_("We know no such task."), code="unknown_task")}
        )
    return known, False


def _brief(request: Request) -> str:
    """Return what the rep told, as the description of the task that will serve it."""
    parts = [
        (_("What Sales hears"), request.heard),
        (_("Would help"), request.would_help),
        (_("Buyers"), request.buyers),
    ]
    return "\n\n".join(f"**{name}**\n\n{literal(text)}" for name, text in parts if text)


def _open_sprint(workspace: Workspace, sprint: Sprint) -> Sprint:
    known = Sprint.objects.filter(workspace=workspace, pk=sprint.pk).first()
    if known is None or known.is_closed:
        raise ValidationError(
            {"sprint": ValidationError(_("Choose a sprint to come."), code="unknown_sprint")}
        )
    return known


def _promise(task: Task, sprint: Sprint, scope: dict[str, Any]) -> None:
    backlog.promise_task(task, by=SYSTEM, sprint=sprint)
    if sprint.is_active and task.sprint_id is None:
        task.refresh_from_db()
        backlog.pull_task(task, by=SYSTEM, version=task.version, sprint=sprint, **scope)


def answer(
    record: Change,
    request: Request,
    kind: DecisionKind,
    words: str,
    outcome: Outcome,
    reason: str = "",
) -> Decision:
    """Write the answer down, tie the task to the request and put the mails into the outbox."""
    if outcome.task:
        RequestTask.objects.get_or_create(
            request=request, task=outcome.task, defaults={"workspace": record.workspace}
        )
        keep_origin(outcome.task)
    decision = write_down(
        record,
        request,
        kind,
        words,
        reason=reason,
        sprint=outcome.sprint,
        task=outcome.task,
        made_task=outcome.made,
        task_version=_version_of(outcome.task),
        target=outcome.target,
    )
    if request.is_asked:
        close_question(record, request)
    request.state = STATE_AFTER[kind]
    request.answered_at = record.at
    request.version += 1
    request.told_sprint = outcome.sprint
    request.told_until = outcome.sprint.ends_on if outcome.sprint else None
    request.save()
    record(
        f"request_{STATE_AFTER[kind]}",
        request,
        key=request.key,
        decision=decision.pk,
        reason=reason,
        task=outcome.task.key if outcome.task else None,
        sprint=outcome.sprint.number if outcome.sprint else None,
        target=outcome.target.key if outcome.target else None,
    )
    tell(
        record,
        request,
        kind="intake.answer",
        key=decision.mail_key,
        payload={"decision": decision.pk},
        not_before=record.at + UNDO_WINDOW,
    )
    return decision


def _version_of(task: Task | None) -> int | None:
    return Task.objects.values_list("version", flat=True).get(pk=task.pk) if task else None
