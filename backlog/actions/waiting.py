"""The verbs of waiting: what a task waits for, and that it has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, Stale, System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Task, Wait
from people.models import Membership

from .rows import check, current_task, fresh_task, own, unknown

MOST_WAITS: Final = 20
SHOWN: Final = ("wait_count", "wait_number", "wait_until")


def add_wait(
    task: Task,
    *,
    by: Membership | System,
    other: Task | None = None,
    thing: str = "",
    until: date | None = None,
) -> Wait:
    """Say that a task waits for another one, or for a thing from outside with its day.

    Raises PermissionDenied, ValidationError `archived`, `unknown`, `one_thing`, `itself`, `cycle`,
    `twice`, `already_done`, `too_many` or by field.
    """
    thing = _one_thing(other, thing, until)
    with change(task.workspace, by=by) as record:
        task = current_task(record, task)
        record.require(policy.can_edit_tasks, task)
        made = Wait(workspace=record.workspace, task=task, thing=thing, until=until)
        made.added_by, made.added_at = record.actor, record.at
        if task.waits.standing().count() >= MOST_WAITS:
            raise ValidationError(
                _("A task waits for at most %(most)s things."), "too_many", {"most": MOST_WAITS}
            )
        if other is None:
            _check_thing(made)
        else:
            made.other = _may_wait_for(record, task, other)
        made.save()
        _count(record, [task])
        record("wait_added", task, **_told(task, made))
    return made


def edit_wait(
    wait: Wait,
    *,
    by: Membership | System,
    version: int,
    other: Task | None = None,
    thing: str = "",
    until: date | None = None,
) -> Wait:
    """Let a task wait for something else, or until another day; it is said whole, as at first.

    Raises Stale, PermissionDenied, ValidationError `ended` or what `add_wait` raises.
    """
    thing = _one_thing(other, thing, until)
    with change(wait.workspace, by=by) as record:
        wait, task = _fresh(record, wait)
        if wait.ended_at is not None:
            raise ValidationError(_("It waits no longer for this."), code="ended")
        if wait.version != version:
            raise Stale(wait)
        was = _said(task, wait)
        if other is not None and other.pk != wait.other_id:
            other = _may_wait_for(record, task, other)
        wait.other, wait.thing, wait.until = other, thing, until
        if other is None:
            _check_thing(wait)
        if _said(task, wait) != was:
            wait.version += 1
            wait.save()
            _count(record, [task])
            record("wait_edited", task, **_told(task, wait), was=was)
    return wait


def end_wait(wait: Wait, *, by: Membership | System) -> Wait:
    """Say that a task waits no longer for this: it has come, or is not needed.

    Raises PermissionDenied, ValidationError `unknown` or `archived`.
    """
    with change(wait.workspace, by=by) as record:
        wait, task = _fresh(record, wait)
        if wait.ended_at is None:
            wait.ended_at, wait.ended_by = record.at, record.actor
            wait.version += 1
            wait.save()
            _count(record, [task])
            record("wait_ended", task, **_told(task, wait))
    return wait


def reopen_wait(wait: Wait, *, by: Membership | System) -> Wait:
    """Take back that a task waits no longer for this.

    Raises PermissionDenied, ValidationError `unknown`, `archived`, `cycle` or `twice`.
    """
    with change(wait.workspace, by=by) as record:
        wait, task = _fresh(record, wait)
        if wait.ended_at is not None:
            if wait.other is not None:
                wait.other = _may_wait_for(record, task, wait.other, again=True)
            wait.ended_at = wait.ended_by = None
            wait.version += 1
            wait.save()
            _count(record, [task])
            record("wait_reopened", task, **_told(task, wait))
    return wait


def follow(record: Change, task: Task) -> list[Task]:
    """Tell the tasks that wait for this one that it is done, or is not after all.

    For the verbs that move a task into a column of another meaning, when it is saved there.
    """
    waiting = list(
        Task.objects.filter(waits__other=task, waits__ended_at=None)
        .select_related("column")
        .order_by("pk")
    )
    if not waiting:
        return []
    for other in waiting:
        other.workspace = record.workspace
    _count(record, waiting)
    verb = "wait_over" if task.is_done else "wait_back"
    for other in waiting:
        record(verb, other, key=other.key, title=other.title, other=task.key)
    return waiting


def _count(record: Change, tasks: Iterable[Task]) -> None:
    """Write on tasks what their cards show of what they wait for."""
    by_pk = {task.pk: task for task in tasks}
    standing = Wait.objects.standing().filter(workspace=record.workspace, task__in=by_pk)
    open_waits: dict[int, list[Wait]] = defaultdict(list)
    for wait in standing.select_related("other__column").order_by("pk"):
        if not wait.is_over:
            open_waits[wait.task_id].append(wait)
    for task in by_pk.values():
        found = open_waits[task.pk]
        numbers = [wait.other.number for wait in found if wait.other is not None]
        days = [wait.until for wait in found if wait.until is not None]
        task.wait_count = len(found)
        task.wait_number = numbers[0] if numbers else None
        task.wait_until = min(days, default=None)
    Task.objects.bulk_update(by_pk.values(), SHOWN)


def _may_wait_for(record: Change, task: Task, other: Task, *, again: bool = False) -> Task:
    """Return the other task if this one can wait for it."""
    other = fresh_task(record, own(record, other))
    if other.pk == task.pk:
        raise ValidationError(_("A task cannot wait for itself."), code="itself")
    if not again and (other.is_done or other.archived_at is not None):
        raise ValidationError(
            _("%(key)s is done or archived already."), "already_done", {"key": other.key}
        )
    if task.waits.standing().filter(other=other).exists():
        raise ValidationError(_("It waits for %(key)s already."), "twice", {"key": other.key})
    chain = _chain(record, start=other.pk, end=task.pk)
    if chain:
        raise _cycle(record, task, chain)
    return other


def _chain(record: Change, *, start: int, end: int) -> list[int]:
    """Return the tasks from one to another, each waiting for the next; empty without a way.

    What is done counts too: it would wait again when it is taken back.
    """
    waits = Wait.objects.standing().filter(workspace=record.workspace, other__isnull=False)
    following: dict[int, list[int]] = defaultdict(list)
    for task, other in waits.order_by("pk").values_list("task", "other"):
        following[task].append(other)
    came_from: dict[int, int] = {start: 0}
    queue = [start]
    while queue and end not in came_from:
        here = queue.pop(0)
        for other in following[here]:
            if other not in came_from:
                came_from[other] = here
                queue.append(other)
    way, here = [], end if end in came_from else 0
    while here:
        way.append(here)
        here = came_from[here]
    return way[::-1]


def _cycle(record: Change, task: Task, chain: list[int]) -> ValidationError:
    numbers = dict(Task.objects.filter(pk__in=chain).values_list("pk", "number"))
    keys = [f"{record.workspace.key}-{numbers[pk]}" for pk in chain]
    steps = ", ".join(
        _("%(key)s waits for %(other)s") % {"key": key, "other": other}
        for key, other in pairwise(keys)
    )
    return ValidationError(
        _("%(key)s cannot wait for %(other)s: %(steps)s. None of them could begin."),
        "cycle",
        {"key": task.key, "other": keys[0], "steps": steps},
    )


def _fresh(record: Change, wait: Wait) -> tuple[Wait, Task]:
    found = (
        Wait.objects.select_related("other__column")
        .filter(workspace=record.workspace, pk=wait.pk)
        .first()
    )
    if found is None:
        raise unknown("wait")
    found.workspace = record.workspace
    task = current_task(record, Task(pk=found.task_id))
    record.require(policy.can_edit_tasks, task)
    return found, task


def _one_thing(other: Task | None, thing: str, until: date | None) -> str:
    """Return the thing as it is kept; it is either that and its day, or another task."""
    thing = _cleaned(thing)
    if (other is None) == (thing == "" and until is None):
        raise ValidationError(
            _("Say what it waits for: a task, or a thing and its day."), code="one_thing"
        )
    return thing


def _check_thing(wait: Wait) -> None:
    if not wait.thing:
        raise ValidationError(
            {"thing": ValidationError(_("Say what it waits for."), code="required")}
        )
    if wait.until is None:
        raise ValidationError(
            {"until": ValidationError(_("Say on which day it should come."), code="required")}
        )
    check(wait, "thing", "until")


def _cleaned(thing: str) -> str:
    try:
        return clean_line(thing)
    except ValidationError as error:
        raise ValidationError({"thing": error}) from error


def _told(task: Task, wait: Wait) -> dict[str, Any]:
    return {"key": task.key, "title": task.title, "wait": wait.pk, **_said(task, wait)}


def _said(task: Task, wait: Wait) -> dict[str, Any]:
    other = wait.other
    return {
        "other": None if other is None else f"{task.workspace.key}-{other.number}",
        "thing": wait.thing,
        "until": wait.until,
    }
