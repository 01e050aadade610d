"""The read of the planning page and of the list of sprints: few queries, however full."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from people.models import Membership, Workspace

from . import metrics
from .models import Category, Sprint, SprintQuerySet, SprintState, Task, TaskQuerySet

# So many rows of the backlog are offered at once; a search finds the others
MOST_ROWS = 100
MOST_COUNTED = 1_000
MOST_CLOSED = 20
MOST_WORDS = 5


@dataclass(frozen=True)
class Search:
    """What a planner looks for in the backlog, and in which order."""

    words: str = ""
    by_demand: bool = False


@dataclass
class Plan:
    """A sprint beside the backlog: promises on top, who has room, what it adds up to."""

    workspace: Workspace
    sprint: Sprint
    others: list[Sprint]
    tasks: list[Task]
    backlog: list[Task]
    waiting: int
    velocity: metrics.Velocity
    people: list[metrics.PersonCapacity]
    search: Search = field(default_factory=Search)

    @cached_property
    def points(self) -> int:
        """The points pulled."""
        return sum(task.points or 0 for task in self.tasks)

    @cached_property
    def kept(self) -> list[Task]:
        """What was promised for this sprint and is in it."""
        return [task for task in self.tasks if task.promised_sprint_id == self.sprint.pk]

    @cached_property
    def planned(self) -> list[Task]:
        """What else is in it."""
        return [task for task in self.tasks if task.promised_sprint_id != self.sprint.pk]

    @cached_property
    def promised(self) -> list[Task]:
        """What was promised for this sprint and is still in the backlog."""
        return [task for task in self.backlog if task.promised_sprint_id == self.sprint.pk]

    @cached_property
    def ranked(self) -> list[Task]:
        """What else waits, in the order asked for."""
        return [task for task in self.backlog if task.promised_sprint_id != self.sprint.pk]

    @property
    def more(self) -> bool:
        """Tell whether the backlog holds more than the page shows."""
        return len(self.backlog) >= MOST_ROWS

    @property
    def average(self) -> int:
        """The average velocity, in whole points; 0 when no sprint is closed."""
        return round(self.velocity.average)

    @property
    def difference(self) -> int:
        """By how much the plan is above the average (below it: less than 0)."""
        return self.points - self.average

    @property
    def distance(self) -> int:
        """By how much the plan and the average differ."""
        return abs(self.difference)

    @property
    def scale(self) -> int:
        """What the gauge measures up to, so that plan and average both have air."""
        return max(round(max(self.average, self.points) * 1.2), 10)

    @property
    def suggestion(self) -> Task | None:
        """The first promise that is not pulled and has points."""
        return next((task for task in self.promised if task.points), None)

    @property
    def suggested_points(self) -> int:
        """What the plan would be with the suggestion."""
        return self.points + ((self.suggestion.points if self.suggestion else 0) or 0)

    @property
    def allowance(self) -> int:
        """How many points of unplanned work the sprint takes: of its commitment, or of the plan."""
        if self.sprint.is_active:
            return metrics.allowance(self.sprint)
        return self.points * self.workspace.unplanned_allowance // 100

    @property
    def unplanned(self) -> int:
        """How many points of unplanned work it has taken."""
        return sum(task.points or 0 for task in self.tasks if task.is_unplanned)

    @property
    def unestimated(self) -> int:
        """How many tasks in it have no points."""
        return sum(task.points is None for task in self.tasks)

    @property
    def overloaded(self) -> list[metrics.PersonCapacity]:
        """Who has more than he can take."""
        return [person for person in self.people if person.over]

    @property
    def running(self) -> Sprint | None:
        """The sprint that runs, when it is another one."""
        return next((sprint for sprint in self.others if sprint.is_active), None)


def read(member: Membership, number: int, search: Search) -> Plan | None:
    """Read a plan in six queries; None unless the sprint is planned or running."""
    workspace = member.workspace
    open_sprints = list(
        Sprint.objects.visible_to(member).exclude(state=SprintState.CLOSED).order_by("number")
    )
    for one in open_sprints:
        one.workspace = workspace
    sprint = next((one for one in open_sprints if one.number == number), None)
    if sprint is None:
        return None
    in_backlog = Task.objects.visible_to(member).backlog()
    in_sprint = Task.objects.visible_to(member).current().filter(sprint=sprint).ranked()
    return Plan(
        workspace=workspace,
        sprint=sprint,
        others=[one for one in open_sprints if one is not sprint],
        tasks=list(in_sprint.for_rows().select_related("column")),
        backlog=list(_searched(in_backlog.for_rows(), sprint, search, workspace)[:MOST_ROWS]),
        waiting=in_backlog.order_by()[: MOST_COUNTED + 1].count(),
        velocity=metrics.velocity(workspace),
        people=metrics.capacity_by_person(sprint),
        search=search,
    )


def _searched(
    tasks: TaskQuerySet, sprint: Sprint, search: Search, workspace: Workspace
) -> TaskQuerySet:
    """Narrow the backlog to what is looked for; promises of this sprint come first either way."""
    found = tasks.promised_first(sprint)
    for word in search.words.split()[:MOST_WORDS]:
        number = word.upper().removeprefix(f"{workspace.key}-")
        named = Q(number=int(number)) if number.isdecimal() and len(number) <= 9 else Q()
        found = found.filter(Q(title__icontains=word) | Q(origin_name__icontains=word) | named)
    if search.by_demand:
        demand = ("promised_here", "-origin_backers", "-origin_value", "position")
        return found.order_by(*demand)
    return found


@dataclass
class SprintRow:
    """A sprint in the list of all, with what was promised to Sales for it."""

    sprint: Sprint
    points: int
    tasks: int
    done: int
    unplanned: int
    promises: list[Task] = field(default_factory=list)


@dataclass
class Sprints:
    """Every sprint: the running one, those ahead, and what the closed ones did."""

    running: SprintRow | None
    planned: list[SprintRow]
    closed: list[SprintRow]
    older: int | None
    velocity: metrics.Velocity


def read_sprints(member: Membership, before: int | None = None) -> Sprints:
    """Read the list of sprints in four queries; `before` continues it behind a closed one."""
    found = _with_sums(Sprint.objects.visible_to(member))
    ahead = list(found.exclude(state=SprintState.CLOSED).order_by("number"))
    closed = found.closed() if before is None else found.closed().filter(number__lt=before)
    page = list(closed[: MOST_CLOSED + 1])
    promises = list(
        Task.objects.visible_to(member)
        .current()
        .filter(promised_sprint__in=[sprint.pk for sprint in ahead])
        .for_rows()
        .ranked()[:MOST_ROWS]
    )
    rows = [_row(member, sprint, promises) for sprint in ahead]
    return Sprints(
        running=next((row for row in rows if row.sprint.is_active), None),
        planned=[row for row in rows if row.sprint.is_planned],
        closed=[_row(member, sprint, []) for sprint in page[:MOST_CLOSED]],
        older=page[MOST_CLOSED - 1].number if len(page) > MOST_CLOSED else None,
        velocity=metrics.velocity(member.workspace),
    )


def _with_sums(sprints: SprintQuerySet) -> SprintQuerySet:
    done = Q(tasks__column__category=Category.DONE)
    return sprints.annotate(
        sum_points=Coalesce(Sum("tasks__points", filter=Q(tasks__archived_at=None)), 0),
        sum_tasks=Count("tasks", filter=Q(tasks__archived_at=None)),
        sum_done=Coalesce(Sum("tasks__points", filter=done), 0),
        sum_unplanned=Coalesce(Sum("tasks__points", filter=Q(tasks__is_unplanned=True)), 0),
    )


def _row(member: Membership, sprint: Sprint, promises: list[Task]) -> SprintRow:
    sprint.workspace = member.workspace
    sums = vars(sprint)
    return SprintRow(
        sprint,
        points=sums["sum_points"],
        tasks=sums["sum_tasks"],
        done=sums["sum_done"],
        unplanned=sums["sum_unplanned"],
        promises=[task for task in promises if task.promised_sprint_id == sprint.pk],
    )
