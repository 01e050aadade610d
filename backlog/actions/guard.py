"""Getting into a sprint and out of it: the scope guard, and what a column does to a task."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change
from activity.models import Activity
from activity.text import clean_line
from backlog import metrics
from backlog.models import Column, Sprint, Task

from .order import positions_at_top
from .rows import current_task, first_column


def admit(
    record: Change,
    task: Task,
    sprint: Sprint,
    *,
    reason: str = "",
    swap_out: Task | None = None,
    over_reason: str = "",
) -> Task | None:
    """Put a task into a sprint; return what was swapped out for it. Whoever calls saves the task.

    A planned sprint takes anything. The running one asks why, and beyond the workspace's allowance
    asks what goes out for it, or why nothing does. What was there when it started may come back
    without a word.

    Raises ValidationError `closed_sprint`, `reason_needed`, `over_allowance`, `unknown`.
    """
    if sprint.is_closed:
        raise sprint_is_closed()
    swapped = None
    if sprint.is_active and not _was_committed(sprint, task):
        swapped = _ask_why(record, task, sprint, reason, swap_out, over_reason)
        task.is_unplanned = True
        task.unplanned_reason = clean_line(reason)
    else:
        task.is_unplanned, task.unplanned_reason = False, ""
    task.sprint = sprint
    return swapped


def _ask_why(
    record: Change, task: Task, sprint: Sprint, reason: str, swap_out: Task | None, over: str
) -> Task | None:
    if not clean_line(reason):
        raise ValidationError(
            _("This sprint is running. Say why the task cannot wait for the next one."),
            code="reason_needed",
        )
    if len(clean_line(reason)) > 200 or len(clean_line(over)) > 200:
        raise ValidationError(_("At most 200 characters."), code="reason_too_long")
    if swap_out is not None:
        swapped = current_task(record, swap_out)
        if swapped.sprint_id != sprint.pk or swapped.is_done or swapped.pk == task.pk:
            raise ValidationError(
                _("Swap out a task of this sprint that is not done."), code="unknown"
            )
        return put_back(record, swapped, swapped_out=True)
    room = metrics.unplanned_room(sprint)
    points = task.points or 0
    if points > room.left and not clean_line(over):
        raise ValidationError(
            _(
                "Unplanned work may take %(allowance)s points of this sprint and has taken "
                "%(used)s. Swap something out, or say why the sprint takes %(points)s more."
            ),
            "over_allowance",
            {"allowance": room.allowance, "used": room.used, "points": points},
        )
    return None


def put_back(record: Change, task: Task, *, keep_rank: bool = False, **why: Any) -> Task:
    """Return a task from its sprint to the backlog's top, or to its rank, and record why."""
    sprint = task.sprint
    leave_sprint(record, task, first_column(record))
    if not keep_rank:
        [task.position] = positions_at_top(record, 1)
    task.version += 1
    task.save()
    record(
        "task_returned",
        task,
        key=task.key,
        title=task.title,
        points=task.points,
        sprint=sprint.number if sprint else None,
        sprint_id=sprint.pk if sprint else None,
        **why,
    )
    return task


def leave_sprint(record: Change, task: Task, column: Column) -> None:
    """Take a task out of its sprint, back to where tasks begin. Whoever calls saves it."""
    task.sprint = None
    task.is_unplanned, task.unplanned_reason = False, ""
    enter_column(record, task, column)


def enter_column(record: Change, task: Task, column: Column) -> None:
    """Put a task into a column: since when it is there, and whether it is done."""
    if task.column_id == column.pk:
        return
    task.column = column
    task.entered_column_at = record.at
    task.done_at = record.at if column.is_done else None


def sprint_is_closed() -> ValidationError:
    """Say that what is over does not change any more."""
    return ValidationError(
        _("This sprint is closed. What was counted stays as it is."), code="closed_sprint"
    )


def _was_committed(sprint: Sprint, task: Task) -> bool:
    """Tell whether the task was in the sprint when it started: the start's activity lists them."""
    if task._state.adding:
        return False
    started = Activity.objects.about(sprint).filter(verb="sprint_started").first()
    return started is not None and any(
        task_id == task.pk for task_id, _points in started.data.get("tasks", [])
    )
