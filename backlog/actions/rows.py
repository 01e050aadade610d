"""What the verbs share: reading rows again under the lock, and refusing what is foreign."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from activity.changes import Change, Stale
from activity.compiled import Compiled
from backlog.models import Category, Channel, Column, Sprint, Task
from campaigns.models import Campaign
from people.models import Membership

_tasks = Compiled(
    lambda workspace, pk: Task.objects.select_related(
        "column", "sprint", "assignee", "channel", "campaign"
    ).filter(workspace=workspace, pk=pk),
    workspace=int,
    pk=int,
)

Owned = TypeVar("Owned", bound=Task | Sprint | Column | Channel | Campaign | Membership)


def fresh_task(record: Change, task: Task, version: int | None = None) -> Task:
    """Read a task again under the lock.

    Raises Stale when it is not the version that the caller saw, ValidationError `unknown`.
    """
    found = _tasks.first(workspace=record.workspace.pk, pk=task.pk)
    if found is None:
        raise unknown("task")
    found.workspace = record.workspace
    if found.sprint is not None:
        found.sprint.workspace = record.workspace
    if version is not None and found.version != version:
        raise Stale(found)
    return found


def current_task(record: Change, task: Task, version: int | None = None) -> Task:
    """Read a task again that must not be archived.

    Raises what `fresh_task` raises, and ValidationError `archived`.
    """
    found = fresh_task(record, task, version)
    if found.archived_at is not None:
        raise ValidationError(_("This task is archived. Restore it first."), code="archived")
    return found


def fresh_sprint(record: Change, sprint: Sprint, version: int | None = None) -> Sprint:
    """Read a sprint again under the lock. Raises Stale, ValidationError `unknown`."""
    found = Sprint.objects.filter(workspace=record.workspace, pk=sprint.pk).first()
    if found is None:
        raise unknown("sprint")
    found.workspace = record.workspace
    if version is not None and found.version != version:
        raise Stale(found)
    return found


def own(record: Change, thing: Owned) -> Owned:
    """Return the thing if it is this workspace's. Raises ValidationError `unknown`."""
    if thing.workspace_id != record.workspace.pk:
        raise unknown(thing._meta.model_name or "")
    return thing


def unknown(kind: str) -> ValidationError:
    """Say that there is no such thing, in the same words whether it is foreign or was never."""
    return ValidationError(_("We do not know this %(kind)s."), "unknown", {"kind": kind})


def first_column(record: Change) -> Column:
    """Return where tasks begin. Raises ValidationError `no_board`."""
    found = (
        Column.objects.filter(workspace=record.workspace, category=Category.TODO)
        .order_by("position")
        .first()
    )
    if found is None:
        raise ValidationError(_("This workspace has no board yet."), code="no_board")
    return found


def check(thing: models.Model, *names: str) -> None:
    """Check these fields of a row before it is saved. Raises ValidationError by field.

    What it points to is left out: `own` has seen it, and would be asked from the database again.
    """
    left_out = {
        field.name for field in thing._meta.fields if field.name not in names or field.is_relation
    }
    thing.clean_fields(exclude=left_out)
