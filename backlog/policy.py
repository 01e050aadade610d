"""Who may do what to tasks and sprints: marketers run the work, everyone reads it."""

from __future__ import annotations

from people.models import Membership, Workspace

from .models import Impediment, Sprint, Task


def _runs_the_work(member: Membership, workspace_id: int) -> bool:
    return member.is_active and member.is_marketer and member.workspace_id == workspace_id


def _workspace_id(owner: Workspace | Task | Sprint) -> int:
    return owner.pk if isinstance(owner, Workspace) else owner.workspace_id


def can_edit_tasks(member: Membership, owner: Workspace | Task) -> bool:
    """Tell whether this member may create, edit, rank and archive tasks."""
    return _runs_the_work(member, _workspace_id(owner))


def can_move_task(member: Membership, owner: Workspace | Task) -> bool:
    """Tell whether this member may move cards on the board."""
    return _runs_the_work(member, _workspace_id(owner))


def can_block_task(member: Membership, owner: Workspace | Task) -> bool:
    """Tell whether this member may say that something blocks a task."""
    return _runs_the_work(member, _workspace_id(owner))


def can_settle_impediment(member: Membership, about: Impediment | Task) -> bool:
    """Tell whether this member may resolve it or hand it over: its owner, marketers, managers.

    Of a task that nothing blocks it says who could, whoever the owner were.
    """
    here = member.is_active and member.workspace_id == about.workspace_id
    is_owner = isinstance(about, Impediment) and member.pk == about.owner_id
    return here and (member.is_marketer or member.is_manager or is_owner)


def can_plan(member: Membership, owner: Workspace | Sprint | Task) -> bool:
    """Tell whether this member may plan: pull, return, set capacity, goals and dates."""
    return _runs_the_work(member, _workspace_id(owner))


def can_start_sprint(member: Membership, owner: Workspace | Sprint) -> bool:
    """Tell whether this member may start a sprint."""
    return _runs_the_work(member, _workspace_id(owner))


def can_close_sprint(member: Membership, owner: Workspace | Sprint) -> bool:
    """Tell whether this member may close the running sprint."""
    return _runs_the_work(member, _workspace_id(owner))


def can_edit_columns(member: Membership, workspace: Workspace) -> bool:
    """Tell whether this member may say which columns the board has."""
    return member.is_active and member.is_admin and member.workspace_id == workspace.pk


def can_set_up_board(member: Membership, workspace: Workspace) -> bool:
    """Tell whether this member may give a new workspace its board."""
    return member.is_active and member.is_admin and member.workspace_id == workspace.pk
