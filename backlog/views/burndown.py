"""The burndown of a sprint: a page, and what a dialog of the board shows of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backlog import burndown as counting
from backlog import metrics
from backlog.burndown_chart import Chart
from people.access import MemberRequest, member_required
from people.zones import city_of

from .sprints import find_sprint


@require_safe
@member_required
def sprint_burndown(request: MemberRequest, number: int) -> HttpResponse:
    """Show how a sprint's points went, day by day."""
    sprint = find_sprint(request, number)
    burndown = None if sprint.is_planned else counting.read(sprint)
    context = {
        "sprint": sprint,
        "burndown": burndown,
        "chart": Chart(burndown) if burndown else None,
        "velocity": metrics.velocity(sprint.workspace),
        "workspace": sprint.workspace,
        "member": request.member,
        "city": city_of(sprint.workspace.time_zone),
    }
    page = "_burndown" if request.htmx else "burndown"
    return render(request, f"backlog/{page}.html", context)
