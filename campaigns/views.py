"""The campaigns: a list by their time, and one page to read, make and edit each."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from activity.changes import Stale
from people.access import MemberRequest, member_required

from . import actions, policy
from .forms import CampaignForm
from .models import Campaign


@require_safe
@member_required
def campaigns(request: MemberRequest) -> HttpResponse:
    """List the campaigns: current, coming, past."""
    member = request.member
    today = member.workspace.today()
    groups: dict[str, list[Campaign]] = {"current": [], "coming": [], "past": []}
    for campaign in _mine(request).with_task_counts().by_date():
        groups[campaign.when(today)].append(campaign)
    groups["coming"].reverse()  # what begins next comes first
    context = {
        "groups": [
            (_("Current"), groups["current"]),
            (_("Coming"), groups["coming"]),
            (_("Past"), groups["past"]),
        ],
        "any": any(groups.values()),
        "workspace": member.workspace,
        "can_edit": policy.can_edit_campaigns(member, member.workspace),
    }
    return render(request, "campaigns/campaigns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def campaign_new(request: MemberRequest) -> HttpResponse:
    """Ask for a new campaign, and make it."""
    member = request.member
    if not policy.can_edit_campaigns(member, member.workspace):
        raise PermissionDenied
    form = CampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.create_campaign(member.workspace, by=member, **form.values())
        except ValidationError as error:
            _refuse(form, error)
        else:
            return redirect("campaigns", member.workspace.slug)
    return _form_page(request, form, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def campaign(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a campaign; marketers edit it in the same place."""
    found = get_object_or_404(_mine(request).with_task_counts(), pk=pk)
    found.workspace = request.member.workspace
    may_edit = policy.can_edit_campaigns(request.member, found)
    if request.method != "POST":
        return _form_page(request, CampaignForm(instance=found), found, can_edit=may_edit)
    if not may_edit:
        raise PermissionDenied
    form = CampaignForm(request.POST, instance=_again(request, pk))
    if form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            actions.edit_campaign(found, by=request.member, version=version, **form.values())
        except Stale:
            return _conflict(request, pk)
        except ValidationError as error:
            _refuse(form, error)
        else:
            return redirect("campaigns", request.member.workspace.slug)
    return _form_page(request, form, found, status=422, can_edit=True)


def _mine(request: MemberRequest) -> Any:
    return Campaign.objects.visible_to(request.member)


def _again(request: MemberRequest, pk: int) -> Campaign:
    """Return a copy that the form may write on; the page's own stays what is stored."""
    found: Campaign = get_object_or_404(_mine(request), pk=pk)
    return found


def _conflict(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep what was typed on top of what is there now: saving again is then a choice."""
    current = _again(request, pk)
    typed = request.POST.copy()
    typed["version"] = str(current.version)
    form = CampaignForm(typed, instance=_again(request, pk))
    now = [
        {"label": form[name].label, "now": getattr(current, name) or _("nothing")}
        for name in form.changed_data
        if name not in {"version", "hue"}
    ]
    return _form_page(request, form, current, status=409, can_edit=True, conflict=now or True)


def _refuse(form: CampaignForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error)


def _form_page(
    request: MemberRequest,
    form: CampaignForm,
    found: Campaign | None = None,
    status: int = 200,
    *,
    can_edit: bool = True,
    **more: Any,
) -> HttpResponse:
    context = {
        "form": form,
        "campaign": found,
        "workspace": request.member.workspace,
        "can_edit": can_edit,
        **more,
    }
    return render(request, "campaigns/campaign.html", context, status=status)
