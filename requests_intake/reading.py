"""What the homes and other pages show of the intake: few queries, however full it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from activity import clock

from .models import Request
from .tracker import Step, stage, status_line, tracker

if TYPE_CHECKING:
    from people.models import Membership, Workspace


@dataclass(frozen=True)
class TrackedRequest:
    """A request with where it stands: the steps, the last one reached, and a few words."""

    request: Request
    steps: list[Step]
    stage: str
    line: str

    @property
    def is_late(self) -> bool:
        """Tell whether its answer is overdue."""
        return self.request.is_late(clock.now())


def track(request: Request, reader: Membership | None = None) -> TrackedRequest:
    """Compute where a request stands, from what `tracked()` loaded."""
    return TrackedRequest(request, tracker(request, reader), stage(request), status_line(request))


def my_requests(member: Membership, limit: int = 5) -> list[TrackedRequest]:
    """Return a rep's newest requests with their trackers; three queries."""
    newest = Request.objects.visible_to(member).asked_by(member).tracked()[:limit]
    return [track(request, member) for request in newest]


def waiting(workspace: Workspace, limit: int = 50) -> list[Request]:
    """Return what waits for an answer, the one due first on top; one query."""
    queue = Request.objects.filter(workspace=workspace).waiting()
    return list(queue.select_related("requester", "workspace")[:limit])


def overdue(workspace: Workspace, limit: int = 50) -> list[Request]:
    """Return what should have been answered by now, the longest due first; one query."""
    late = Request.objects.filter(workspace=workspace).overdue(clock.now())
    return list(late.select_related("requester", "workspace")[:limit])
