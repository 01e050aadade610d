"""The verbs of the board: set it up, and move cards on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, System, change
from backlog import policy
from backlog.listing import BELOW
from backlog.models import Channel, Column, Ending, Task
from people.models import Membership, Workspace

from . import guard, waiting
from .blocking import SHOWN, block_again, free
from .columns import ColumnPlan, make_columns, usual_channels, usual_columns
from .order import positions_at_end, put
from .rows import current_task, own
from .sprints import make_sprints


def set_up_board(
    workspace: Workspace,
    *,
    by: Membership | System,
    first_sprint_on: date,
    first_sprint: int = 1,
    columns: Sequence[ColumnPlan] | None = None,
    channels: Sequence[str] | None = None,
) -> None:
    """Give a new workspace its columns, channels and the sprints of its first six weeks.

    A team that ran sprints elsewhere goes on counting with `first_sprint`; without `columns` and
    `channels` it gets the usual ones. Raises PermissionDenied, ValidationError `already_set_up`,
    and what `check_columns` raises.
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_set_up_board, record.workspace)
        if Column.objects.filter(workspace=record.workspace).exists():
            raise ValidationError(_("This workspace has a board."), code="already_set_up")
        make_columns(record, usual_columns() if columns is None else columns)
        names = usual_channels() if channels is None else channels
        Channel.objects.bulk_create(
            Channel(workspace=record.workspace, name=name, position=place)
            for place, name in enumerate(names)
        )
        record("board_set_up", record.workspace)
        make_sprints(record, first_on=first_sprint_on, first_number=first_sprint)


def move_task(
    task: Task,
    *,
    by: Membership | System,
    version: int,
    column: Column,
    before: Task | None = None,
    after: Task | None = None,
    to_end: bool = False,
    undo: bool = False,
) -> Task:
    """Move a card to a column of the running sprint's board, and to a place in it.

    Without a neighbour it keeps its rank. Moving it where it is changes nothing. What is done is
    blocked by nothing any more, and those who waited for it wait no longer; with `undo` (of that
    move) it is blocked again.
    Raises Stale, PermissionDenied, ValidationError `unknown`, `archived` or `not_running`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_move_task, task)
        if task.sprint is None or not task.sprint.is_active:
            raise ValidationError(
                _("%(key)s is not on the board: its sprint is not running."),
                "not_running",
                {"key": task.key},
            )
        was, done_at = (task.column, task.position), task.done_at
        _place(record, task, before, after, to_end=to_end)
        guard.enter_column(record, task, own(record, column))
        if (task.column, task.position) == was:
            return task
        task.version += 1
        task.save(update_fields=["column", "position", "entered_column_at", "done_at", "version"])
        _tell(record, task, was[0])
        if task.is_done != was[0].is_done:
            _settle(record, task, done_at if undo else None)
    return task


def _place(
    record: Change, task: Task, before: Task | None, after: Task | None, *, to_end: bool
) -> None:
    if before is None and after is None:
        if to_end:
            [task.position] = positions_at_end(record, 1)
        return
    put(record, task, before=before, after=after)


def _settle(record: Change, task: Task, undone: datetime | None) -> None:
    """Keep true what hangs on a task being done."""
    if task.is_done:
        changed = free(record, task, Ending.DONE) is not None
    else:
        changed = block_again(record, task, Ending.DONE, undone)
    if changed:
        task.save(update_fields=SHOWN)
    waiting.follow(record, task)


def _tell(record: Change, task: Task, was: Column) -> None:
    """Record the move so that an open page can do it by itself: the card's new neighbour."""
    following = BELOW.first(
        sprint=task.sprint_id or 0, column=task.column_id, position=task.position
    )
    record(
        "task_moved",
        task,
        key=task.key,
        title=task.title,
        points=task.points,
        sprint=task.sprint.number if task.sprint else None,
        sprint_id=task.sprint_id,
        column=task.column_id,
        column_name=task.column.name,
        category=task.column.category,
        from_column=was.pk,
        from_category=was.category,
        before=None if following is None else f"{record.workspace.key}-{following}",
        version=task.version,
    )
