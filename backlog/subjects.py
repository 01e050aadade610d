"""Tasks, for those who talk about them."""

from __future__ import annotations

from conversation.subjects import Kind, register
from people.models import Membership

from . import actions, policy
from .models import Task


def find(key: str, reader: Membership) -> Task | None:
    """Return the task with this key in the reader's workspace: every member reads them."""
    found = Task.objects.named(key, reader.workspace).first()
    if found is not None:
        found.workspace = reader.workspace
    return found


def may_attach(member: Membership, task: Task) -> bool:
    """Files belong to the work: marketers bring them, as long as the task is not put away."""
    return task.archived_at is None and policy.can_edit_tasks(member, task)


def followers(task: Task) -> set[int]:
    """Return whose task it is: who does it, and who made it."""
    return {pk for pk in (task.assignee_id, task.created_by_id) if pk is not None}


register(
    Kind(
        "task",
        Task,
        find=find,
        counted=actions.count_comments,
        followers=followers,
        may_attach=may_attach,
    )
)
