"""Pages that span apps: the front door and the homes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from people.access import MemberRequest, member_required
from people.models import User, Workspace


def front_door(request: HttpRequest) -> HttpResponse:
    """Lead a person to a workspace: the only one, or a choice."""
    assert isinstance(request.user, User)  # noqa: S101  LoginRequiredMiddleware let nobody else in
    workspaces = list(Workspace.objects.of(request.user)[:50])
    if len(workspaces) == 1:
        return redirect(workspaces[0])
    return render(request, "sprintboard/front_door.html", {"workspaces": workspaces})


@member_required
def home(request: MemberRequest) -> HttpResponse:
    """Show each role its own front page."""
    return render(request, "sprintboard/home.html", {})
