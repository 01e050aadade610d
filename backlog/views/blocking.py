"""Impediments: on their task, and the list of them all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.changes import Stale
from backlog import actions, policy
from backlog.blocking_forms import BlockForm, ImpedimentForm, ResolveForm
from backlog.hanging import impediments, resolve_form
from backlog.models import Impediment, Task
from people.access import MemberRequest, member_required

from .answers import find_task, refuse, with_toast
from .hanging_part import changed, part, refused, target_of

# What the answer goes into, by its id: the whole list, or the place for a form in one of its rows
LIST, ROW = "impediments", "impediment-form-"
PAGE = "backlog/impediments.html"
ROWS = f"{PAGE}#list"
PART = "backlog/_impediment.html"


@require_safe
@member_required
def impediment_list(request: MemberRequest) -> HttpResponse:
    """Show all that blocks anything, the reader's own first; everybody may look."""
    return _page(request, ROWS if target_of(request) == LIST else PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_block(request: MemberRequest, key: str) -> HttpResponse:
    """Ask what blocks a task and who removes it, or change what was said."""
    found = find_task(request.member, key)
    impediment = _open(found)
    if impediment is not None:
        return _edit(request, found, impediment)
    if not policy.can_block_task(request.member, found):
        raise PermissionDenied
    workspace = request.member.workspace
    if request.method != "POST":
        owner = actions.default_owner(workspace, request.member)
        form = BlockForm(workspace=workspace, initial={"owner": owner.pk if owner else None})
        return _form(request, found, form)
    form = BlockForm(request.POST, workspace=workspace)
    if form.is_valid():
        try:
            made = actions.block_task(found, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _changed(request, found, _blocked(request, made), undo="task_unblock")
    return _form(request, found, form, status=422)


@require_POST
@member_required
def task_unblock(request: MemberRequest, key: str) -> HttpResponse:
    """Say that nothing blocks a task any more, and what helped."""
    found = find_task(request.member, key)
    impediment = _open(found)
    if impediment is None:
        if not policy.can_settle_impediment(request.member, found):
            raise PermissionDenied
        text = _("%(key)s is not blocked.") % {"key": found.key}
        return _refused(request, found, text)
    if not policy.can_settle_impediment(request.member, impediment):
        raise PermissionDenied
    in_list = target_of(request) == LIST
    form = resolve_form(impediment, request.POST) if in_list else ResolveForm(request.POST)
    if form.is_valid():
        try:
            actions.resolve_impediment(impediment, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            text = _("%(key)s is not blocked any more.") % {"key": found.key}
            return _changed(request, found, text, undo="impediment_reopen", pk=impediment.pk)
    if in_list:
        return _fragment_of_list(request, status=422, typed={impediment.pk: form})
    return part(request, found, PART, status=422, resolve_form=form)


@require_POST
@member_required
def impediment_reopen(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Take back that an impediment is resolved."""
    found = find_task(request.member, key)
    impediment = found.impediments.select_related("owner").filter(pk=pk).first()
    if impediment is None:
        raise Http404
    impediment.workspace = found.workspace
    if not policy.can_settle_impediment(request.member, impediment):
        raise PermissionDenied
    try:
        actions.reopen_impediment(impediment, by=request.member)
    except ValidationError as error:
        return _refused(request, found, str(error.messages[0]))
    return _changed(request, found, _("%(key)s is blocked again.") % {"key": found.key})


def _edit(request: MemberRequest, found: Task, impediment: Impediment) -> HttpResponse:
    """Show the form of an open impediment, or save it."""
    if not policy.can_settle_impediment(request.member, impediment):
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, found, ImpedimentForm.of(impediment))
    form = ImpedimentForm.of(impediment, request.POST)
    if form.is_valid():
        try:
            saved = actions.edit_impediment(impediment, by=request.member, **form.cleaned_data)
        except Stale:
            return _edit_conflict(request, found)
        except ValidationError as error:
            refuse(form, error)
        else:
            text = _("%(key)s is with %(name)s.")
            words = {"key": found.key, "name": saved.owner.first_name}
            return _changed(request, found, text % words)
    return _form(request, found, form, status=422)


def _edit_conflict(request: MemberRequest, found: Task) -> HttpResponse:
    """Give back what was typed, over what somebody else said meanwhile."""
    impediment = _open(find_task(request.member, found.key))
    if impediment is None:
        return _refused(request, found, _("It does not block any more."))
    typed = request.POST.copy()
    typed["version"] = str(impediment.version)
    form = ImpedimentForm.of(impediment, typed)
    told = _(
        "Somebody changed this meanwhile. It says now: “%(reason)s”, with %(name)s. "
        "Save again to keep yours."
    )
    words = {"reason": impediment.reason, "name": impediment.owner.first_name}
    form.add_error(None, told % words)
    return _form(request, found, form, status=409)


def _open(found: Task) -> Impediment | None:
    if not found.is_blocked:
        return None
    impediment = Impediment.objects.select_related("owner").filter(task=found).open().first()
    if impediment is not None:
        impediment.workspace = found.workspace
    return impediment


def _blocked(request: MemberRequest, made: Impediment) -> str:
    words = {"key": made.task.key, "name": made.owner.first_name}
    if made.owner_id == request.member.pk:
        return _("%(key)s is blocked. You remove it.") % words
    return _("%(key)s is blocked. %(name)s is told in a minute.") % words


# Answers: of the list, or of the task ------------------------------------------------------------


def _is_of_list(request: MemberRequest) -> bool:
    target = target_of(request)
    return target == LIST or target.startswith(ROW)


def _changed(
    request: MemberRequest, found: Task, text: str, *, undo: str = "", pk: int | None = None
) -> HttpResponse:
    back = ""
    if undo and "undo" not in request.GET:  # what is taken back is not offered again
        more = [] if pk is None else [pk]
        leads_to = {"next": reverse("impediments", args=[found.workspace.slug])}
        query = urlencode({"undo": 1, **(leads_to if target_of(request) == LIST else {})})
        back = reverse(undo, args=[found.workspace.slug, found.key, *more]) + f"?{query}"
    if _is_of_list(request):
        return with_toast(_fragment_of_list(request), text, back)
    return changed(request, found, PART, text, back)


def _refused(request: MemberRequest, found: Task, text: str) -> HttpResponse:
    if _is_of_list(request):
        return with_toast(_fragment_of_list(request, status=422), text)
    return refused(request, found, PART, text)


def _form(request: MemberRequest, found: Task, form: BlockForm, status: int = 200) -> HttpResponse:
    """Show the form where it was asked for: in the list's row, or on the task."""
    if target_of(request).startswith(ROW):
        context = {"task": found, "form": form, "workspace": found.workspace, "in_list": True}
        context["impediment"] = _open(found)
        return render(request, "backlog/_block_form.html", context, status=status)
    return part(request, found, PART, status=status, block_form=form)


def _fragment_of_list(request: MemberRequest, status: int = 200, **more: Any) -> HttpResponse:
    answer = _page(request, ROWS, status, **more)
    answer["HX-Retarget"], answer["HX-Reswap"] = f"#{LIST}", "outerHTML"
    return answer


def _page(
    request: MemberRequest,
    template: str,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    shown = impediments(request.member, **more)
    context = {
        "shown": shown,
        "workspace": request.member.workspace,
        "finding": _finding(len(shown.rows)),
    }
    return render(request, template, context, status=status)


def _finding(number: int) -> str:
    if not number:
        return _("Nothing is blocked")
    return ngettext("%(number)s task is blocked", "%(number)s tasks are blocked", number) % {
        "number": number
    }
