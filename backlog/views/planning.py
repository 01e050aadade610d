"""Planning: the backlog beside a sprint, pulling and returning tasks, the goal, and capacity."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.changes import Stale
from activity.forms import strange_address
from backlog import actions, metrics, planning, policy
from backlog.forms import VersionForm
from backlog.models import Sprint, Task
from backlog.planning_forms import CapacityForm, GoalForm, PullForm, SearchForm
from people.access import MemberRequest, member_required

from .answers import address, find_task, next_address, refuse, say, sent, with_toast
from .sprints import find_sprint


@require_safe
@member_required
def plan_sprint(request: MemberRequest, number: int) -> HttpResponse:
    """Show the backlog beside a planned or the running sprint; a closed one is in the list."""
    asked = SearchForm(request.GET)
    if not asked.is_valid():
        messages.warning(request, strange_address(asked))
    answer = _plan(request, number, request.GET, 400 if asked.errors else 200)
    if answer is None:
        find_sprint(request, number)
        return redirect("sprints", request.member.workspace.slug)
    return answer


def _plan(
    request: MemberRequest,
    number: int,
    query: QueryDict,
    status: int = 200,
    goal: GoalForm | None = None,
) -> HttpResponse | None:
    form = SearchForm(query)
    plan = planning.read(request.member, number, form.search())
    if plan is None:
        return None
    path = reverse("plan_sprint", args=[plan.workspace.slug, number])
    context = {
        "plan": plan,
        "sprint": plan.sprint,
        "workspace": plan.workspace,
        "can_plan": policy.can_plan(request.member, plan.sprint),
        "capacity": CapacityForm(people=plan.people),
        "here": f"{path}?{query.urlencode()}" if query else path,
        "goal": goal,
    }
    page = "backlog/planning.html#plan" if request.htmx else "backlog/planning.html"
    return render(request, page, context, status=status)


def _answer(
    request: MemberRequest, number: int, text: str, undo: str = "", status: int = 200
) -> HttpResponse:
    """Answer a verb on the plan: the plan anew for htmx, a page of its own otherwise."""
    home = reverse("plan_sprint", args=[request.member.workspace.slug, number])
    back = next_address(request, home)
    if request.htmx:
        fragment = _plan(request, number, QueryDict(urlsplit(back).query), status)
        if fragment is not None:
            return with_toast(fragment, text, undo)
    say(request, text, undo)
    return redirect(back)


def _planner(request: MemberRequest, owner: Sprint | Task) -> None:
    if not policy.can_plan(request.member, owner):
        raise PermissionDenied


@require_POST
@member_required
def sprint_goal(request: MemberRequest, number: int) -> HttpResponse:
    """Keep the goal that was typed in place."""
    sprint = find_sprint(request, number)
    _planner(request, sprint)
    form = GoalForm(request.POST)
    if not form.is_valid():
        return _goal_again(request, sprint, form)
    try:
        actions.edit_sprint(
            sprint,
            by=request.member,
            version=form.cleaned_data["version"],
            goal=form.cleaned_data["goal"],
        )
    except ValidationError as error:
        refuse(form, error)
        return _goal_again(request, sprint, form)
    except Stale as stale:
        if not request.htmx:
            raise
        return _answer(request, number, str(stale), status=409)
    return _answer(request, number, _("The goal is saved."))


def _goal_again(request: MemberRequest, sprint: Sprint, form: GoalForm) -> HttpResponse:
    """Show the plan with the goal as it was typed, and what is wrong with it."""
    home = reverse("plan_sprint", args=[sprint.workspace.slug, sprint.number])
    query = QueryDict(urlsplit(next_address(request, home)).query)
    page = _plan(request, sprint.number, query, 422, goal=form)
    return page or redirect("sprints", sprint.workspace.slug)  # a closed one has no plan


# Pull and return ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_pull(request: MemberRequest, key: str) -> HttpResponse:
    """Pull a task into a sprint; the running one asks why, on a page of its own."""
    task = find_task(request.member, key)
    _planner(request, task)
    if request.method != "POST":
        wanted = {"sprint": request.GET.get("sprint"), "version": task.version}
        return _pull_page(request, task, PullForm(member=request.member, initial=wanted))
    data = sent(request, "version")
    form = PullForm(data, member=request.member)
    if not form.is_valid():
        return _not_pulled(request, task, form)
    try:
        pulled = actions.pull_task(task, by=request.member, **form.values())
    except ValidationError as error:
        refuse(form, error)
        return _not_pulled(request, task, form)
    except Stale as stale:
        return _changed_meanwhile(request, task, stale, form.cleaned_data["sprint"])
    number = form.cleaned_data["sprint"].number
    text = _("%(key)s is in sprint %(number)s.") % {"key": pulled.key, "number": number}
    undo = address("task_return", pulled, version=pulled.version, keep="rank", next=_here(request))
    return _answer(request, number, text, undo)


def _not_pulled(request: MemberRequest, task: Task, form: PullForm) -> HttpResponse:
    sprint: Sprint | None = form.cleaned_data.get("sprint")
    if request.htmx and "next" in request.POST and sprint is not None:
        first = next(iter(form.errors.values()))[0]
        return _answer(request, sprint.number, str(first), status=422)
    return _pull_page(request, task, form, status=422)


def _pull_page(
    request: MemberRequest, task: Task, form: PullForm, status: int = 200
) -> HttpResponse:
    chosen = form.chosen()
    room = metrics.unplanned_room(_of(request, chosen)) if chosen else None
    context = {
        "task": task,
        "form": form,
        "sprint": chosen,
        "room": room,
        "over": room is not None and (task.points or 0) > room.left,
        "workspace": request.member.workspace,
        "next": next_address(request, reverse("backlog", args=[request.member.workspace.slug])),
    }
    return render(request, "backlog/pull.html", context, status=status)


def _of(request: MemberRequest, sprint: Sprint) -> Sprint:
    sprint.workspace = request.member.workspace
    return sprint


@require_POST
@member_required
def task_return(request: MemberRequest, key: str) -> HttpResponse:
    """Return a task to the backlog."""
    task = find_task(request.member, key)
    _planner(request, task)
    came_from = task.sprint
    data = sent(request, "version")
    form = VersionForm(data)
    if came_from is None or not form.is_valid():
        return redirect(next_address(request, task.get_absolute_url()))
    try:
        back = actions.return_task(
            task,
            by=request.member,
            version=form.cleaned_data["version"],
            keep_rank=data.get("keep") == "rank",
        )
    except ValidationError as error:
        return _answer(request, came_from.number, str(error.messages[0]), status=422)
    except Stale as stale:
        return _changed_meanwhile(request, task, stale, came_from)
    text = _("%(key)s is back in the backlog.") % {"key": back.key}
    undo = address(
        "task_pull", back, version=back.version, sprint=came_from.number, next=_here(request)
    )
    return _answer(request, came_from.number, text, undo)


def _changed_meanwhile(
    request: MemberRequest, task: Task, stale: Stale, sprint: Sprint
) -> HttpResponse:
    """Show the plan as it now is, and say that nothing was saved."""
    if not request.htmx:
        raise stale
    text = _("%(key)s was changed by somebody else first. Nothing was saved.") % {"key": task.key}
    return _answer(request, sprint.number, text, status=409)


def _here(request: MemberRequest) -> str:
    return next_address(request, "")


# Capacity -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def sprint_capacity(request: MemberRequest, number: int) -> HttpResponse:
    """Ask how many points each person can take, and keep it."""
    sprint = find_sprint(request, number)
    _planner(request, sprint)
    if sprint.is_closed:
        raise Http404
    people = metrics.capacity_by_person(sprint)
    form = CapacityForm(request.POST or None, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_capacities(sprint, by=request.member, capacities=form.values())
        except ValidationError as error:
            refuse(form, error)
        else:
            return _answer(request, number, _("The capacity is saved."))
    context = {"form": form, "sprint": sprint, "workspace": sprint.workspace}
    status = 422 if request.method == "POST" else 200
    return render(request, "backlog/capacity.html", context, status=status)
