"""The verbs of triage: say yes, say when, say no, and take an answer back before it left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import SYSTEM, Change, Stale, change
from activity.text import clean_text
from backlog import actions as backlog
from backlog.models import Sprint, Task
from conversation.markdown import literal
from people.models import Membership, Workspace
from requests_intake import policy
from requests_intake.models import (
    UNDO_WINDOW,
    Decision,
    DecisionKind,
    DeclineReason,
    Request,
    RequestState,
    RequestTask,
)

from .following import cancel_notice
from .origin import keep_origin
from .telling import call_back_all, tell

STATE_AFTER = {
    DecisionKind.ACCEPT: RequestState.ACCEPTED,
    DecisionKind.PLAN: RequestState.PLANNED,
    DecisionKind.DECLINE: RequestState.DECLINED,
}


@dataclass(frozen=True)
class Outcome:
    """What an answer does to the work: the task that serves it, and the sprint promised."""

    task: Task | None = None
    made: bool = False
    sprint: Sprint | None = None


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
    with _answering(request, by=by, version=version) as (record, fresh):
        outcome = Outcome(*_task_for(record, fresh, task, task_fields))
        return _answer(record, fresh, DecisionKind.ACCEPT, words, outcome)


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
    with _answering(request, by=by, version=version) as (record, fresh):
        sprint = _open_sprint(record.workspace, sprint)
        chosen, made = _task_for(record, fresh, task, task_fields)
        if chosen.sprint is not None and chosen.sprint != sprint:
            raise ValidationError(
                _("%(key)s is already in sprint %(n)s. Plan for that one, or take another task.")
                % {"key": chosen.key, "n": chosen.sprint.number},
                code="elsewhere",
            )
        _promise(chosen, sprint, scope)
        return _answer(record, fresh, DecisionKind.PLAN, words, Outcome(chosen, made, sprint))


def decline_request(
    request: Request, *, by: Membership, words: str, version: int, reason: str
) -> Decision:
    """Say no, with a reason and in words.

    Raises Stale, PermissionDenied, or ValidationError `no_words`, `no_reason`.
    """
    with _answering(request, by=by, version=version) as (record, fresh):
        if reason not in DeclineReason.values:
            raise ValidationError({"reason": ValidationError(_("Say why not."), code="no_reason")})
        return _answer(record, fresh, DecisionKind.DECLINE, words, Outcome(), reason=reason)


def undo_decision(decision: Decision, *, by: Membership) -> Request:
    """Take an answer back before its words left the house.

    Its mail is cancelled, and the task that it made is archived unless somebody touched it.
    Raises PermissionDenied, or ValidationError `too_late`.
    """
    with change(decision.workspace, by=by) as record:
        decision = Decision.objects.select_related("request__requester", "workspace", "task").get(
            pk=decision.pk
        )
        record.require(policy.can_undo, decision)
        _call_back(record, decision)
        Decision.objects.filter(pk=decision.pk).update(undone_at=record.at)
        request = decision.request
        request.workspace = record.workspace
        request.state = RequestState.WAITING
        request.answered_at = request.told_sprint = request.told_until = None
        request.delivered_at = request.taken_back_at = None
        cancel_notice(record, request)
        request.version += 1
        request.save()
        if decision.task:
            _let_go(decision, decision.task)
        record("request_reopened", request, key=request.key, decision=decision.pk)
    return request


@contextmanager
def _answering(
    request: Request, *, by: Membership, version: int
) -> Iterator[tuple[Change, Request]]:
    with change(request.workspace, by=by) as record:
        fresh = Request.objects.select_related("requester__user").get(pk=request.pk)
        fresh.workspace = record.workspace
        record.require(policy.can_read_triage)
        if fresh.version != version or not fresh.is_waiting:
            raise Stale(fresh)
        record.require(policy.can_answer, fresh)
        yield record, fresh


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


def _answer(
    record: Change,
    request: Request,
    kind: DecisionKind,
    words: str,
    outcome: Outcome,
    reason: str = "",
) -> Decision:
    """Write the answer down, tie the task to the request and put the mail into the outbox."""
    words = clean_text(words)
    if not words:
        raise ValidationError({"words": ValidationError(_("Write an answer."), code="no_words")})
    if outcome.task:
        RequestTask.objects.get_or_create(
            request=request, task=outcome.task, defaults={"workspace": record.workspace}
        )
        keep_origin(outcome.task)
    decision = Decision(
        workspace=record.workspace,
        request=request,
        kind=kind,
        reason=reason,
        words=words,
        sprint=outcome.sprint,
        task=outcome.task,
        made_task=outcome.made,
        task_version=_version_of(outcome.task),
        decided_by=record.actor,
        decided_at=record.at,
    )
    decision.clean_fields(exclude={"workspace", "request", "sprint", "task", "decided_by"})
    decision.save()
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


def _call_back(record: Change, decision: Decision) -> None:
    waits = decision.undone_at is None and call_back_all(record, decision.mail_key)
    if not waits:
        raise ValidationError(
            _("%(name)s has this answer already. Write again, or change the task.")
            % {"name": decision.request.requester.first_name},
            code="too_late",
        )


def _let_go(decision: Decision, task: Task) -> None:
    """Untie a task from the request whose answer was undone."""
    RequestTask.objects.filter(request=decision.request, task=task).delete()
    task.workspace = decision.workspace
    if decision.sprint_id:
        others = Decision.objects.standing().filter(task=task).exclude(sprint=None)
        latest = others.select_related("sprint").last()
        backlog.promise_task(task, by=SYSTEM, sprint=latest.sprint if latest else None)
    untouched = decision.made_task and task.version == decision.task_version
    if untouched and not task.request_tasks.exists():
        task.refresh_from_db()
        backlog.archive_task(task, by=SYSTEM, version=task.version)
    else:
        keep_origin(task)


def _version_of(task: Task | None) -> int | None:
    return Task.objects.values_list("version", flat=True).get(pk=task.pk) if task else None
