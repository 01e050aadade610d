"""The members page: who is here, who is on the way, and what admins do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity import clock
from activity.changes import Stale
from people import actions as people
from people import policy
from people.access import MemberRequest, member_required
from people.forms import InviteForm, MemberForm
from people.models import Invitation, Membership
from sprintboard import actions
from sprintboard.errors import first_message


@require_safe
@member_required
def members(request: MemberRequest) -> HttpResponse:
    """Show who is here; admins also see who is invited and who was here."""
    return _page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def members_invite(request: MemberRequest) -> HttpResponse:
    """Invite people, many at once."""
    _admins_only(request)
    if request.method != "POST":
        return render(request, "people/invite.html", _context(request, form=InviteForm()))
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invited = actions.invite_people(
                request.member.workspace, by=request.member, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _told(invited))
            return redirect("members", request.member.workspace.slug)
    return render(request, "people/invite.html", _context(request, form=form), status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def member_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change what a member does here."""
    _admins_only(request)
    member = _member(request, pk)
    if request.method != "POST":
        return _member_page(request, member, MemberForm(member))
    form = MemberForm(member, request.POST)
    if form.is_valid():
        try:
            people.change_member(member, by=request.member, **form.cleaned_data)
        except Stale:
            form = MemberForm(_member(request, pk), request.POST, again=True)
            return _member_page(request, _member(request, pk), form, status=409, conflict=True)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            said = _("%(name)s: saved. It holds from the next page on.")
            messages.success(request, said % {"name": member.shown_name})
            return redirect("members", request.member.workspace.slug)
    return _member_page(request, member, form, status=422)


@require_POST
@member_required
def member_deactivate(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a member's way in."""
    _admins_only(request)
    member = _member(request, pk)
    try:
        people.deactivate_member(member, by=request.member)
    except ValidationError as error:
        form = MemberForm(member)
        return _member_page(request, member, form, status=422, refused=first_message(error))
    said = _("%(name)s has no way in any more. What they did stays.")
    messages.success(request, said % {"name": member.shown_name})
    if member.pk == request.member.pk:
        return redirect("front_door")
    return redirect("members", request.member.workspace.slug)


@require_POST
@member_required
def member_reactivate(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a former member in again."""
    _admins_only(request)
    member = people.reactivate_member(_member(request, pk), by=request.member)
    messages.success(request, _("%(name)s is back.") % {"name": member.shown_name})
    return redirect("members", request.member.workspace.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def members_leave(request: MemberRequest) -> HttpResponse:
    """Say what leaving means, and go."""
    member = request.member
    if request.method != "POST":
        return render(request, "people/leave.html", {"workspace": member.workspace})
    if request.POST.get("leave") != "yes":
        return render(request, "people/leave.html", {"workspace": member.workspace}, status=422)
    try:
        people.leave_workspace(member)
    except ValidationError as error:
        context = {"workspace": member.workspace, "refused": first_message(error)}
        return render(request, "people/leave.html", context, status=422)
    messages.success(request, _("You left %(name)s.") % {"name": member.workspace.name})
    return redirect("front_door")


@require_POST
@member_required
def invitation_resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Mail a new link in place of the old one."""
    said = _("%(address)s gets a new mail. The old link ended.")
    return _settle(request, pk, actions.resend_invitation, said)


@require_POST
@member_required
def invitation_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """End a link."""
    said = _("The invitation of %(address)s is withdrawn.")
    return _settle(request, pk, actions.revoke_invitation, said)


def _settle(
    request: MemberRequest, pk: int, verb: Callable[..., object], said: str
) -> HttpResponse:
    """Do something with an open invitation, and say so on the page of the members."""
    invitation = _invitation(request, pk)
    try:
        verb(invitation, by=request.member)
    except ValidationError as error:
        return _page(request, status=422, refused=first_message(error))
    messages.success(request, said % {"address": invitation.address})
    return redirect("members", request.member.workspace.slug)


def _admins_only(request: MemberRequest) -> None:
    if not policy.can_manage_people(request.member):
        raise PermissionDenied


def _member(request: MemberRequest, pk: int) -> Membership:
    found = get_object_or_404(
        Membership.objects.visible_to(request.member).select_related("user"), pk=pk
    )
    found.workspace = request.member.workspace
    return found


def _invitation(request: MemberRequest, pk: int) -> Invitation:
    _admins_only(request)
    found = get_object_or_404(Invitation.objects.visible_to(request.member), pk=pk)
    found.workspace = request.member.workspace
    return found


def _context(request: MemberRequest, **more: Any) -> dict[str, Any]:
    return {"workspace": request.member.workspace, "member": request.member, **more}


def _page(request: MemberRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    may_manage = policy.can_manage_people(request.member)
    everyone = list(
        Membership.objects.visible_to(request.member)
        .select_related("user")
        .order_by("shown_name", "pk")
    )
    here = [member for member in everyone if member.is_active and member.user.is_active]
    invited = Invitation.objects.visible_to(request.member).unanswered()
    context = _context(
        request,
        groups=_by_role(here),
        count=len(here),
        gone=[member for member in everyone if not member.is_active] if may_manage else [],
        invited=list(invited.select_related("inviter").order_by("address")) if may_manage else [],
        may_manage=may_manage,
        now=clock.now(),
        **more,
    )
    return render(request, "people/members.html", context, status=status)


def _by_role(here: list[Membership]) -> list[tuple[str, str, list[Membership]]]:
    groups = (
        ("marketer", _("Marketing")),
        ("sales", _("Sales")),
        ("manager", _("Managers")),
    )
    found = [
        (role, title, [member for member in here if member.role == role]) for role, title in groups
    ]
    return [group for group in found if group[2]]


def _member_page(
    request: MemberRequest,
    member: Membership,
    form: MemberForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = _context(request, other=member, form=form, **more)
    return render(request, "people/member.html", context, status=status)


def _told(invited: people.Invited) -> str:
    """Say what became of a list of addresses."""
    said = []
    if invited.made:
        amount = len(invited.made)
        mails = ngettext(
            "One invitation is on its way.", "%(n)s invitations are on their way.", amount
        )
        said.append(mails % {"n": amount})
    if invited.members:
        here = ngettext(
            "%(who)s is here already.", "%(who)s are here already.", len(invited.members)
        )
        said.append(here % {"who": _listed(invited.members)})
    if invited.invited:
        known = ngettext(
            "%(who)s has an invitation already.",
            "%(who)s have invitations already.",
            len(invited.invited),
        )
        said.append(known % {"who": _listed(invited.invited)})
    return " ".join(said)


def _listed(addresses: list[str]) -> str:
    more = len(addresses) - 3
    names = addresses if more < 2 else [*addresses[:3], _("%(n)s others") % {"n": more}]
    return str(get_text_list(names, _("and")))
