"""What a task says about where it came from: written in each change that touches the demand."""

from __future__ import annotations

from activity.changes import SYSTEM
from backlog import actions as backlog
from backlog.models import Task
from people.models import Workspace
from requests_intake.demand import Deal, worth
from requests_intake.models import Request


def keep_origin(task: Task) -> None:
    """Write on the task who asked for it first, how many others need it, and what hangs on it."""
    asked = list(
        Request.objects.filter(request_tasks__task=task)
        .order_by("number")
        .select_related("requester")
        .with_demand()
    )
    reps = {request.requester_id for request in asked}
    reps |= {backing.backer_id for request in asked for backing in request.backers}
    deals: list[Deal] = []
    for request in asked:
        deals += [request, *request.backers]
    backlog.set_origin(
        task,
        by=SYSTEM,
        name=asked[0].requester.shown_name if asked else "",
        backers=max(len(reps) - 1, 0),
        value=worth(deals),
    )


def keep_origins(request: Request, workspace: Workspace) -> None:
    """Do so for every task that serves a request."""
    for task in Task.objects.filter(request_tasks__request=request).order_by("pk"):
        task.workspace = workspace
        keep_origin(task)
