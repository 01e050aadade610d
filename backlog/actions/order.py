"""Rank: the place of a task in the workspace's one order, always said by its neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from activity.changes import Change, change
from backlog import ordering, policy
from backlog.models import Task
from people.models import Membership

from .rows import current_task, fresh_task

_CHUNK = 50


def rank_task(
    task: Task,
    *,
    by: Membership,
    version: int,
    before: Task | None = None,
    after: Task | None = None,
    top: bool = False,
    bottom: bool = False,
) -> Task:
    """Put a task before or behind another one, or at an end of the list that it is in.

    Raises Stale, PermissionDenied, ValidationError `unknown`, `archived` or `no_place`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_edit_tasks, task)
        siblings = Task.objects.current().filter(workspace=record.workspace, sprint=task.sprint)
        others = siblings.exclude(pk=task.pk).order_by("position")
        if top:
            before = others.first()
        elif bottom:
            after = others.last()
        elif before is None and after is None:
            raise ValidationError(_("Say where the task should go."), code="no_place")
        if before is None and after is None:
            return task  # it is alone in its list
        put(record, task, before=before, after=after)
        task.version += 1
        task.save(update_fields=["position", "version"])
        following = others.filter(position__gt=task.position).first()
        record("task_ranked", task, key=task.key, before=_key(record, following))
    return task


def put(
    record: Change, task: Task, *, before: Task | None = None, after: Task | None = None
) -> None:
    """Give a task its position beside a neighbour; whoever calls saves it.

    Raises ValidationError `unknown` for a neighbour that is no other task of this workspace.
    """
    neighbour = before or after
    if neighbour is None:
        return
    anchor = fresh_task(record, neighbour)
    if anchor.pk == task.pk:
        raise ValidationError(_("A task cannot go beside itself."), code="unknown")
    rows = Task.objects.filter(workspace=record.workspace).exclude(pk=task.pk)
    low: int | None = anchor.position
    if before is not None:
        low = rows.filter(position__lt=anchor.position).aggregate(low=Max("position"))["low"]
    place = ordering.place_after(low, _following(record, task, low))
    task.position = place.position
    step_aside(place)


def step_aside(place: ordering.Place) -> None:
    """Write the positions of the rows that make room."""
    rows = [Task(pk=row_id, position=position) for row_id, position in place.shifted.items()]
    Task.objects.bulk_update(rows, ["position"], batch_size=200)


def positions_at_end(record: Change, count: int) -> list[int]:
    """Return places behind everything in the workspace."""
    last = Task.objects.filter(workspace=record.workspace).aggregate(at=Max("position"))["at"]
    return ordering.places_at_end(last, count)


def positions_at_top(record: Change, count: int) -> list[int]:
    """Return places before everything in the workspace."""
    first = Task.objects.filter(workspace=record.workspace).aggregate(at=Min("position"))["at"]
    return ordering.places_at_top(first, count)


def _following(record: Change, task: Task, low: int | None) -> Iterator[tuple[int, int]]:
    """Read the rows behind a position, a few at a time: mostly the first is enough."""
    rows = Task.objects.filter(workspace=record.workspace).exclude(pk=task.pk).order_by("position")
    size = 1
    while True:
        batch = rows if low is None else rows.filter(position__gt=low)
        found = list(batch.values_list("pk", "position")[:size])
        yield from found
        if len(found) < size:
            return
        low, size = found[-1][1], _CHUNK


def _key(record: Change, task: Task | None) -> str | None:
    return f"{record.workspace.key}-{task.number}" if task is not None else None
