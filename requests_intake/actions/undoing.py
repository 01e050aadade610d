"""The verb that takes an answer back before it left."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import SYSTEM, Change, change
from backlog import actions as backlog
from backlog.models import Task
from people.models import Membership
from requests_intake import policy
from requests_intake.models import (
    Decision,
    DecisionKind,
    Request,
    RequestState,
    RequestTask,
)

from .following import cancel_notice
from .merging import part
from .origin import keep_origin
from .telling import call_back_all


def undo_decision(decision: Decision, *, by: Membership) -> Request:
    """Take an answer back before its words left the house.

    Its mails are cancelled, the task that it made is archived unless somebody touched it, and what
    was merged stands for itself again. Raises PermissionDenied, or ValidationError `too_late`.
    """
    with change(decision.workspace, by=by) as record:
        decision = Decision.objects.select_related(
            "request__requester", "workspace", "task", "target"
        ).get(workspace=record.workspace, pk=decision.pk)
        record.require(policy.can_undo, decision)
        _call_back(record, decision)
        Decision.objects.filter(pk=decision.pk).update(undone_at=record.at)
        decision.workspace = record.workspace
        request = decision.request
        request.workspace = record.workspace
        cancel_notice(record, request)
        _set_free(request)
        if decision.task:
            _let_go(decision, decision.task)
        if decision.kind == DecisionKind.MERGE:
            part(decision)
        record("request_reopened", request, key=request.key, decision=decision.pk)
    return request


def _set_free(request: Request) -> None:
    request.state = RequestState.WAITING
    request.answered_at = request.told_sprint = request.told_until = None
    request.delivered_at = request.taken_back_at = None
    request.asked_at = request.merged_into = None
    request.version += 1
    request.save()


def _call_back(record: Change, decision: Decision) -> None:
    is_open = decision.undone_at is None and decision.closed_at is None
    if is_open and call_back_all(record, decision.mail_key):
        return
    name = decision.request.requester.first_name
    if decision.kind == DecisionKind.ASK:
        message = _("%(name)s has this question already.") % {"name": name}
    else:
        message = _("%(name)s has this answer already. Write again, or change the task.") % {
            "name": name
        }
    raise ValidationError(message, code="too_late")


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
