"""The backlog: one ranked list; it is filled by pasting, changed by rank and in bulk."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.changes import Stale
from activity.forms import strange_address
from backlog import actions, listing, policy
from backlog.forms import SORTS, BacklogFilter, BulkForm, QuickAddForm, RankForm
from backlog.models import Sprint, Task, TaskQuerySet
from people.access import MemberRequest, member_required

from .answers import (
    address,
    changed_by,
    find_task,
    neighbour,
    next_address,
    refuse,
    say,
    sent,
    with_toast,
)

PAGE = 100
# Beyond this a count is "1000+": counting 100,000 rows costs more than it tells
COUNTED = 1000


# Reading --------------------------------------------------------------------------------------


@require_safe
@member_required
def backlog(request: MemberRequest) -> HttpResponse:
    """Show the ranked list, a page at a time."""
    form = BacklogFilter(request.GET, workspace=request.member.workspace)
    if not form.is_valid():
        return _everything(request, strange_address(form))
    return _page(request, form)


def _everything(request: MemberRequest, problem: str) -> HttpResponse:
    """Show the top of the whole list, and say why it is not what the address asked for."""
    request.GET = QueryDict("")
    form = BacklogFilter(request.GET, workspace=request.member.workspace)
    form.is_valid()
    return _page(request, form, problem=problem, status=400)


def _page(
    request: MemberRequest,
    form: BacklogFilter,
    *,
    problem: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    asked = form.cleaned_data
    name = asked.get("sort") or "rank"
    order = listing.ORDERS[name]
    found = listing.found(request.member, asked)
    cursor = listing.cursor(asked, order) if asked.get("after") else None
    if asked.get("after") and cursor is None:
        return _everything(request, _("This page of the list is gone. Here is its top."))
    listed = order.sorted(found.for_rows())
    tasks = list((order.after(listed, cursor[0]) if cursor else listed)[: PAGE + 1])
    frame = _frame(request, form, asked, name)
    above = cursor[1] if cursor else 0
    ranked = name == "rank" and not frame["filtered"] and not frame["archived"]
    picked = more.get("picked", ())
    context = {
        **frame,
        "tasks": tasks[:PAGE],
        "rows": [
            (task, above + place if ranked else 0, task.pk in picked)
            for place, task in enumerate(tasks[:PAGE], 1)
        ],
        "problem": problem,
        "before": above,
        "total": _counted(found, cursor, tasks),
        "next_page": _next_page(request, order, cursor, tasks),
        "top_page": _with(request.GET),
        **more,
    }
    template = "backlog/backlog.html#list" if _wants_list(request) else "backlog/backlog.html"
    return render(request, template, context, status=status)


def _counted(found: TaskQuerySet, cursor: tuple[list[int], int] | None, tasks: list[Task]) -> str:
    if cursor is None and len(tasks) <= PAGE:
        return str(len(tasks))
    count = found.order_by().values("pk")[: COUNTED + 1].count()
    return f"{COUNTED}+" if count > COUNTED else str(count)


def _next_page(
    request: MemberRequest,
    order: listing.Order,
    cursor: tuple[list[int], int] | None,
    tasks: list[Task],
) -> str:
    if len(tasks) <= PAGE:
        return ""
    rank = (cursor[1] if cursor else 0) + PAGE
    after = ".".join(str(value) for value in (*order.values(tasks[PAGE - 1]), rank))
    return _with(request.GET, after=after)


def _with(query: QueryDict, **changes: str) -> str:
    """Return this page's address with other parameters; an empty one is left out."""
    changed = query.copy()
    changed.pop("after", None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    for name in [name for name in changed if not changed[name]]:
        changed.pop(name)
    return f"?{changed.urlencode()}" if changed else "?"


def _frame(
    request: MemberRequest, form: BacklogFilter, asked: dict[str, Any], sort: str
) -> dict[str, Any]:
    """Return what surrounds the list: tabs, sorting, and what this reader may do."""
    workspace = request.member.workspace
    show = asked.get("show") or ""
    may_edit = policy.can_edit_tasks(request.member, workspace)
    filtered = any(asked.get(name) for name in ("q", "channel", "campaign", "assignee", "show"))
    can_rank = may_edit and sort == "rank" and not filtered
    views = form.fields["show"].choices  # type: ignore[attr-defined]
    return {
        "form": form,
        "workspace": workspace,
        "may_edit": may_edit,
        "archived": show == "archived",
        "can_edit": may_edit and show != "archived",
        "can_rank": can_rank,
        "menu": "rank" if can_rank else "move" if may_edit and show != "archived" else "",
        "filtered": filtered,
        "sort": sort,
        "views": [(_with(request.GET, show=key), label, key == show) for key, label in views],
        "sorts": [
            (_with(request.GET, sort="" if key == "rank" else key), label, key == sort)
            for key, label in SORTS
        ],
        "kept": [(k, v) for k, v in request.GET.items() if k in {"show", "sort"} and v],
        "plannable": _next_sprint(request) if may_edit else None,
        "here": _here(request),
        "bulk": [
            ("assignee", _("Assignee"), _("Nobody"), form.things["assignee"], "assign"),
            ("campaign", _("Campaign"), _("No campaign"), form.things["campaign"], "campaign"),
            ("channel", _("Channel"), _("No channel"), form.things["channel"], "channel"),
        ],
    }


def _here(request: MemberRequest) -> str:
    """Return the address of the list that is shown, also when a form was posted elsewhere."""
    path = reverse("backlog", args=[request.member.workspace.slug])
    return f"{path}?{request.GET.urlencode()}" if request.GET else path


def _next_sprint(request: MemberRequest) -> Sprint | None:
    return Sprint.objects.visible_to(request.member).planned().first()


def _wants_list(request: MemberRequest) -> bool:
    return bool(request.htmx) and (request.htmx.target or "").endswith("backlog-list")


# Filling --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def quick_add(request: MemberRequest) -> HttpResponse:
    """Make a task of each pasted line."""
    workspace = request.member.workspace
    if not policy.can_edit_tasks(request.member, workspace):
        raise PermissionDenied
    form = QuickAddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_tasks(
                workspace,
                by=request.member,
                titles=form.cleaned_data["lines"],
                at_top=form.cleaned_data["where"] != "end",
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            say(request, _added(made, on_top=form.cleaned_data["where"] != "end"))
            return redirect("backlog", workspace.slug)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "workspace": workspace}
    return render(request, "backlog/quick_add.html", context, status=status)


def _added(made: list[Task], *, on_top: bool) -> str:
    where = _("on top") if on_top else _("at the end")
    return ngettext(
        "%(count)s task added %(where)s.", "%(count)s tasks added %(where)s.", len(made)
    ) % {"count": len(made), "where": where}


# Ranking --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_rank(request: MemberRequest, key: str) -> HttpResponse:
    """Move a task in the backlog's order: a step, to an end, or beside another one."""
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    if request.method != "POST":
        return _rank_page(request, found)
    form = RankForm(sent(request, "to", "before", "after"))
    if not form.is_valid():
        return _rank_page(request, found, str(next(iter(form.errors.values()))[0]), 422)
    asked = form.cleaned_data
    way_back = _way_back(found)
    try:
        place = _place(request, found, asked)
        ranked = actions.rank_task(found, by=request.member, version=asked["version"], **place)
    except Stale:
        return _ranked_meanwhile(request, key)
    except ValidationError as error:
        return _rank_page(request, found, str(error.messages[0]), 422)
    if ranked.version == found.version or "undo" in request.GET:
        return _ranked(request, ranked)
    undo = address("task_rank", ranked, undo=1, version=ranked.version, **way_back)
    return _ranked(request, ranked, undo)


def _way_back(found: Task) -> dict[str, str]:
    """Return what an Undo posts to bring a task back to where it is now."""
    others = Task.objects.current().filter(workspace=found.workspace, sprint=found.sprint_id)
    above = others.filter(position__lt=found.position).ranked().last()
    return {"to": "top"} if above is None else {"after": f"{found.workspace.key}-{above.number}"}


def _place(request: MemberRequest, found: Task, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the verb takes: an end, or a neighbour."""
    to = asked["to"]
    if to in {"top", "bottom"}:
        return {to: True}
    others = Task.objects.visible_to(request.member).current().filter(sprint=found.sprint_id)
    if to == "up":
        above = others.filter(position__lt=found.position).ranked().last()
        return {"before": above} if above else {"top": True}
    if to == "down":
        below = others.filter(position__gt=found.position).ranked().first()
        return {"after": below} if below else {"bottom": True}
    return {
        "before": neighbour(request.member, asked["before"]),
        "after": neighbour(request.member, asked["after"]),
    }


def _ranked(request: MemberRequest, ranked: Task, undo: str = "") -> HttpResponse:
    above = Task.objects.visible_to(request.member).backlog().filter(position__lt=ranked.position)
    words = {"key": ranked.key, "rank": above.count() + 1}
    text = _("%(key)s has rank %(rank)s now.") % words
    here = next_address(request, reverse("backlog", args=[ranked.workspace.slug]))
    if _wants_list(request):
        return with_toast(_list_again(request, here), text, undo)
    say(request, text, undo)
    return redirect(f"{here}#row-{ranked.pk}")


def _list_again(request: MemberRequest, here: str, status: int = 200) -> HttpResponse:
    """Render the list that the person looks at, which is not the address that was posted to."""
    request.GET = QueryDict(here.partition("?")[2])
    form = BacklogFilter(request.GET, workspace=request.member.workspace)
    if not form.is_valid():
        request.GET = QueryDict("")
        form = BacklogFilter(request.GET, workspace=request.member.workspace)
        form.is_valid()
    return _page(request, form, status=status)


def _ranked_meanwhile(request: MemberRequest, key: str) -> HttpResponse:
    current = find_task(request.member, key)
    text = _("%(key)s stays where it is: %(who)s changed it first.") % {
        "key": current.key,
        "who": changed_by(current),
    }
    if _wants_list(request):
        here = next_address(request, reverse("backlog", args=[current.workspace.slug]))
        return with_toast(_list_again(request, here, status=409), text)
    return _rank_page(request, current, text, 409)


def _rank_page(
    request: MemberRequest, found: Task, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "task": found,
        "workspace": request.member.workspace,
        "problem": problem,
        "places": RankForm.base_fields["to"].choices,  # type: ignore[attr-defined]
        "next": next_address(request, ""),
    }
    return render(request, "backlog/task_rank.html", context, status=status)


# In bulk --------------------------------------------------------------------------------------


@require_POST
@member_required
def backlog_bulk(request: MemberRequest) -> HttpResponse:
    """Change or archive every ticked task in one step."""
    member = request.member
    if not policy.can_edit_tasks(member, member.workspace):
        raise PermissionDenied
    here = next_address(request, reverse("backlog", args=[member.workspace.slug]))
    form = BulkForm(request.POST, workspace=member.workspace)
    if not form.is_valid():
        return _bulk_refused(request, here, str(next(iter(form.errors.values()))[0]))
    ids = [task.pk for task in form.cleaned_data["task"]]
    try:
        if changes := form.changes():
            actions.bulk_edit(member.workspace, by=member, task_ids=ids, **changes)
            text = ngettext("%(count)s task changed.", "%(count)s tasks changed.", len(ids))
        else:
            actions.bulk_archive(member.workspace, by=member, task_ids=ids)
            text = ngettext("%(count)s task archived.", "%(count)s tasks archived.", len(ids))
    except ValidationError as error:
        return _bulk_refused(request, here, str(error.messages[0]))
    say(request, text % {"count": len(ids)})
    return redirect(here)


def _bulk_refused(request: MemberRequest, here: str, problem: str) -> HttpResponse:
    """Show the same list with the ticks kept, and why nothing was changed."""
    picked = {int(pk) for pk in request.POST.getlist("task") if pk.isdecimal() and len(pk) < 19}
    request.GET = QueryDict(here.partition("?")[2])
    form = BacklogFilter(request.GET, workspace=request.member.workspace)
    if not form.is_valid():
        return _everything(request, problem)
    return _page(request, form, status=422, bulk_problem=problem, picked=picked)
