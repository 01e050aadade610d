"""The verbs of impediments: what blocks a task, who removes it, and that it is removed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from activity import clock
from activity.changes import SYSTEM, Change, Stale, System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Ending, Impediment, Task
from notifications.actions import cancel_mail, queue_mail
from notifications.inbox.actions import note
from notifications.models import Topic
from people import working_days
from people.models import Membership, Role, Workspace

from .rows import check, current_task, fresh_task, own, unknown

logger = logging.getLogger(__name__)

# Long enough to take it back before anybody reads of it
UNDO_WINDOW: Final = timedelta(minutes=1)
NOTICE: Final = "backlog.impediment"
SHOWN: Final = ("blocked_reason", "blocked_on", "blocked_owner", "is_escalated")


def block_task(
    task: Task, *, by: Membership | System, reason: str, owner: Membership | None = None
) -> Impediment:
    """Say that something blocks a task, and who is to remove it: a manager unless somebody is said.

    Raises PermissionDenied, ValidationError `archived`, `already_blocked`, `already_done` or by
    field.
    """
    reason = _cleaned("reason", reason)
    with change(task.workspace, by=by) as record:
        task = current_task(record, task)
        record.require(policy.can_block_task, task)
        if task.is_blocked:
            raise _already_blocked(task)
        _refuse_done(task)
        raised = Impediment(
            workspace=record.workspace,
            task=task,
            reason=reason,
            owner=_owner(record, owner),
            raised_by=record.actor,
            raised_at=record.at,
            escalates_at=_escalates_at(record),
        )
        _check(raised, "reason")
        raised.save()
        _show(record, task, raised)
        record(
            "task_blocked",
            task,
            **_told(task, raised),
            reason=raised.reason,
            owner=raised.owner_id,
            owner_name=raised.owner.first_name,
        )
        _tell_owner(record, raised)
    return raised


def edit_impediment(
    impediment: Impediment,
    *,
    by: Membership | System,
    version: int,
    reason: str | None = None,
    owner: Membership | None = None,
) -> Impediment:
    """Say in other words what blocks, or hand it over; what is left out stays.

    Raises Stale, PermissionDenied, ValidationError `unknown`, `resolved` or by field.
    """
    reason = None if reason is None else _cleaned("reason", reason)
    with change(impediment.workspace, by=by) as record:
        impediment, task = _standing(record, impediment, version)
        record.require(policy.can_settle_impediment, impediment)
        was, before = impediment.reason, impediment.owner
        if reason is not None and reason != was:
            impediment.reason = reason
            _check(impediment, "reason")
            record("impediment_edited", task, **_told(task, impediment), reason=reason, was=was)
        if owner is not None and owner.pk != before.pk:
            _hand_over(record, task, impediment, _owner(record, owner))
        if (impediment.reason, impediment.owner_id) != (was, before.pk):
            impediment.version += 1
            impediment.save()
            _show(record, task, impediment)
    return impediment


def resolve_impediment(
    impediment: Impediment, *, by: Membership | System, how: str = ""
) -> Impediment:
    """Say that nothing blocks any more, and what helped.

    Raises PermissionDenied, ValidationError `unknown`, `resolved` or by field.
    """
    how = _cleaned("how", how, needed=False)
    with change(impediment.workspace, by=by) as record:
        impediment, task = _standing(record, impediment)
        record.require(policy.can_settle_impediment, impediment)
        impediment.how = how
        _check(impediment, "how")
        _resolve(record, task, impediment, Ending.SOLVED)
        task.save(update_fields=SHOWN)
    return impediment


def reopen_impediment(impediment: Impediment, *, by: Membership | System) -> Impediment:
    """Take back that an impediment is resolved: it goes on since when it was raised.

    Raises PermissionDenied, ValidationError `unknown`, `archived`, `already_done` or
    `already_blocked`.
    """
    with change(impediment.workspace, by=by) as record:
        impediment = _fresh(record, impediment)
        task = current_task(record, impediment.task)
        record.require(policy.can_settle_impediment, impediment)
        if impediment.is_open:
            return impediment
        if task.is_blocked:
            raise _already_blocked(task)
        _refuse_done(task)
        _reopen(record, task, impediment)
        task.save(update_fields=SHOWN)
    return impediment


def free(record: Change, task: Task, ending: Ending) -> Impediment | None:
    """Resolve what blocks a task, inside the verb that makes it pointless. Whoever calls saves."""
    if not task.is_blocked:
        return None
    impediment = Impediment.objects.select_related("owner").filter(task=task).open().first()
    if impediment is None:
        raise RuntimeError(f"{task.key} is blocked by nothing.")
    impediment.workspace = record.workspace
    _resolve(record, task, impediment, ending)
    return impediment


def block_again(record: Change, task: Task, ending: Ending, at: datetime | None) -> bool:
    """Let block again what a verb resolved that is taken back now. Whoever calls saves the task."""
    freed = Impediment.objects.select_related("owner").filter(task=task, ending=ending)
    impediment = freed.filter(resolved_at=at).first() if at and not task.is_blocked else None
    if impediment is None:
        return False
    _reopen(record, task, impediment)
    return True


def escalate() -> None:
    """Tell the managers of what blocks for too long, or lost its owner, once each."""
    late = Impediment.objects.overdue(clock.now()).values("workspace")
    back = Impediment.objects.taken_up_again().values("workspace")
    found = Workspace.objects.filter(Q(pk__in=late) | Q(pk__in=back))
    for workspace in found.order_by("pk"):
        try:
            _escalate_in(workspace)
        except Exception:  # one workspace's trouble is not the next one's
            logger.exception("Could not escalate the impediments of workspace %s.", workspace.pk)


def default_owner(workspace: Workspace, actor: Membership | None) -> Membership | None:
    """Return who removes impediments unless somebody is named: a manager, or who raises it."""
    managers = Membership.objects.filter(workspace=workspace).active().with_role(Role.MANAGER)
    return managers.order_by("pk").first() or actor


def _escalate_in(workspace: Workspace) -> None:
    with change(workspace, by=SYSTEM) as record:
        mine = Impediment.objects.filter(workspace=record.workspace).select_related(
            "owner__user", "raised_by", "task"
        )
        managers = Membership.objects.filter(workspace=record.workspace).active()
        told = list(managers.with_role(Role.MANAGER).order_by("pk").select_related("user"))
        for impediment in mine.overdue(record.at).order_by("pk"):
            has_owner = impediment.owner.is_active and impediment.owner.user.is_active
            impediment.owner_left_at = None if has_owner else record.at
            impediment.escalated_at = impediment.escalated_at or record.at
            readers = {member.pk: member for member in told}
            if has_owner:
                readers[impediment.owner_id] = impediment.owner
            _mark(record, impediment, "impediment_escalated", readers)
            _escalated(record, impediment, readers.values())
        for impediment in mine.taken_up_again().order_by("pk"):
            _has_owner_again(impediment)
            _mark(record, impediment, "impediment_owner_back")


def _mark(record: Change, impediment: Impediment, verb: str, told: Iterable[int] = ()) -> None:
    """Save what a look at all impediments found out about one, and show it on its card."""
    impediment.version += 1
    impediment.save()
    task = fresh_task(record, impediment.task)
    _show(record, task, impediment)
    record(
        verb,
        task,
        **_told(task, impediment),
        reason=impediment.reason,
        owner_name=impediment.owner.first_name,
        left=not impediment.has_owner,
        told=list(told),
    )


def _escalated(record: Change, impediment: Impediment, readers: Collection[Membership]) -> None:
    """Tell people that it is there for too long, or nobody's: in their inbox and by mail."""
    note(
        record,
        impediment.task,
        kind=NOTICE,
        about=impediment.pk,
        actor=impediment.raised_by or impediment.owner,
        topic=Topic.ESCALATION,
        hearers=readers,
    )
    for member in readers:
        queue_mail(
            record,
            kind="backlog.escalated",
            recipient=member,
            dedupe_key=f"{impediment.escalation}:{member.pk}",
            payload={"impediment": impediment.pk},
        )


def _tell_owner(record: Change, impediment: Impediment) -> None:
    """Tell a new owner in a minute; not what he said himself, nor who has left."""
    if record.actor is not None and impediment.owner_id == record.actor.pk:
        return
    if not impediment.owner.is_active:
        return
    queue_mail(
        record,
        kind="backlog.impediment",
        recipient=impediment.owner,
        dedupe_key=impediment.mail_key,
        payload={"impediment": impediment.pk},
        not_before=record.at + UNDO_WINDOW,
    )


def _hand_over(record: Change, task: Task, impediment: Impediment, owner: Membership) -> None:
    cancel_mail(record, dedupe_key=impediment.mail_key)
    before, impediment.owner = impediment.owner, owner
    _has_owner_again(impediment)
    impediment.handovers += 1
    record(
        "impediment_handed_over",
        task,
        **_told(task, impediment),
        owner=owner.pk,
        owner_name=owner.first_name,
        from_name=before.first_name,
    )
    _tell_owner(record, impediment)


def _has_owner_again(impediment: Impediment) -> None:
    """Let the time run on that was cut short because nobody was there to remove it."""
    if impediment.has_owner:
        return
    impediment.owner_left_at = None
    if impediment.escalated_at and impediment.escalated_at < impediment.escalates_at:
        impediment.escalated_at = None


def _resolve(record: Change, task: Task, impediment: Impediment, ending: Ending) -> None:
    cancel_mail(record, dedupe_key=impediment.mail_key)
    impediment.resolved_at, impediment.resolved_by = record.at, record.actor
    impediment.ending = ending
    impediment.version += 1
    impediment.save()
    _put_on(task, None)
    record(
        "task_unblocked",
        task,
        **_told(task, impediment),
        reason=impediment.reason,
        ending=ending.value,
        how=impediment.how,
    )


def _reopen(record: Change, task: Task, impediment: Impediment) -> None:
    impediment.workspace = record.workspace
    impediment.resolved_at = impediment.resolved_by = None
    impediment.ending = impediment.how = ""
    impediment.version += 1
    impediment.save()
    _put_on(task, impediment)
    record("impediment_reopened", task, **_told(task, impediment), reason=impediment.reason)
    _tell_owner(record, impediment)


def _show(record: Change, task: Task, impediment: Impediment) -> None:
    """Write on the task what its card shows of what blocks it."""
    impediment.workspace = record.workspace
    _put_on(task, impediment)
    task.save(update_fields=SHOWN)


def _put_on(task: Task, impediment: Impediment | None) -> None:
    if impediment is None:
        task.blocked_reason, task.blocked_on, task.blocked_owner = "", None, None
        task.is_escalated = False
        return
    zone = impediment.workspace.zone
    task.blocked_reason = impediment.reason
    task.blocked_on = impediment.raised_at.astimezone(zone).date()
    task.blocked_owner = impediment.owner if impediment.has_owner else None
    task.is_escalated = impediment.is_escalated


def _owner(record: Change, owner: Membership | None) -> Membership:
    chosen = default_owner(record.workspace, record.actor) if owner is None else owner
    if chosen is None:
        raise ValidationError(
            {"owner": ValidationError(_("Say who is to remove it."), code="owner_needed")}
        )
    if not own(record, chosen).is_active:
        raise ValidationError({"owner": unknown("member")})
    return chosen


def _escalates_at(record: Change) -> datetime:
    workspace = record.workspace
    return working_days.due(
        record.at, zone=workspace.zone, days=workspace.impediment_days, ends=workspace.workday_ends
    )


def _fresh(record: Change, impediment: Impediment) -> Impediment:
    found = (
        Impediment.objects.select_related("owner", "task")
        .filter(workspace=record.workspace, pk=impediment.pk)
        .first()
    )
    if found is None:
        raise unknown("impediment")
    found.workspace = record.workspace
    return found


def _standing(
    record: Change, impediment: Impediment, version: int | None = None
) -> tuple[Impediment, Task]:
    """Read an impediment that is still open, and its task, under the lock."""
    found = _fresh(record, impediment)
    if not found.is_open:
        raise ValidationError(_("It does not block any more."), code="resolved")
    if version is not None and found.version != version:
        raise Stale(found)
    return found, fresh_task(record, found.task)


def _refuse_done(task: Task) -> None:
    if task.is_done:
        raise ValidationError(
            _("%(key)s is done. Nothing blocks it."), "already_done", {"key": task.key}
        )


def _already_blocked(task: Task) -> ValidationError:
    return ValidationError(
        _("%(key)s is blocked already: %(reason)s"),
        "already_blocked",
        {"key": task.key, "reason": task.blocked_reason},
    )


def _cleaned(field: str, text: str, *, needed: bool = True) -> str:
    try:
        line = clean_line(text)
    except ValidationError as error:
        raise ValidationError({field: error}) from error
    if needed and not line:
        raise ValidationError({field: ValidationError(_("Say what blocks it."), code="required")})
    return line


def _check(impediment: Impediment, field: str) -> None:
    check(impediment, field)


def _told(task: Task, impediment: Impediment) -> dict[str, Any]:
    return {"key": task.key, "title": task.title, "impediment": impediment.pk}
