"""A task: making it, editing it in one form, moving it, putting it away."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activity.changes import Stale
from backlog import actions, listing, policy
from backlog.board import Board, board_of
from backlog.forms import MoveForm, NewTaskForm, TaskForm, VersionForm
from backlog.models import Column, Sprint, SprintState, Task
from people.access import MemberRequest, member_required

from .answers import (
    address,
    changed_by,
    find_card,
    find_task,
    neighbour,
    next_address,
    refuse,
    say,
    sent,
    where,
    who_was_first,
    with_toast,
)
from .board import fragment
from .task_page import show

# Making and editing ---------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def new_task(request: MemberRequest) -> HttpResponse:
    """Ask for a new task, and make it."""
    member = request.member
    if not policy.can_edit_tasks(member, member.workspace):
        raise PermissionDenied
    column = _column_of(request)
    if request.method != "POST":
        wanted = request.GET.get("sprint", "")
        form = NewTaskForm(workspace=member.workspace, initial={"sprint": wanted, "at_top": True})
        return _new_task_page(request, form, column)
    form = NewTaskForm(request.POST, workspace=member.workspace)
    if form.is_valid():
        try:
            made = actions.create_task(
                member.workspace, by=member, column=column, **_asked(form), **form.values()
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            return _made(request, made)
    return _new_task_page(request, form, column, status=422)


def _asked(form: NewTaskForm) -> dict[str, Any]:
    names = ("sprint", "at_top", "reason", "swap_out", "over_reason")
    return {name: form.cleaned_data[name] for name in names}


def _column_of(request: MemberRequest) -> Column | None:
    """Return the column that the board's plus named; none for the first."""
    wanted = request.POST.get("column") or request.GET.get("column") or ""
    if not wanted.isdecimal() or len(wanted) > 18:
        return None
    return Column.objects.filter(workspace=request.member.workspace, pk=int(wanted)).first()


def _made(request: MemberRequest, made: Task) -> HttpResponse:
    sentence = _("%(key)s is in %(where)s.") % {"key": made.key, "where": where(made)}
    say(request, sentence, address("task_archive", made, version=made.version))
    home = "board" if made.sprint is not None and made.sprint.is_active else "backlog"
    return redirect(next_address(request, reverse(home, args=[made.workspace.slug])))


def _new_task_page(
    request: MemberRequest, form: NewTaskForm, column: Column | None, status: int = 200
) -> HttpResponse:
    active = Sprint.objects.visible_to(request.member).active().first()
    context = {
        "form": form,
        "column": column,
        "active": active,
        "workspace": request.member.workspace,
        "next": next_address(request, ""),
    }
    return render(request, "backlog/task_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_edit(request: MemberRequest, key: str) -> HttpResponse:
    """Show the one form that edits a task, and save it."""
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    workspace = request.member.workspace
    if request.method != "POST":
        return _edit_page(request, found, TaskForm(instance=found, workspace=workspace))
    form = TaskForm(request.POST, instance=find_task(request.member, key), workspace=workspace)
    if form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            saved = actions.edit_task(found, by=request.member, version=version, **form.values())
        except Stale:
            return _edit_conflict(request, key)
        except ValidationError as error:
            refuse(form, error)
        else:
            say(request, _("%(key)s is saved.") % {"key": saved.key})
            return redirect(next_address(request, saved.get_absolute_url()))
    return _edit_page(request, found, form, status=422)


def _edit_conflict(request: MemberRequest, key: str) -> HttpResponse:
    """Show what was typed on top of what is there now: saving again is then a choice."""
    current = find_task(request.member, key)
    typed = request.POST.copy()
    typed["version"] = str(current.version)
    workspace = request.member.workspace
    form = TaskForm(typed, instance=find_task(request.member, key), workspace=workspace)
    now = TaskForm(instance=current, workspace=workspace)
    differing = [
        {"label": now[name].label, "now": _readable(now, name)}
        for name in form.changed_data
        if name != "version"
    ]
    context = {"conflict": {"who": changed_by(current), "fields": differing}}
    return _edit_page(request, current, form, status=409, **context)


def _readable(form: TaskForm, name: str) -> str:
    """Return what a field holds, in words."""
    value = form[name].initial
    if value in (None, ""):
        return _("nothing")
    choices = getattr(form.fields[name], "choices", None)
    if choices is not None:
        return next((str(label) for key, label in choices if str(key) == str(value)), str(value))
    return str(value)


def _edit_page(
    request: MemberRequest, found: Task, form: TaskForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "task": found,
        "form": form,
        "workspace": request.member.workspace,
        "next": next_address(request, ""),
        "back": next_address(request, found.get_absolute_url()),
        **more,
    }
    return render(request, "backlog/task_edit.html", context, status=status)


# Moving ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_move(request: MemberRequest, key: str) -> HttpResponse:
    """Move a task by a plain form, by the board's menu, or by an Undo."""
    found = find_card(request.member, key)
    if not policy.can_move_task(request.member, found):
        raise PermissionDenied
    if request.method != "POST":
        return _move_page(request, found, MoveForm(task=found))
    form = MoveForm(sent(request, "column", "sprint", "backlog"), task=found)
    if not form.is_valid():
        return _not_moved(request, found, form)
    undo = _way_back(found)
    try:
        moved = _move(request, found, form.cleaned_data)
    except Stale:
        return _moved_meanwhile(request, key, form.cleaned_data["version"])
    except ValidationError as error:
        refuse(form, error)
        return _not_moved(request, found, form)
    return _moved(request, found, moved, undo, undone="undo" in request.GET)


def _move(request: MemberRequest, found: Task, asked: dict[str, Any]) -> Task:
    version = asked["version"]
    if asked["backlog"]:
        return actions.return_task(
            found, by=request.member, version=version, reason=asked["reason"]
        )
    if asked["sprint"]:
        why = {name: asked[name] for name in ("reason", "swap_out", "over_reason")}
        return actions.pull_task(
            found, by=request.member, version=version, sprint=asked["sprint"], **why
        )
    before = neighbour(request.member, asked["before"])
    after = neighbour(request.member, asked["after"])
    if before is None and after is None:
        first, last = listing.ends_of(found, asked["column"])
        before, after = (None, last) if asked["place"] == "bottom" else (first, None)
    return actions.move_task(
        found,
        by=request.member,
        version=version,
        column=asked["column"],
        before=before,
        after=after,
        undo="undo" in request.GET,
    )


def _way_back(found: Task) -> dict[str, object]:
    """Return what an Undo posts to bring a task back to where it is now."""
    if found.sprint is None:
        return {"backlog": 1}
    if not found.sprint.is_active:
        return {"sprint": found.sprint_id}
    above = listing.ABOVE.first(
        sprint=found.sprint.pk, column=found.column_id, position=found.position
    )
    if above is None:
        return {"column": found.column_id, "place": "top"}
    return {"column": found.column_id, "after": f"{found.workspace.key}-{above}"}


def _undo_address(found: Task, moved: Task, way_back: dict[str, object]) -> str:
    left_sprint = found.sprint is not None and moved.sprint_id != found.sprint_id
    if left_sprint and found.sprint is not None and found.sprint.is_active:
        why = found.unplanned_reason or _("Taken back at once")
        way_back = {"sprint": found.sprint_id, "reason": why, "over_reason": why}
    return address("task_move", moved, undo=1, version=moved.version, **way_back)


def _moved(
    request: MemberRequest, found: Task, moved: Task, undo: dict[str, object], *, undone: bool
) -> HttpResponse:
    board = board_of(request.member.workspace)
    text = _sentence(board, moved, undone=undone)
    if found.is_blocked and not moved.is_blocked:
        text += " " + _("What blocked it is over.")
    back = "" if undone or moved.version == found.version else _undo_address(found, moved, undo)
    if _wants_board(request):
        return with_toast(fragment(request), text, back)
    say(request, text, back)
    home = "board" if board.place_of(moved) or (found.sprint and found.sprint.is_active) else ""
    otherwise = reverse(home or "backlog", args=[moved.workspace.slug])
    return redirect(next_address(request, otherwise))


def _sentence(board: Board, moved: Task, *, undone: bool) -> str:
    place = board.place_of(moved)
    if place is None:
        words = {"key": moved.key, "where": where(moved)}
        if undone:
            return _("%(key)s is back in %(where)s.") % words
        return _("%(key)s moved to %(where)s.") % words
    column, number = place
    words = {
        "key": moved.key,
        "where": column.column.name,
        "place": str(number),
        "count": str(column.count),
    }
    text = _("%(key)s moved to %(where)s, position %(place)s of %(count)s.") % words
    if undone:
        text = _("%(key)s is back in %(where)s, position %(place)s of %(count)s.") % words
    if column.limit_state == "at":
        return text + " " + _("%(where)s is at its limit.") % words
    if column.limit_state == "over":
        return text + " " + _("%(where)s is over its limit.") % words
    return text


def _wants_board(request: MemberRequest) -> bool:
    return bool(request.htmx) and (request.htmx.target or "").endswith("board-live")


def _moved_meanwhile(request: MemberRequest, key: str, version: int) -> HttpResponse:
    """Say who was first and where the card is now; nothing is overwritten."""
    current = find_task(request.member, key)
    text = _("%(key)s stays in %(where)s: %(first)s.") % {
        "key": current.key,
        "where": where(current),
        "first": who_was_first(current, version),
    }
    if _wants_board(request):
        return with_toast(fragment(request, status=409), text)
    return _move_page(request, current, MoveForm(task=current), status=409, conflict=text)


def _not_moved(request: MemberRequest, found: Task, form: MoveForm) -> HttpResponse:
    if not _wants_board(request):
        return _move_page(request, found, form, status=422)
    first = next(iter(form.errors.values()))[0]
    return with_toast(fragment(request, status=422), str(first))


def _move_page(
    request: MemberRequest, found: Task, form: MoveForm, status: int = 200, **more: Any
) -> HttpResponse:
    coming = Sprint.objects.visible_to(request.member).exclude(state=SprintState.CLOSED)
    sprints = [one for one in coming.order_by("number") if one.pk != found.sprint_id]
    context = {
        "task": found,
        "form": form.offer_all(),
        "workspace": request.member.workspace,
        "columns": Column.objects.filter(workspace=request.member.workspace),
        "sprints": sprints,
        "running": next((sprint for sprint in sprints if sprint.is_active), None),
        "on_board": found.sprint is not None and found.sprint.is_active,
        "place": where(found),
        "next": next_address(request, ""),
        **more,
    }
    return render(request, "backlog/task_move.html", context, status=status)


# Putting away ---------------------------------------------------------------------------------


@require_POST
@member_required
def task_archive(request: MemberRequest, key: str) -> HttpResponse:
    """Put a task away."""
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    form = VersionForm(sent(request, "version"))
    if not form.is_valid():
        return _refused(request, found, ValidationError(_("Look at the task, then archive it.")))
    try:
        version = form.cleaned_data["version"]
        archived = actions.archive_task(found, by=request.member, version=version)
    except ValidationError as error:
        return _refused(request, found, error)
    sentence = _("%(key)s is archived.") % {"key": archived.key}
    if _wants_board(request):
        return with_toast(fragment(request), sentence, address("task_restore", archived))
    say(request, sentence, address("task_restore", archived))
    home = "board" if found.sprint is not None and found.sprint.is_active else "backlog"
    return redirect(next_address(request, reverse(home, args=[found.workspace.slug])))


@require_POST
@member_required
def task_restore(request: MemberRequest, key: str) -> HttpResponse:
    """Bring a task back from the archive."""
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    try:
        restored = actions.restore_task(found, by=request.member)
    except ValidationError as error:
        return _refused(request, found, error)
    sentence = _("%(key)s is back, in %(where)s.") % {
        "key": restored.key,
        "where": where(restored),
    }
    if _wants_board(request):
        return with_toast(fragment(request), sentence)
    say(request, sentence)
    return redirect(next_address(request, restored.get_absolute_url()))


def _refused(request: MemberRequest, found: Task, error: ValidationError) -> HttpResponse:
    """Tell a rule's no on the task's own page."""
    text = str(error.messages[0])
    if _wants_board(request):
        return with_toast(fragment(request, status=422), text)
    return show(request, found, status=422, refused=text)
