"""Pages that span apps: the front door and the homes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from activity import clock
from people import actions as people
from people import invitations
from people.access import MemberRequest, member_required, signed_in
from people.models import Membership, Role
from people.policy import may_found
from sprintboard import homes
from sprintboard.first_run.steps import Wizard
from sprintboard.my_work import MyWork


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Lead a person to a workspace: the only one, a choice, an invitation, or a new one."""
    user = signed_in(request)
    members = list(Membership.objects.at_home(user)[:50])
    invited = [] if members else invitations.waiting_for(user)
    if len(members) == 1:
        return redirect(members[0].workspace)
    draft, room = Wizard(user), may_found()
    if room and not (members or invited or draft.is_begun):
        return redirect("workspace_new")
    context = {
        "members": members,
        "invited": invited,
        "draft": draft if room and draft.is_begun else None,
        "may_found": room,
    }
    return render(request, "sprintboard/front_door.html", context)


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


@require_safe
@member_required
def my_work(request: MemberRequest) -> HttpResponse:
    """Show a member what is his, what is due first on top."""
    context = {
        "work": MyWork(request.member),
        "workspace": request.member.workspace,
        "member": request.member,
    }
    return render(request, "sprintboard/my_work.html", context)


@require_POST
@member_required
def first_steps_hide(request: MemberRequest) -> HttpResponse:
    """Put the first steps away for this reader."""
    people.hide_first_steps(request.member)
    return redirect("board", request.member.workspace.slug)
