"""Sprints: the list of all, the goal and dates of one, and its start."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from activity.changes import Stale
from activity.forms import PageForm, strange_address
from backlog import actions, planning, policy
from backlog.forms import VersionForm
from backlog.models import Sprint
from backlog.planning_forms import SprintForm
from people.access import MemberRequest, member_required

from .answers import next_address, refuse, say


def find_sprint(request: MemberRequest, number: int) -> Sprint:
    """Return a sprint of the reader's workspace. Raises Http404 for any other number."""
    sprint = Sprint.objects.visible_to(request.member).filter(number=number).first()
    if sprint is None:
        raise Http404
    sprint.workspace = request.member.workspace
    return sprint


@require_safe
@member_required
def sprints(request: MemberRequest) -> HttpResponse:
    """List the sprints: what runs, what is promised for those ahead, what the closed ones did."""
    asked = PageForm(request.GET)
    if not asked.is_valid():
        messages.warning(request, strange_address(asked))
    before = asked.cleaned_data.get("before")
    context = {
        "sprints": planning.read_sprints(request.member, before),
        "before": before,
        "workspace": request.member.workspace,
        "can_plan": policy.can_plan(request.member, request.member.workspace),
    }
    return render(request, "backlog/sprints.html", context, status=400 if asked.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def sprint_edit(request: MemberRequest, number: int) -> HttpResponse:
    """Change a sprint's goal, how it is measured, and its dates."""
    sprint = find_sprint(request, number)
    if not policy.can_plan(request.member, sprint):
        raise PermissionDenied
    if sprint.is_closed:
        return redirect("sprints", sprint.workspace.slug)
    if request.method != "POST":
        return _edit_page(request, sprint, SprintForm(instance=sprint))
    form = SprintForm(request.POST, instance=sprint)
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            edited = actions.edit_sprint(
                sprint, by=request.member, version=version, **form.values()
            )
        except ValidationError as error:
            refuse(form, error)
        except Stale as stale:
            return _edited_meanwhile(request, number, form, stale)
        else:
            say(request, _("Sprint %(number)s is saved.") % {"number": edited.number})
            return redirect(next_address(request, _list_address(request)))
    return _edit_page(request, sprint, form, status=422)


def _edited_meanwhile(
    request: MemberRequest, number: int, form: SprintForm, stale: Stale
) -> HttpResponse:
    """Keep what was typed beside what the other one saved; sending it again is a decision."""
    current = find_sprint(request, number)
    form.add_error(None, str(stale))
    form.data = {**request.POST.dict(), "version": str(current.version)}
    return _edit_page(request, current, form, status=409, meanwhile=current)


def _edit_page(
    request: MemberRequest,
    sprint: Sprint,
    form: SprintForm,
    status: int = 200,
    meanwhile: Sprint | None = None,
) -> HttpResponse:
    context = {
        "sprint": sprint,
        "form": form,
        "meanwhile": meanwhile,
        "workspace": sprint.workspace,
        "next": next_address(request, _list_address(request)),
    }
    return render(request, "backlog/sprint_edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def sprint_start(request: MemberRequest, number: int) -> HttpResponse:
    """Say what starting a sprint means, and start it."""
    plan = planning.read(request.member, number, planning.Search())
    if plan is None:
        find_sprint(request, number)  # a closed sprint is there; any other number is not
        return redirect("sprints", request.member.workspace.slug)
    if not policy.can_start_sprint(request.member, plan.sprint):
        raise PermissionDenied
    if request.method != "POST":
        if plan.sprint.is_active:
            return redirect("board", request.member.workspace.slug)
        return _start_page(request, plan, VersionForm())
    form = VersionForm(request.POST)
    if form.is_valid():
        try:
            started = actions.start_sprint(
                plan.sprint, by=request.member, version=form.cleaned_data["version"]
            )
        except ValidationError as error:
            refuse(form, error)
        except Stale as stale:
            form.add_error(None, str(stale))
            return _start_page(request, plan, form, status=409)
        else:
            say(
                request,
                _("Sprint %(number)s has started with %(points)s points.")
                % {"number": started.number, "points": started.committed_points},
            )
            return redirect("board", request.member.workspace.slug)
    return _start_page(request, plan, form, status=422)


def _start_page(
    request: MemberRequest, plan: planning.Plan, form: VersionForm, status: int = 200
) -> HttpResponse:
    context = {"plan": plan, "form": form, "workspace": plan.workspace}
    return render(request, "backlog/start.html", context, status=status)


def _list_address(request: MemberRequest) -> str:
    return reverse("sprints", args=[request.member.workspace.slug])
