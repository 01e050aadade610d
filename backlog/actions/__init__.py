"""The verbs of the backlog: the only code that writes its tables."""

from .blocking import (
    block_task,
    default_owner,
    edit_impediment,
    escalate,
    reopen_impediment,
    resolve_impediment,
)
from .board import move_task, set_up_board
from .checklist import add_checklist, move_step, remove_step, rename_step, tick
from .columns import ColumnPlan, check_columns, edit_columns, usual_channels, usual_columns
from .deliverables import edit_deliverable
from .order import rank_task
from .planning import pull_task, return_task, set_capacities, set_capacity
from .sprints import EndedSprint, edit_sprint, end_sprint, ensure_sprints, start_sprint, sweep
from .tasks import (
    add_deliverable,
    archive_task,
    bulk_archive,
    bulk_edit,
    count_comments,
    count_files,
    create_task,
    create_tasks,
    edit_task,
    promise_task,
    remove_deliverable,
    restore_task,
    set_origin,
)
from .view import choose_view
from .waiting import add_wait, edit_wait, end_wait, reopen_wait

__all__ = [
    "ColumnPlan",
    "EndedSprint",
    "add_checklist",
    "add_deliverable",
    "add_wait",
    "archive_task",
    "block_task",
    "bulk_archive",
    "bulk_edit",
    "check_columns",
    "choose_view",
    "count_comments",
    "count_files",
    "create_task",
    "create_tasks",
    "default_owner",
    "edit_columns",
    "edit_deliverable",
    "edit_impediment",
    "edit_sprint",
    "edit_task",
    "edit_wait",
    "end_sprint",
    "end_wait",
    "ensure_sprints",
    "escalate",
    "move_step",
    "move_task",
    "promise_task",
    "pull_task",
    "rank_task",
    "remove_deliverable",
    "remove_step",
    "rename_step",
    "reopen_impediment",
    "reopen_wait",
    "resolve_impediment",
    "restore_task",
    "return_task",
    "set_capacities",
    "set_capacity",
    "set_origin",
    "set_up_board",
    "start_sprint",
    "sweep",
    "tick",
    "usual_channels",
    "usual_columns",
]
