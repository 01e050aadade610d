"""The verb that changes a link to what a task made."""

from __future__ import annotations

from activity.changes import System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Deliverable
from people.models import Membership

from .rows import check, current_task, unknown


def edit_deliverable(
    deliverable: Deliverable, *, by: Membership | System, label: str, url: str
) -> Deliverable:
    """Call a link something else, or let it lead elsewhere.

    Raises PermissionDenied, ValidationError `archived`, `unknown` or by field.
    """
    label, url = clean_line(label), clean_line(url)
    with change(deliverable.workspace, by=by) as record:
        found = (
            Deliverable.objects.filter(workspace=record.workspace, pk=deliverable.pk)
            .select_related("task")
            .first()
        )
        if found is None:
            raise unknown("deliverable")
        task = current_task(record, found.task)
        record.require(policy.can_edit_tasks, task)
        was = {"label": found.label, "url": found.url}
        if was != {"label": label, "url": url}:
            found.label, found.url = label, url
            check(found, "label", "url")
            found.save(update_fields=["label", "url"])
            record("deliverable_edited", task, key=task.key, label=label, url=url, was=was)
    return found
