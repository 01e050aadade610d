"""What is left of a sprint day by day, counted from the log (docs/sprints.md).

The start lists the tasks with their points, and each activity since says what it did to them. A
day ends at midnight in the workspace's zone, whether it had 23, 24 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activity import clock
from activity.models import Activity
from people.models import Workspace

from . import metrics
from .models import Category, Sprint, Task

VERBS: Final = (
    "task_created", "task_pulled", "task_returned", "task_moved", "task_edited", "tasks_edited",
    "task_archived", "tasks_archived",
)  # fmt: skip
_IN_AND_OUT: Final = frozenset(VERBS) - {"task_edited", "tasks_edited"}
ONE_DAY: Final = timedelta(days=1)


class Kind(StrEnum):
    """What happened to the scope."""

    IN = "in"
    OUT = "out"
    POINTS = "points"


class Event(NamedTuple):
    """A row of the log."""

    verb: str
    task_id: int
    data: dict[str, Any]
    at: datetime


class Row(NamedTuple):
    """A task as it now is."""

    pk: int
    points: int | None
    category: str
    is_here: bool
    is_unplanned: bool
    done_at: datetime | None


@dataclass(frozen=True)
class Day:
    """A day of the sprint as it ended, in points; without numbers when it has not come.

    `plan` is what an even pace over the working days would have left.
    """

    on: date
    plan: float | None
    scope: int | None = None
    done: int | None = None

    @property
    def is_off(self) -> bool:
        """Tell whether it is a Saturday or a Sunday."""
        return self.on.weekday() >= 5

    @property
    def left(self) -> int | None:
        """The points that were not done."""
        return None if self.scope is None or self.done is None else self.scope - self.done


@dataclass(frozen=True)
class ScopeChange:
    """A task that came in or went out while the sprint ran, or whose points changed."""

    at: datetime
    kind: Kind
    key: str
    title: str
    points: int
    why: str = ""


@dataclass
class _Ledger:
    """The points of the tasks in a sprint, and which are done, while the log is read."""

    points: dict[int, int] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)

    @property
    def sums(self) -> tuple[int, int]:
        """The points in the sprint, and those that are done."""
        return sum(self.points.values()), sum(self.points[pk] for pk in self.done)

    def put(self, task_id: int, points: int | None, *, is_done: bool = False) -> int:
        """Put a task into the sprint, or give it other points; return by how many it grew."""
        grown = (points or 0) - self.points.get(task_id, 0)
        self.points[task_id] = points or 0
        if is_done:
            self.done.add(task_id)
        return grown

    def take(self, task_id: int) -> int:
        """Take a task out; return by how many points the sprint grew: none, or fewer."""
        self.done.discard(task_id)
        return -self.points.pop(task_id, 0)

    def move(self, task_id: int, category: str) -> None:
        """Say in what kind of column a task lies."""
        if category == Category.DONE and task_id in self.points:
            self.done.add(task_id)
        else:
            self.done.discard(task_id)


@dataclass(frozen=True)
class Burndown:
    """How the points of a started sprint went, day by day.

    `is_near` says that an older bulk edit did not note the points, so that its days are as near
    as they can be told.
    """

    sprint: Sprint
    began_on: date
    until: datetime
    start: tuple[int, int]
    days: Sequence[Day]
    changes: Sequence[ScopeChange]
    rows: Sequence[Row]
    cycle: metrics.CycleTime
    is_near: bool = False

    @property
    def until_day(self) -> date:
        """The day in the workspace's zone on which the line ends."""
        return _day(self.until, self.sprint.workspace)

    @property
    def left_at_start(self) -> int:
        """The points that were to be done when it began."""
        return self.start[0] - self.start[1]

    @cached_property
    def past(self) -> list[Day]:
        """The days that have come, today too."""
        return [day for day in self.days if day.scope is not None]

    @property
    def scope(self) -> int:
        """The points in the sprint at the end of the line."""
        return self.past[-1].scope or 0

    @property
    def done(self) -> int:
        """The points done at the end of the line."""
        return self.past[-1].done or 0

    @property
    def left(self) -> int:
        """The points not done at the end of the line."""
        return self.scope - self.done

    @cached_property
    def here(self) -> list[Row]:
        """The tasks that are in the sprint now."""
        return [row for row in self.rows if row.is_here]

    def _sum(self, **wanted: object) -> int:
        return sum(
            row.points or 0
            for row in self.here
            if all(getattr(row, name) == value for name, value in wanted.items())
        )

    @property
    def review(self) -> int:
        """The points that wait for somebody's eye."""
        return self._sum(category=Category.REVIEW)

    @property
    def kept(self) -> int:
        """The committed points that are done."""
        return self._sum(category=Category.DONE, is_unplanned=False)

    @property
    def unplanned(self) -> int:
        """The points that came in while it ran; of a closed sprint those that were done."""
        return self._sum(is_unplanned=True)

    @property
    def allowance(self) -> int:
        """The unplanned points that the team agreed to take."""
        return metrics.allowance(self.sprint)

    @property
    def unestimated(self) -> int:
        """How many tasks have no points, and are not seen in the line."""
        return sum(row.points is None for row in self.here)

    @property
    def scope_changed(self) -> bool:
        """Tell whether more or less is in the sprint than when it began."""
        return any(day.scope != self.start[0] for day in self.past)

    @property
    def days_left(self) -> int:
        """The days after today."""
        return max((self.sprint.ends_on - self.until_day).days, 0)

    @property
    def behind(self) -> int:
        """How many points too many are left; negative when ahead, 0 on plan.

        Today still counts: who has the plan of yesterday evening is not behind.
        """
        here = len(self.past) - 1
        begun = self.days[here - 1].plan if here else None
        late = self.left - (self.left_at_start if begun is None else begun)
        early = (self.days[here].plan or 0) - self.left
        if late >= 0.5:
            return int(late + 0.5)
        return -int(early + 0.5) if early >= 0.5 else 0

    @property
    def finding(self) -> str:
        """What the picture says, in a few words."""
        if self.sprint.is_closed:
            if not self.left:
                return _("Everything was done")
            said = ngettext("%(n)d point was not done", "%(n)d points were not done", self.left)
            return said % {"n": self.left}
        return f"{self._pace}, {self._time}"

    @property
    def _pace(self) -> str:
        behind = self.behind
        if not self.scope:
            return _("Nothing in it has points")
        if not self.left:
            return _("Everything is done")
        if self._over:
            return ngettext("%(n)d point left", "%(n)d points left", self.left) % {"n": self.left}
        if not behind:
            return _("On plan")
        if behind > 0:
            said = ngettext("%(n)d point behind plan", "%(n)d points behind plan", behind)
        else:
            said = ngettext("%(n)d point ahead of plan", "%(n)d points ahead of plan", -behind)
        return said % {"n": abs(behind)}

    @property
    def _over(self) -> int:
        return max((self.until_day - self.sprint.ends_on).days, 0)

    @property
    def _time(self) -> str:
        if self._over:
            return ngettext("%(n)d day over", "%(n)d days over", self._over) % {"n": self._over}
        if not self.days_left:
            return _("last day")
        said = ngettext("%(n)d day left", "%(n)d days left", self.days_left)
        return said % {"n": self.days_left}


def read(sprint: Sprint) -> Burndown | None:
    """Count a sprint's days in four queries; None when its start was not recorded."""
    marks = {
        activity.verb: activity
        for activity in Activity.objects.about(sprint).filter(
            workspace=sprint.workspace_id, verb__in=["sprint_started", "sprint_ended"]
        )
    }
    started, ended = marks.get("sprint_started"), marks.get("sprint_ended")
    if started is None or "tasks" not in started.data:
        return None
    committed: dict[int, int | None] = dict(started.data["tasks"])
    events = _events(sprint, started, ended)
    rows = _rows(sprint, committed)
    finished = set(ended.data["done"]) if ended else {row.pk for row in rows if _is_done(row)}
    is_near = _fill_in(events, rows)
    ledger = _Ledger()
    done = _done_at_start(committed, events, finished)
    for task_id, points in committed.items():
        ledger.put(task_id, points, is_done=task_id in done)
    start = ledger.sums
    until = ended.at if ended else clock.now()
    began_on = _day(started.at, sprint.workspace)
    sums, changes = _replay(sprint, ledger, events, began_on)
    last = _last_day(sprint, until, [*sums], is_by_hand=bool(ended and not _by_itself(ended)))
    last_known = min(_day(until, sprint.workspace), last)
    return Burndown(
        sprint=sprint,
        began_on=began_on,
        until=until,
        start=start,
        days=_days(sprint, began_on, last, last_known, start, sums),
        changes=changes[::-1],
        rows=rows,
        cycle=metrics.cycle_time(
            sprint.workspace,
            {row.pk: row.done_at for row in rows if _is_done(row) and row.done_at},
        ),
        is_near=is_near,
    )


def _by_itself(ended: Activity) -> bool:
    return bool(ended.data.get("by_itself"))


def _is_done(row: Row) -> bool:
    return row.is_here and row.category == Category.DONE


def _day(at: datetime, workspace: Workspace) -> date:
    return at.astimezone(workspace.zone).date()


def _events(sprint: Sprint, started: Activity, ended: Activity | None) -> list[Event]:
    found = Activity.objects.after(sprint.workspace, started.seq).filter(verb__in=VERBS)
    if ended is not None:
        found = found.filter(seq__lt=ended.seq)
    return [Event(*row) for row in found.values_list("verb", "subject_id", "data", "at")]


def _rows(sprint: Sprint, committed: Iterable[int]) -> list[Row]:
    """Read the tasks in the sprint, and those that were when it began."""
    here = Q(sprint=sprint) if sprint.is_closed else Q(sprint=sprint, archived_at=None)
    found = Task.objects.filter(here | Q(pk__in=list(committed)), workspace=sprint.workspace_id)
    columns = ("pk", "points", "column__category", "sprint_id", "is_unplanned", "done_at")
    return [
        Row(pk, points, category, sprint_id == sprint.pk, is_unplanned, done_at)
        for pk, points, category, sprint_id, is_unplanned, done_at in found.values_list(*columns)
    ]


def _done_at_start(
    committed: Iterable[int], events: Iterable[Event], finished: set[int]
) -> set[int]:
    """Return what was done when the sprint began: a task's first move says whence it came."""
    waiting = dict.fromkeys(committed, False)
    done = set()
    for event in events:
        touched = event.data["ids"] if event.verb == "tasks_archived" else [event.task_id]
        for task_id in touched if event.verb in _IN_AND_OUT else ():
            if task_id in waiting:
                del waiting[task_id]
                if event.data.get("from_category") == Category.DONE:
                    done.add(task_id)
    return done | (finished & waiting.keys())


def _fill_in(events: Sequence[Event], rows: Sequence[Row]) -> bool:
    """Say what a bulk edit gave, where it noted only that it gave points; tell whether one did.

    What a task had after the edit is what its next activity says it had, or what it has now.
    """
    missing = False
    points = {row.pk: row.points for row in rows}
    for event in reversed(events):
        if event.verb == "tasks_edited":
            if "points" not in event.data["changed"]:
                continue
            if "points" not in event.data:
                missing = True
                event.data["filled"] = {pk: points.get(pk) for pk in event.data["ids"]}
        elif "points" in event.data:
            points[event.task_id] = event.data.get("was", {}).get("points", event.data["points"])
    return missing


def _replay(
    sprint: Sprint, ledger: _Ledger, events: Iterable[Event], day: date
) -> tuple[dict[date, tuple[int, int]], list[ScopeChange]]:
    """Let it all happen again: what each day ended with, and what changed the scope."""
    sums: dict[date, tuple[int, int]] = {}
    changes: list[ScopeChange] = []
    for event in events:
        on = _day(event.at, sprint.workspace)
        if on > day:  # never earlier: a clock may have been set back
            sums[day], day = ledger.sums, on
        changes += _apply(sprint, ledger, event)
    sums[day] = ledger.sums
    return sums, changes


def _apply(sprint: Sprint, ledger: _Ledger, event: Event) -> list[ScopeChange]:
    """Do to the ledger what an activity did; what it was about may be no task of this sprint."""
    verb, data, task_id = event.verb, event.data, event.task_id
    if verb in {"tasks_edited", "tasks_archived"}:
        return _apply_to_many(ledger, event)
    if verb in {"task_created", "task_pulled"} and data.get("sprint_id") == sprint.pk:
        is_done = data.get("category") == Category.DONE
        return [_change(event, Kind.IN, ledger.put(task_id, data["points"], is_done=is_done))]
    if task_id not in ledger.points:
        return []
    if verb == "task_moved":
        ledger.move(task_id, data["category"])
        return []
    if verb == "task_edited":
        grown = ledger.put(task_id, data["points"])
        return [_change(event, Kind.POINTS, grown)] if grown else []
    return [_change(event, Kind.OUT, ledger.take(task_id))]


def _apply_to_many(ledger: _Ledger, event: Event) -> list[ScopeChange]:
    data = event.data
    ours = [row for row in zip(data["ids"], data["keys"], strict=True) if row[0] in ledger.points]
    if event.verb == "tasks_archived":
        return [ScopeChange(event.at, Kind.OUT, key, "", ledger.take(pk)) for pk, key in ours]
    if "points" not in data["changed"]:
        return []
    changes = []
    for pk, key in ours:
        grown = ledger.put(pk, data["points"] if "points" in data else data["filled"][pk])
        changes.append(ScopeChange(event.at, Kind.POINTS, key, "", grown))
    return [change for change in changes if change.points]


def _change(event: Event, kind: Kind, grown: int) -> ScopeChange:
    data = event.data
    why = data.get("reason") or ""
    return ScopeChange(event.at, kind, data["key"], data.get("title", ""), grown, why)


def _last_day(sprint: Sprint, until: datetime, active: Sequence[date], *, is_by_hand: bool) -> date:
    """Return where the picture ends: a sprint that ended by itself did so just after midnight."""
    last = max([sprint.ends_on, *active])
    return max(last, _day(until, sprint.workspace)) if not sprint.is_closed or is_by_hand else last


def _days(
    sprint: Sprint,
    first: date,
    last: date,
    last_known: date,
    start: tuple[int, int],
    sums: dict[date, tuple[int, int]],
) -> list[Day]:
    """Return each day from the start on, weekends too."""
    plan = _plan(first, sprint.ends_on, start[0] - start[1])
    days, now = [], start
    for on in _each(first, last):
        now = sums.get(on, now)
        known = now if on <= last_known else (None, None)
        days.append(Day(on, plan.get(on, 0.0), *known))
    return days


def _plan(first: date, last: date, points: int) -> dict[date, float]:
    """Spread the points evenly over the working days; over all days where there are none."""
    days = _each(first, last)
    working = [day for day in days if day.weekday() < 5] or days
    return {day: points * (1 - sum(one <= day for one in working) / len(working)) for day in days}


def _each(first: date, last: date) -> list[date]:
    return [first + ONE_DAY * n for n in range((last - first).days + 1)]


def share_of_day(at: datetime, workspace: Workspace) -> float:
    """Return how much of its day is over at an instant: a day may have 23 or 25 hours."""
    on = _day(at, workspace)
    begins, ends = (
        datetime.combine(day, time(0), tzinfo=workspace.zone).timestamp()
        for day in (on, on + ONE_DAY)
    )
    return (at.timestamp() - begins) / (ends - begins)
