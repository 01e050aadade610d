"""Pages that span apps: the front door and the homes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activity import clock
from people.access import MemberRequest, member_required, signed_in
from people.models import Membership, Role
from sprintboard import homes


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Lead a person to a workspace: the only one, or a choice."""
    members = list(Membership.objects.at_home(signed_in(request))[:50])
    if len(members) == 1:
        return redirect(members[0].workspace)
    return render(request, "sprintboard/front_door.html", {"members": members})


HOMES = {
    Role.MARKETER: (homes.for_marketer, "sprintboard/home_marketer.html"),
    Role.SALES: (homes.for_sales, "sprintboard/home_sales.html"),
    Role.MANAGER: (homes.for_manager, "sprintboard/home_manager.html"),
}


@require_safe
@member_required
def home(request: MemberRequest) -> HttpResponse:
    """Show each role its own front page."""
    read, template = HOMES[Role(request.member.role)]
    context = {
        "home": read(request.member),
        "workspace": request.member.workspace,
        "member": request.member,
        "part_of_day": homes.greeting(timezone.localtime(clock.now())),
        "today": request.member.workspace.today(),
    }
    return render(request, template, context)
