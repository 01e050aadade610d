"""Rank: the place of a task in the workspace's one order, always said by its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain

from django.core.exceptions import ValidationError
from django.db.models import Max, Min, QuerySet, Subquery
from django.utils.translation import gettext as _

from activity.changes import Change, change
from activity.compiled import Compiled
from backlog import ordering, policy
from backlog.models import Task
from people.models import Membership

from .rows import current_task, unknown

_CHUNK = 50


def _beside(
    workspace: int, neighbour: int, task: int, *, up: bool
) -> QuerySet[Task, tuple[int, int]]:
    """Return id and position of a neighbour and the next one in a direction, without a task."""
    rows = Task.objects.filter(workspace=workspace).exclude(pk=task)
    there = Subquery(rows.filter(pk=neighbour).values("position")[:1])
    found = (
        rows.filter(position__lte=there).order_by("-position")
        if up
        else rows.filter(position__gte=there).order_by("position")
    )
    return found.values_list("pk", "position")[:2]


_up_from = Compiled(partial(_beside, up=True), workspace=int, neighbour=int, task=int)
_down_from = Compiled(partial(_beside, up=False), workspace=int, neighbour=int, task=int)


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
        was = task.position
        put(record, task, before=before, after=after)
        if task.position == was:
            return task
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
    low, following = _gap(record, task, neighbour, before=before is not None)
    first = next(following, None)
    if (low is None or low < task.position) and (first is None or task.position < first[1]):
        return  # it is there
    behind = chain([first], following) if first else following
    place = ordering.place_after(low, behind)
    task.position = place.position
    step_aside(place)


def _gap(
    record: Change, task: Task, neighbour: Task, *, before: bool
) -> tuple[int | None, Iterator[tuple[int, int]]]:
    """Read the gap beside a neighbour in one query: what is in front of it, and what follows."""
    beside = _up_from if before else _down_from
    found = beside.all(workspace=record.workspace.pk, neighbour=neighbour.pk, task=task.pk)
    if not found or found[0][0] != neighbour.pk:
        raise unknown("task")
    if not before:
        return found[0][1], _from(record, task, found[1:])
    low = found[1][1] if len(found) > 1 else None
    return low, _from(record, task, found[:1])


def _from(record: Change, task: Task, first: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the rows from this one on; only when it has to step aside are the others read."""
    if not first:
        return
    yield first[0]
    rows = Task.objects.filter(workspace=record.workspace).exclude(pk=task.pk).order_by("position")
    low = first[0][1]
    while found := list(rows.filter(position__gt=low).values_list("pk", "position")[:_CHUNK]):
        yield from found
        low = found[-1][1]


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


def _key(record: Change, task: Task | None) -> str | None:
    return f"{record.workspace.key}-{task.number}" if task is not None else None
