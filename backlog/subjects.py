"""Tasks, for those who talk about them, and what notices about them say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from conversation.subjects import Kind, register
from notifications.inbox.reading import Told, teller
from notifications.models import Notice
from people.models import Membership, Workspace

from . import actions, policy
from .actions.blocking import NOTICE
from .models import Impediment, Task


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


@teller(NOTICE)
def tell_notices(workspace: Workspace, notices: list[Notice]) -> dict[int, Told]:
    """Say what notices of impediments are about, as they stand now."""
    rows = Impediment.objects.filter(workspace=workspace).select_related("owner", "task")
    found = rows.in_bulk([notice.about_id for notice in notices])
    told = {}
    for notice in notices:
        if (impediment := found.get(notice.about_id)) is not None:
            task = impediment.task
            task.workspace = workspace
            address = f"{task.get_absolute_url()}#task-blocked"
            told[notice.pk] = Told(task.key, task.title, address, _words(impediment))
    return told


def _words(impediment: Impediment) -> str:
    words = {"reason": impediment.reason, "name": impediment.owner.first_name}
    if not impediment.is_open:
        return _("Solved meanwhile: %(reason)s") % words
    if not impediment.has_owner:
        return _("%(name)s has left, and nobody removes it: %(reason)s") % words
    return impediment.reason


register(
    Kind(
        "task",
        Task,
        find=find,
        counted=actions.count_comments,
        files_counted=actions.count_files,
        followers=followers,
        may_attach=may_attach,
    )
)
