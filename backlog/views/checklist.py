"""The checklist of a task: each step is a form, on its page and in the drawer."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import actions, policy
from backlog.forms import StepForm, StepMoveForm, StepsForm, TickForm
from backlog.models import ChecklistItem, Task
from people.access import MemberRequest, member_required

from .answers import find_task, refuse, say, with_toast
from .task_page import show


@require_POST
@member_required
def task_checklist(request: MemberRequest, key: str) -> HttpResponse:
    """Add steps, a line each."""
    found = _editable(request, key)
    form = StepsForm(request.POST)
    if form.is_valid():
        try:
            made = actions.add_checklist(
                found, by=request.member, lines=form.cleaned_data["lines"].splitlines()
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            text = _("The step is added.") if len(made) == 1 else _("The steps are added.")
            return _changed(request, key, text, adding=True)
    if request.htmx:
        return _list(request, found, form, status=422)
    return show(request, found, status=422, steps_form=form)


@require_POST
@member_required
def step_tick(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Tick a step, or take the tick away."""
    found, step = _editable_step(request, key, pk)
    form = TickForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, _("Say whether it is done."))
    try:
        actions.tick(step, by=request.member, done=form.cleaned_data["done"])
    except ValidationError as error:
        return _refused(request, found, error.messages[0])
    return _changed(request, key, focus=pk)


@require_POST
@member_required
def step_rename(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Say a step in other words."""
    found, step = _editable_step(request, key, pk)
    form = StepForm(request.POST)
    if form.is_valid():
        try:
            actions.rename_step(step, by=request.member, text=form.cleaned_data["text"])
        except ValidationError as error:
            refuse(form, error)
        else:
            return _changed(request, key, _("The step is changed."), focus=pk)
    return _refused(request, found, str(next(iter(form.errors.values()))[0]))


@require_POST
@member_required
def step_move(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Move a step up or down by one place."""
    found, step = _editable_step(request, key, pk)
    form = StepMoveForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, _("Say whether it goes up or down."))
    try:
        actions.move_step(step, by=request.member, up=form.cleaned_data["way"] == "up")
    except ValidationError as error:
        return _refused(request, found, error.messages[0])
    return _changed(request, key, focus=pk)


@require_POST
@member_required
def step_remove(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Take a step off the list."""
    found, step = _editable_step(request, key, pk)
    try:
        actions.remove_step(step, by=request.member)
    except ValidationError as error:
        return _refused(request, found, error.messages[0])
    return _changed(request, key, _("The step is removed."))


def _editable(request: MemberRequest, key: str) -> Task:
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    return found


def _editable_step(request: MemberRequest, key: str, pk: int) -> tuple[Task, ChecklistItem]:
    found = _editable(request, key)
    step = found.checklist.filter(pk=pk).first()
    if step is None:
        raise Http404
    step.workspace = found.workspace
    return found, step


def _changed(
    request: MemberRequest, key: str, text: str = "", *, focus: int = 0, adding: bool = False
) -> HttpResponse:
    """Answer with the list as it is now; the focus stays where the person was."""
    found = find_task(request.member, key)
    if request.htmx:
        answer = _list(request, found, focus=focus, adding=adding)
        return with_toast(answer, text) if text else answer
    if text:
        say(request, text)
    return redirect(f"{found.get_absolute_url()}#checklist")


def _refused(request: MemberRequest, found: Task, text: str) -> HttpResponse:
    """Tell a rule's no where the list is."""
    if request.htmx:
        return with_toast(_list(request, found, status=422), text)
    return show(request, found, status=422, refused=text)


def _list(
    request: MemberRequest,
    found: Task,
    form: StepsForm | None = None,
    status: int = 200,
    focus: int = 0,
    adding: bool = False,
) -> HttpResponse:
    form = form or StepsForm()
    if adding or form.is_bound:  # whoever adds steps goes on adding
        form.fields["lines"].widget.attrs["autofocus"] = True
    context = {
        "task": found,
        "workspace": request.member.workspace,
        "steps": list(found.checklist.all()),
        "steps_form": form,
        "focus": focus,
        "adding": adding or form.is_bound,
        "can_edit": found.archived_at is None,
    }
    return render(request, "backlog/_checklist.html", context, status=status)
