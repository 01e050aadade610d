"""Numbers of the intake: when answers are due, and how many came in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from backlog import metrics as backlog
from backlog.models import Capacity, Sprint, SprintState, Task

from . import answer_clock
from .models import Request, RequestState
from .tracker import Step, tracker

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet

    from people.models import Workspace

__all__ = [
    "InTime",
    "SprintRoom",
    "Step",
    "answer_due",
    "answered_in_time",
    "due_after_pause",
    "room_in_sprints",
    "tracker",
]


def answer_due(submitted_at: datetime, workspace: Workspace) -> datetime:
    """Return the instant by which this workspace answers what came in then."""
    return answer_clock.due(
        submitted_at,
        zone=workspace.zone,
        days=workspace.answer_days,
        ends=workspace.workday_ends,
    )


def due_after_pause(
    due: datetime, workspace: Workspace, *, since: datetime, until: datetime
) -> datetime:
    """Return when an answer is due after a question to the rep was open from one instant on."""
    return answer_clock.moved_on(
        due, since=since, until=until, zone=workspace.zone, ends=workspace.workday_ends
    )


@dataclass(frozen=True)
class InTime:
    """How many answers came in time, of how many that were given or fell due."""

    in_time: int
    total: int

    @property
    def percent(self) -> int | None:
        """The share in per cent, rounded down so that 100 means all; None without any."""
        return 100 * self.in_time // self.total if self.total else None


def answered_in_time(workspace: Workspace, since: datetime, until: datetime) -> InTime:
    """Count the answers of a period. One that fell due in it and still waits was not in time."""
    answered = Q(answered_at__gte=since, answered_at__lt=until)
    missed = Q(state=RequestState.WAITING, answer_due_at__gte=since, answer_due_at__lt=until)
    counted = Request.objects.filter(answered | missed, workspace=workspace).aggregate(
        total=Count("pk"),
        in_time=Count("pk", filter=Q(answered_at__lte=F("answer_due_at"))),
    )
    return InTime(in_time=counted["in_time"], total=counted["total"])


@dataclass(frozen=True)
class SprintRoom:
    """How full a sprint is, in points: what is pulled or promised, of what it can take."""

    sprint: Sprint
    taken: int
    capacity: int

    @property
    def is_full(self) -> bool:
        """Tell whether one more promise would be one too many."""
        return 0 < self.capacity <= self.taken


def room_in_sprints(workspace: Workspace, planned: int = 3) -> list[SprintRoom]:
    """Return the running sprint, if any, and the next ones; two queries.

    A sprint can take what the team said it has; where nobody said, the average of the last three.
    """
    open_tasks = Task.objects.filter(archived_at=None).order_by()
    pulled = open_tasks.filter(sprint=OuterRef("pk")).values("sprint")
    promised = open_tasks.filter(sprint=None, promised_sprint=OuterRef("pk"))
    said = Capacity.objects.filter(sprint=OuterRef("pk")).order_by().values("sprint")
    sprints = (
        Sprint.objects.filter(workspace=workspace)
        .exclude(state=SprintState.CLOSED)
        .annotate(
            pulled=_points(pulled),
            promised=_points(promised.values("promised_sprint")),
            said=_points(said),
        )
        .order_by("state", "number")  # active comes before planned
    )
    average = round(backlog.velocity(workspace).average)
    rooms = []
    for sprint in sprints[: planned + 1]:
        sprint.workspace = workspace
        counted = vars(sprint)  # the annotations
        taken = counted["pulled"] + counted["promised"]
        rooms.append(SprintRoom(sprint, taken, counted["said"] or average))
    return rooms if rooms and rooms[0].sprint.is_active else rooms[:planned]


def _points(grouped: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(grouped.annotate(total=Sum("points")).values("total")), 0)
