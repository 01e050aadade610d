"""The verbs of planning: pull a task into a sprint, return it, and say who has how much time."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Capacity, Sprint, Task
from people.models import Membership

from . import guard
from .rows import check, current_task, first_column, fresh_sprint, own


def pull_task(
    task: Task,
    *,
    by: Membership | System,
    version: int,
    sprint: Sprint,
    reason: str = "",
    swap_out: Task | None = None,
    over_reason: str = "",
) -> Task:
    """Pull a task into a sprint. The running one asks why, and what goes out for it.

    Raises Stale, PermissionDenied, ValidationError `unknown`, `archived`, `already_there`,
    `already_done`, `closed_sprint`, `reason_needed` or `over_allowance`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_plan, task)
        sprint = fresh_sprint(record, sprint)
        if task.sprint_id == sprint.pk:
            raise ValidationError(_("The task is in this sprint."), code="already_there")
        came_from = _leave(task)
        swapped = guard.admit(
            record, task, sprint, reason=reason, swap_out=swap_out, over_reason=over_reason
        )
        if came_from is not None and came_from.is_active:
            guard.enter_column(record, task, first_column(record))
        task.version += 1
        task.save()
        record(
            "task_pulled",
            task,
            key=task.key,
            title=task.title,
            points=task.points,
            sprint=sprint.number,
            sprint_id=sprint.pk,
            from_sprint=came_from.number if came_from else None,
            from_sprint_id=came_from.pk if came_from else None,
            unplanned=task.is_unplanned,
            reason=task.unplanned_reason,
            over_reason=clean_line(over_reason) if task.is_unplanned else "",
            swapped_out=swapped.key if swapped else None,
        )
    return task


def return_task(
    task: Task,
    *,
    by: Membership | System,
    version: int,
    reason: str = "",
    keep_rank: bool = False,
) -> Task:
    """Return a task to the top of the backlog; with `keep_rank` (an undo) to where it was.

    Raises Stale, PermissionDenied, ValidationError `archived`, `not_in_a_sprint`, `already_done`
    or `closed_sprint`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_plan, task)
        if _leave(task) is None:
            raise ValidationError(_("The task is in the backlog."), code="not_in_a_sprint")
        return guard.put_back(record, task, keep_rank=keep_rank, reason=clean_line(reason)[:200])


def set_capacity(
    sprint: Sprint, *, by: Membership | System, member: Membership, points: int, note: str = ""
) -> Capacity:
    """Say how many points a person can take in a sprint, and why so few.

    Raises PermissionDenied, ValidationError `unknown`, `closed_sprint` or by field.
    """
    with change(sprint.workspace, by=by) as record:
        sprint = fresh_sprint(record, sprint)
        record.require(policy.can_plan, sprint)
        if sprint.is_closed:
            raise guard.sprint_is_closed()
        own(record, member)
        capacity = Capacity.objects.filter(sprint=sprint, member=member).first()
        if capacity is None:
            capacity = Capacity(workspace=record.workspace, sprint=sprint, member=member)
        elif (capacity.points, capacity.note) == (points, clean_line(note)):
            return capacity
        capacity.points, capacity.note = points, clean_line(note)
        check(capacity, "points", "note")
        capacity.save()
        record(
            "capacity_set",
            sprint,
            number=sprint.number,
            member=member.pk,
            points=capacity.points,
            note=capacity.note,
        )
    return capacity


def set_capacities(
    sprint: Sprint,
    *,
    by: Membership | System,
    capacities: Iterable[tuple[Membership, int | None, str]],
) -> None:
    """Say it for several people in one step; None for somebody of whom nobody knows.

    Raises what `set_capacity` raises; then nothing is kept.
    """
    with change(sprint.workspace, by=by) as record:
        sprint = fresh_sprint(record, sprint)
        record.require(policy.can_plan, sprint)
        if sprint.is_closed:
            raise guard.sprint_is_closed()
        for member, points, note in capacities:
            if points is not None:
                set_capacity(sprint, by=by, member=member, points=points, note=note)
                continue
            known = Capacity.objects.filter(sprint=sprint, member=own(record, member))
            if known.exists():
                known.delete()
                number = sprint.number
                record("capacity_set", sprint, number=number, member=member.pk, points=None)


def _leave(task: Task) -> Sprint | None:
    """Return the sprint that a task may leave. Raises unless it may."""
    sprint = task.sprint
    if sprint is not None and sprint.is_closed:
        raise guard.sprint_is_closed()
    if task.is_done:
        raise ValidationError(
            _("%(key)s is done. It stays where it was done."), "already_done", {"key": task.key}
        )
    return sprint
