"""The verbs of a sprint: there is always a next one; it gets a goal, starts, and ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Max, Q
from django.utils.translation import gettext as _

from activity import clock
from activity.changes import SYSTEM, Change, System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Column, Sprint, SprintState, Task
from people.models import Membership, Workspace

from . import guard
from .rows import check, first_column, fresh_sprint

logger = logging.getLogger(__name__)

AHEAD: Final = timedelta(weeks=6)
FEWEST_PLANNED: Final = 3
LONGEST_DAYS: Final = 60
# Farther away is a slip of the finger; the sprints behind would be moved off the calendar
FARTHEST: Final = timedelta(days=5 * 365)
SPRINT_FIELDS: Final = frozenset(
    {"goal", "goal_measure", "goal_target", "goal_actual", "starts_on", "ends_on"}
)


@dataclass(frozen=True)
class EndedSprint:
    """What became of a sprint's tasks when it ended."""

    done: list[Task]
    unfinished: list[Task]
    next_sprint: Sprint | None


def ensure_sprints(workspace: Workspace, *, by: Membership | System = SYSTEM) -> list[Sprint]:
    """Make the sprints of the next six weeks, three at least; return what was missing.

    Raises PermissionDenied.
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_plan, record.workspace)
        return make_sprints(record)


def sweep() -> None:
    """Make the sprints that are missing in any workspace that has a board."""
    # the date is that of the first zone to reach a day; looking too early makes nothing
    today = clock.now().date() + timedelta(days=1)
    ahead = Q(sprints__state=SprintState.PLANNED, sprints__ends_on__gte=today)
    short = (
        Workspace.objects.filter(pk__in=Column.objects.values("workspace"))
        .annotate(last=Max("sprints__ends_on"), planned=Count("sprints", filter=ahead))
        .filter(Q(last=None) | Q(last__lt=today + AHEAD) | Q(planned__lt=FEWEST_PLANNED))
    )
    for workspace in short:
        try:
            ensure_sprints(workspace, by=SYSTEM)
        except Exception:  # one workspace's trouble is not the next one's
            logger.exception("Could not make the sprints of workspace %s.", workspace.pk)


def make_sprints(
    record: Change, *, first_on: date | None = None, first_number: int = 1
) -> list[Sprint]:
    """Make what is missing behind the last sprint, each beginning the day after the one before.

    After a long silence the rhythm goes on, without the sprints that would be over already.
    """
    today = record.at.astimezone(record.workspace.zone).date()
    length = record.workspace.sprint_days
    ahead = Sprint.objects.filter(workspace=record.workspace).planned().filter(ends_on__gte=today)
    planned = ahead.count()
    ends = Sprint.objects.filter(workspace=record.workspace).aggregate(
        on=Max("ends_on"), number=Max("number")
    )
    starts_on, number = (
        ends["on"] and ends["on"] + timedelta(days=1),
        ends["number"] or first_number - 1,
    )
    if starts_on is None:
        starts_on = first_on or today
    elif starts_on < today:
        starts_on += timedelta(days=(today - starts_on).days // length * length)
    made: list[Sprint] = []
    while planned + len(made) < FEWEST_PLANNED or starts_on <= today + AHEAD:
        number += 1
        made.append(
            Sprint(
                workspace=record.workspace,
                number=number,
                starts_on=starts_on,
                ends_on=starts_on + timedelta(days=length - 1),
            )
        )
        starts_on += timedelta(days=length)
    Sprint.objects.bulk_create(made)
    if made:
        numbers = [sprint.number for sprint in made]
        record("sprints_made", made[0], numbers=numbers, number=numbers[0])
    return made


def edit_sprint(sprint: Sprint, *, by: Membership | System, version: int, **changes: Any) -> Sprint:
    """Change a sprint's goal, its measure or its dates; later planned sprints keep their distance.

    Raises Stale, PermissionDenied, and ValidationError by field, `closed_sprint`, `overlap`.
    """
    if not set(changes) <= SPRINT_FIELDS:
        raise TypeError(f"Not fields of a sprint: {sorted(set(changes) - SPRINT_FIELDS)}")
    for name in {"goal", "goal_measure"} & set(changes):
        changes[name] = clean_line(changes[name])
    with change(sprint.workspace, by=by) as record:
        sprint = fresh_sprint(record, sprint, version)
        record.require(policy.can_plan, sprint)
        if sprint.is_closed:
            raise guard.sprint_is_closed()
        ended_on = sprint.ends_on
        changed = sorted(name for name in changes if getattr(sprint, name) != changes[name])
        if not changed:
            return sprint
        for name in changed:
            setattr(sprint, name, changes[name])
        check(sprint, *changed)
        _check_dates(record, sprint, changed)
        sprint.version += 1
        sprint.save()
        moved = _move_later(sprint, sprint.ends_on - ended_on)
        record(
            "sprint_edited",
            sprint,
            number=sprint.number,
            changed=changed,
            goal=sprint.goal,
            starts_on=sprint.starts_on,
            ends_on=sprint.ends_on,
            moved=moved,
        )
    return sprint


def start_sprint(sprint: Sprint, *, by: Membership | System, version: int) -> Sprint:
    """Start a sprint: from here on its commitment is frozen and what is added is unplanned.

    Raises Stale, PermissionDenied, ValidationError `already_started`, `another_is_active` or
    `already_over`.
    """
    with change(sprint.workspace, by=by) as record:
        sprint = fresh_sprint(record, sprint)
        record.require(policy.can_start_sprint, sprint)
        if not sprint.is_planned:
            raise ValidationError(_("This sprint has already started."), code="already_started")
        sprint = fresh_sprint(record, sprint, version)
        _check_start(record, sprint)
        committed = list(
            Task.objects.current().filter(sprint=sprint).ranked().values_list("pk", "points")
        )
        sprint.state, sprint.started_at = SprintState.ACTIVE, record.at
        sprint.committed_points = sum(points or 0 for _task_id, points in committed)
        sprint.committed_tasks = len(committed)
        sprint.version += 1
        sprint.save()
        Task.objects.filter(sprint=sprint).update(is_unplanned=False, unplanned_reason="")
        record(
            "sprint_started",
            sprint,
            number=sprint.number,
            goal=sprint.goal,
            committed_points=sprint.committed_points,
            committed_tasks=sprint.committed_tasks,
            tasks=committed,
        )
    return sprint


def end_sprint(
    sprint: Sprint,
    *,
    by: Membership | System,
    record: Change,
    carry_to: Literal["next", "backlog"] = "next",
) -> EndedSprint:
    """End the running sprint inside the caller's change: what is not done moves on.

    Unfinished tasks go to the next planned sprint in the columns they are in, or to the backlog.
    Raises PermissionDenied, ValidationError `not_running`.
    """
    sprint = fresh_sprint(record, sprint)
    record.require(policy.can_close_sprint, sprint)
    if not sprint.is_active:
        raise ValidationError(_("This sprint is not running."), code="not_running")
    tasks = Task.objects.current().filter(sprint=sprint).select_related("column", "assignee")
    done, unfinished = list(tasks.done().ranked()), list(tasks.open().ranked())
    sprint.state, sprint.closed_at = SprintState.CLOSED, record.at
    sprint.version += 1
    sprint.save()
    make_sprints(record)
    next_sprint = Sprint.objects.after(sprint).first()
    target = next_sprint if carry_to == "next" else None
    _carry(record, unfinished, target)
    for task in (*done, *unfinished):
        task.workspace = record.workspace
    record(
        "sprint_ended",
        sprint,
        number=sprint.number,
        by_itself=record.by_system,
        done=[task.pk for task in done],
        done_points=sum(task.points or 0 for task in done),
        unfinished=[task.pk for task in unfinished],
        unfinished_points=sum(task.points or 0 for task in unfinished),
        carried_to=target.number if target else None,
    )
    return EndedSprint(done, unfinished, next_sprint)


def _carry(record: Change, unfinished: list[Task], target: Sprint | None) -> None:
    moved = Task.objects.filter(pk__in=[task.pk for task in unfinished])
    moved.update(
        sprint=target,
        carried=F("carried") + 1,
        is_unplanned=False,
        unplanned_reason="",
        version=F("version") + 1,
    )
    column = first_column(record)
    if target is None:
        moved.exclude(column=column).update(column=column, entered_column_at=record.at)
    for task in unfinished:
        task.sprint = target
        task.carried += 1
        task.version += 1
        task.column = column if target is None else task.column


def _check_dates(record: Change, sprint: Sprint, changed: list[str]) -> None:
    if not {"starts_on", "ends_on"} & set(changed):
        return
    if "starts_on" in changed and not sprint.is_planned:
        raise ValidationError({"starts_on": _("A sprint that runs has begun on its first day.")})
    today = record.at.astimezone(record.workspace.zone).date()
    if abs(sprint.starts_on - today) > FARTHEST:
        raise ValidationError({"starts_on": _("Choose a day within five years.")})
    if sprint.ends_on < sprint.starts_on:
        raise ValidationError({"ends_on": _("The last day lies before the first.")})
    if (sprint.ends_on - sprint.starts_on).days >= LONGEST_DAYS:
        raise ValidationError({"ends_on": _("A sprint has at most 60 days.")})
    if sprint.is_active and sprint.ends_on < today:
        raise ValidationError({"ends_on": _("This day is over. To end the sprint now, close it.")})
    before = (
        Sprint.objects.filter(workspace=record.workspace, number__lt=sprint.number)
        .order_by("-ends_on")
        .first()
    )
    if before is not None and sprint.starts_on <= before.ends_on:
        raise ValidationError(
            {
                "starts_on": ValidationError(
                    _("Sprint %(number)s ends later than that."),
                    "overlap",
                    {"number": before.number},
                )
            }
        )


def _move_later(sprint: Sprint, by: timedelta) -> list[dict[str, Any]]:
    """Move the planned sprints behind this one by as many days; return their new dates."""
    if not by:
        return []
    later = list(Sprint.objects.after(sprint))
    for other in later:
        other.starts_on += by
        other.ends_on += by
        other.version += 1
    Sprint.objects.bulk_update(later, ["starts_on", "ends_on", "version"])
    return [
        {"number": other.number, "starts_on": other.starts_on, "ends_on": other.ends_on}
        for other in later
    ]


def _check_start(record: Change, sprint: Sprint) -> None:
    running = Sprint.objects.filter(workspace=record.workspace).active().first()
    if running is not None:
        raise ValidationError(
            _("Sprint %(number)s is still running. Close it first."),
            "another_is_active",
            {"number": running.number},
        )
    if sprint.ends_at <= record.at:
        raise ValidationError(
            _("The last day of this sprint is over. Change its dates first."), code="already_over"
        )
