"""What a task waits for: added, ended and taken back on its page and in the drawer."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activity.changes import Stale
from backlog import actions, policy
from backlog.blocking_forms import WaitChangeForm, WaitForm
from backlog.models import Task, Wait
from people.access import MemberRequest, member_required

from .answers import find_task, refuse, undo_or_posted
from .hanging_part import changed, part, refused

PART = "backlog/_waiting.html"

# Which field a rule's no belongs to, by its code
FIELD_OF = dict.fromkeys(("itself", "cycle", "twice", "already_done"), "other")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_waits(request: MemberRequest, key: str) -> HttpResponse:
    """Ask what a task waits for, and note it."""
    found = _editable(request, key)
    if request.method != "POST":
        return part(request, found, PART, wait_form=WaitForm(workspace=found.workspace))
    form = WaitForm(request.POST, workspace=found.workspace)
    if form.is_valid():
        try:
            made = actions.add_wait(found, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            _refuse(form, error)
        else:
            back = _address("wait_end", found, made)
            return changed(request, found, PART, _("%(key)s waits.") % {"key": found.key}, back)
    return part(request, found, PART, status=422, wait_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def wait_edit(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Show the form of a wait, or save it: another thing, another day."""
    found, wait = _editable_wait(request, key, pk)
    if request.method != "POST":
        return part(request, found, PART, wait_form=WaitChangeForm.of(wait))
    form = WaitChangeForm.of(wait, undo_or_posted(request))
    if form.is_valid():
        try:
            saved = actions.edit_wait(wait, by=request.member, **form.cleaned_data)
        except Stale:
            return _conflict(request, found, pk)
        except ValidationError as error:
            if "undo" in request.GET or getattr(error, "code", "") in {"ended", "archived"}:
                return refused(request, found, PART, str(error.messages[0]))
            _refuse(form, error)
        else:
            back = f"{_address('wait_edit', found, saved)}&{_as_before(form, saved)}"
            text = _("%(key)s waits for %(what)s.")
            return changed(request, found, PART, text % _words(found, saved), back)
    return part(request, found, PART, status=422, wait_form=form)


def _as_before(form: WaitChangeForm, saved: Wait) -> str:
    """Return what an Undo sends: the words from before, for the wait as it is now."""
    before = {name: form.initial[name] or "" for name in ("other", "thing", "until")}
    return urlencode({**before, "version": saved.version})


def _conflict(request: MemberRequest, found: Task, pk: int) -> HttpResponse:
    """Give back what was typed, over what somebody else said meanwhile."""
    found, wait = _editable_wait(request, found.key, pk)
    if "undo" in request.GET:
        text = _("Somebody changed this meanwhile. It says now: “%(what)s”.")
        return refused(request, found, PART, text % {"what": _what(wait, day=True)}, status=409)
    typed = request.POST.copy()
    typed["version"] = str(wait.version)
    form = WaitChangeForm.of(wait, typed)
    told = _("Somebody changed this meanwhile. It says now: “%(what)s”. Save again to keep yours.")
    form.add_error(None, told % {"what": _what(wait, day=True)})
    return part(request, found, PART, status=409, wait_form=form)


@require_POST
@member_required
def wait_end(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Say that a task waits no longer for this."""
    found, wait = _editable_wait(request, key, pk)
    try:
        actions.end_wait(wait, by=request.member)
    except ValidationError as error:
        return refused(request, found, PART, str(error.messages[0]))
    text = _("%(key)s waits no longer for %(what)s.")
    back = _address("wait_reopen", found, wait)
    return changed(request, found, PART, text % _words(found, wait), back)


@require_POST
@member_required
def wait_reopen(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Take back that a task waits no longer for this."""
    found, wait = _editable_wait(request, key, pk)
    try:
        actions.reopen_wait(wait, by=request.member)
    except ValidationError as error:
        return refused(request, found, PART, str(error.messages[0]))
    return changed(request, found, PART, _("%(key)s waits again.") % {"key": found.key})


def _editable(request: MemberRequest, key: str) -> Task:
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    return found


def _editable_wait(request: MemberRequest, key: str, pk: int) -> tuple[Task, Wait]:
    found = _editable(request, key)
    wait = found.waits.select_related("other").filter(pk=pk).first()
    if wait is None:
        raise Http404
    wait.workspace = found.workspace
    if wait.other is not None:
        wait.other.workspace = found.workspace
    return found, wait


def _words(found: Task, wait: Wait) -> dict[str, str]:
    return {"key": found.key, "what": _what(wait)}


def _what(wait: Wait, *, day: bool = False) -> str:
    """Say what is waited for, and until when."""
    if wait.other is not None:
        return str(wait.other.key)
    if not day or wait.until is None:
        return wait.thing
    return f"{wait.thing}, {date_format(wait.until, 'D j M')}"


def _refuse(form: WaitForm, error: ValidationError) -> None:
    field = FIELD_OF.get(getattr(error, "code", "") or "")
    if field is None:
        refuse(form, error)
    else:
        form.add_error(field, error)


def _address(name: str, found: Task, wait: Wait) -> str:
    return reverse(name, args=[found.workspace.slug, found.key, wait.pk]) + "?undo=1"
