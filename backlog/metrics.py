"""The numbers of sprints: what a team did, what it can do, and how the running sprint stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean, median

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from activity.models import Activity
from people.models import Membership, Role, Workspace

from .models import Capacity, Category, Sprint, Task


@dataclass(frozen=True)
class Velocity:
    """The points done in the last closed sprints, the oldest first, and their average."""

    average: float
    points: list[int]
    numbers: list[int]


@dataclass(frozen=True)
class Progress:
    """How a sprint stands, in points."""

    total_points: int
    tasks: int
    tasks_done: int
    committed: int
    todo: int
    doing: int
    review: int
    done: int
    done_of_committed: int
    unplanned: int
    allowance: int

    @property
    def remaining(self) -> int:
        """The points that are not done."""
        return self.total_points - self.done


@dataclass(frozen=True)
class Days:
    """Where a sprint is in its time box, by the calendar.

    `number` is 0 before its first day; `left` counts the days after today. `ticks` are the
    classes of its ruler: "past", "off", "off past", "today" or "".
    """

    number: int
    count: int
    left: int
    ticks: list[str]


@dataclass(frozen=True)
class Room:
    """How many points of unplanned work a running sprint may take, and has taken."""

    allowance: int
    used: int

    @property
    def left(self) -> int:
        """What may still come in without a word."""
        return max(self.allowance - self.used, 0)


@dataclass(frozen=True)
class PersonCapacity:
    """What a marketer can take in a sprint (None: nobody said), and what waits for him there."""

    member: Membership
    points: int | None
    note: str
    taken: int

    @property
    def over(self) -> int:
        """How many points are too many."""
        return max(self.taken - self.points, 0) if self.points is not None else 0


@dataclass(frozen=True)
class CycleTime:
    """The median of the days from the start of work to done; None without a task to count.

    `straight` tasks went to done without being worked on first, and are not counted.
    """

    days: float | None
    counted: int
    straight: int


def velocity(workspace: Workspace, last: int = 3) -> Velocity:
    """Return the points done in the last closed sprints."""
    closed = (
        Sprint.objects.filter(workspace=workspace)
        .closed()
        .annotate(
            done=Coalesce(Sum("tasks__points", filter=Q(tasks__column__category=Category.DONE)), 0)
        )
        .values_list("number", "done")[:last]
    )
    found = sorted(closed)
    points = [done for _number, done in found]
    return Velocity(fmean(points) if points else 0.0, points, [number for number, _done in found])


def cycle_time(workspace: Workspace, done: Mapping[int, datetime]) -> CycleTime:
    """Return how long these tasks took, given with the instants when they were done.

    Work starts when a task leaves the first kind of column, and anew after it was put back.
    """
    log = Activity.objects.filter(
        workspace=workspace,
        subject_type=Task._meta.label_lower,
        subject_id__in=list(done),
        verb__in=["task_created", "task_moved", "task_returned"],
    )
    begun: dict[int, datetime | None] = dict.fromkeys(done)
    for task_id, data, at in log.order_by("seq").values_list("subject_id", "data", "at"):
        category = data.get("category", Category.TODO)
        if category == Category.TODO:
            begun[task_id] = None
        elif category != Category.DONE and begun[task_id] is None:
            begun[task_id] = at
    took = [(done[pk] - at) / timedelta(days=1) for pk, at in begun.items() if at is not None]
    return CycleTime(median(took) if took else None, len(took), len(done) - len(took))


def sprint_progress(sprint: Sprint) -> Progress:
    """Return how a sprint stands, in one query."""
    sums = (
        Task.objects.current()
        .filter(sprint=sprint)
        .aggregate(
            total=Coalesce(Sum("points"), 0),
            unplanned=Coalesce(Sum("points", filter=Q(is_unplanned=True)), 0),
            tasks=Count("pk"),
            tasks_done=Count("pk", filter=Q(column__category=Category.DONE)),
            kept=Coalesce(
                Sum("points", filter=Q(column__category=Category.DONE, is_unplanned=False)), 0
            ),
            **{
                f"in_{category.value}": Coalesce(
                    Sum("points", filter=Q(column__category=category)), 0
                )
                for category in Category
            },
        )
    )
    return Progress(
        total_points=sums["total"],
        tasks=sums["tasks"],
        tasks_done=sums["tasks_done"],
        committed=sprint.committed_points or 0,
        todo=sums["in_todo"],
        doing=sums["in_doing"],
        review=sums["in_review"],
        done=sums["in_done"],
        done_of_committed=sums["kept"],
        unplanned=sums["unplanned"],
        allowance=allowance(sprint),
    )


def sprint_days(sprint: Sprint, today: date) -> Days:
    """Count a sprint's days, and say each as the class of its tick on the ruler."""
    days = sprint.days()
    ticks = []
    for day in days:
        marks = ["off"] if day.weekday() >= 5 else []
        if day == today and not sprint.is_closed:
            marks = ["today"]
        elif day < today or sprint.is_closed:
            marks.append("past")
        ticks.append(" ".join(marks))
    return Days(
        number=min(max((today - sprint.starts_on).days + 1, 0), len(days)),
        count=len(days),
        left=max((sprint.ends_on - today).days, 0),
        ticks=ticks,
    )


def allowance(sprint: Sprint) -> int:
    """Return how many points of unplanned work a sprint may take: a share of its commitment."""
    return (sprint.committed_points or 0) * sprint.workspace.unplanned_allowance // 100


def unplanned_room(sprint: Sprint) -> Room:
    """Return how much unplanned work a sprint may take and has taken."""
    used = Task.objects.current().filter(sprint=sprint, is_unplanned=True).points()
    return Room(allowance(sprint), used)


def capacity_by_person(sprint: Sprint) -> list[PersonCapacity]:
    """Return each marketer with what he can take in a sprint and has, in one query.

    Somebody who left the team is listed while he has work there.
    """
    taken = (
        Task.objects.current()
        .filter(sprint=sprint, assignee=OuterRef("pk"))
        .order_by()
        .values("assignee")
        .annotate(total=Coalesce(Sum("points"), 0))
        .values("total")
    )
    said = Capacity.objects.filter(sprint=sprint, member=OuterRef("pk"))
    members = (
        Membership.objects.filter(workspace=sprint.workspace_id)
        .by_name()
        .annotate(
            taken=Subquery(taken),
            capacity=Subquery(said.values("points")),
            capacity_note=Subquery(said.values("note")),
        )
        .filter(
            Q(is_active=True, user__is_active=True, role=Role.MARKETER) | Q(taken__isnull=False)
        )
    )
    return [_person(member) for member in members]


def _person(member: Membership) -> PersonCapacity:
    row = vars(member)  # the annotations above are no fields of a membership
    return PersonCapacity(member, row["capacity"], row["capacity_note"] or "", row["taken"] or 0)
