"""Numbers of the intake: when answers are due, and how many came in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q

from . import answer_clock
from .models import Request, RequestState
from .tracker import Step, tracker

if TYPE_CHECKING:
    from people.models import Workspace

__all__ = ["InTime", "Step", "answer_due", "answered_in_time", "tracker"]


def answer_due(submitted_at: datetime, workspace: Workspace) -> datetime:
    """Return the instant by which this workspace answers what came in then."""
    return answer_clock.due(
        submitted_at,
        zone=workspace.zone,
        days=workspace.answer_days,
        ends=workspace.workday_ends,
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
