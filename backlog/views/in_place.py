"""One property of a task, edited where it stands: in the drawer, on its page, or by itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from activity.changes import Stale
from backlog import actions, policy
from backlog.models import Column, Task
from backlog.property_forms import PROPERTIES, PropertyForm, fingerprint, held, sent_as
from people.access import MemberRequest, member_required

from .answers import changed_by, find_task, refuse, say, undo_or_posted, with_toast
from .board import fragment
from .hanging_part import target_of
from .task_page import show

# How often a save begins again because others changed other things of the same task meanwhile
TRIES = 5
# What an Undo sends stands in its address, which a header brings: proxies keep 4 kB for all of them
LONGEST_ADDRESS = 2_000


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def task_property(request: MemberRequest, key: str, name: str) -> HttpResponse:
    """Show the form of one property, and save it."""
    found = find_task(request.member, key)
    if name not in {*PROPERTIES, "status"}:
        raise Http404
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    if name == "status":
        return _columns(request, found)
    if request.method != "POST":
        return _editor(request, found, PropertyForm(task=found, name=name, reader=request.member))
    form = PropertyForm(undo_or_posted(request), task=found, name=name, reader=request.member)
    if not form.is_valid():
        return _refused(request, found, form)
    try:
        saved, before, other = _save(request, found, form)
    except Stale:
        return _conflict(request, key, form)
    except ValidationError as error:
        refuse(form, error)
        return _refused(request, found, form)
    return _saved(request, saved, form, _undo_address(saved, before, form), other)


def _columns(request: MemberRequest, found: Task) -> HttpResponse:
    """Offer the columns; the card's own move does the rest."""
    if not request.htmx or request.method == "POST":
        return redirect("task_move", found.workspace.slug, found.key)
    context = {**_context(request, found, "status"), "editing": "status"}
    context["columns"] = Column.objects.filter(workspace=found.workspace)
    return render(request, "backlog/_property.html", context)


def _save(request: MemberRequest, found: Task, form: PropertyForm) -> tuple[Task, Task, str]:
    """Save one property; return the task, as it was before, and who changed another meanwhile.

    Raises Stale when somebody changed this very property since the person saw it.
    """
    version, other = form.cleaned_data["version"], ""
    [wanted] = form.values().values()
    mine = {form.cleaned_data["seen"], fingerprint(wanted)}
    for _try in range(TRIES):
        try:
            saved = actions.edit_task(found, by=request.member, version=version, **form.values())
        except Stale as stale:
            found = find_task(request.member, found.key)
            if fingerprint(held(found, form.name)) not in mine:
                raise
            version, other = found.version, changed_by(found)
            told = stale
        else:
            return saved, found, other
    raise told


def _undo_address(saved: Task, before: Task, form: PropertyForm) -> str:
    """Return what an Undo posts: the former value, over the one that stands there now.

    Empty when nothing changed, and for words that an address has no room for.
    """
    if saved.version == before.version:
        return ""
    [now] = form.values().values()
    path = reverse("task_property", args=[saved.workspace.slug, saved.key, form.name])
    former = {
        "version": saved.version,
        "seen": fingerprint(now),
        form.name: sent_as(held(before, form.name)),
    }
    undo = f"{path}?{urlencode({'undo': 1, **former})}"
    return undo if len(undo) <= LONGEST_ADDRESS else ""


def _saved(
    request: MemberRequest, saved: Task, form: PropertyForm, undo: str, other: str
) -> HttpResponse:
    undone = "undo" in request.GET
    words = {"what": form.label, "key": saved.key}
    said = _("%(what)s of %(key)s: as before.") if undone else _("%(what)s of %(key)s: saved.")
    text, undo = said % words, "" if undone else undo
    if other:
        text += " " + _("%(who)s changed something else meanwhile, and that is kept.") % {
            "who": other
        }
    if target_of(request) == "board-live":
        return with_toast(fragment(request), text)
    if request.htmx:
        return with_toast(_property(request, saved.key, form.name), text, undo)
    say(request, text, undo)
    return redirect(f"{saved.get_absolute_url()}#prop-{form.name}")


def _refused(request: MemberRequest, found: Task, form: PropertyForm) -> HttpResponse:
    """Bring the form back; an Undo has none, and says what is wrong."""
    if "undo" not in request.GET:
        return _editor(request, found, form, status=422)
    return _not_undone(request, found, str(next(iter(form.errors.values()))[0]), status=422)


def _not_undone(request: MemberRequest, found: Task, text: str, status: int) -> HttpResponse:
    if target_of(request) == "board-live":
        return with_toast(fragment(request, status=status), text)
    return show(request, find_task(request.member, found.key), status=status, refused=text)


def _conflict(request: MemberRequest, key: str, form: PropertyForm) -> HttpResponse:
    """Show what is there now and what was typed: saving again is then a choice."""
    name = form.name
    current = find_task(request.member, key)
    if "undo" in request.GET:
        text = _("%(what)s of %(key)s stays: %(who)s changed it first.") % {
            "what": form.label,
            "key": key,
            "who": changed_by(current),
        }
        return _not_undone(request, current, text, status=409)
    typed = request.POST.copy()
    typed["version"] = str(current.version)
    typed["seen"] = fingerprint(held(current, name))
    form = PropertyForm(typed, task=current, name=name, reader=request.member)
    who = changed_by(current)
    answer = _editor(request, current, form, status=409, conflict=who)
    return with_toast(answer, _("%(who)s was first. Yours is kept, and not saved.") % {"who": who})


def _editor(
    request: MemberRequest, found: Task, form: PropertyForm, status: int = 200, **more: Any
) -> HttpResponse:
    """Answer with the form: in its place for htmx, else on a page of its own."""
    context = {**_context(request, found, form.name), "editing": form.name, "editor": form, **more}
    page = "backlog/_property.html" if request.htmx else "backlog/task_property.html"
    return render(request, page, context, status=status)


def _property(request: MemberRequest, key: str, name: str) -> HttpResponse:
    """Answer with the property as it is now, with the focus on it."""
    context = _context(request, find_task(request.member, key), name)
    return render(request, "backlog/_property.html", {**context, "focus": name})


def _context(request: MemberRequest, found: Task, name: str) -> dict[str, Any]:
    return {
        "task": found,
        "workspace": request.member.workspace,
        "name": name,
        "label": PROPERTIES.get(name, ""),
        "can_edit": found.archived_at is None,
        "drawer": bool(request.POST.get("drawer") or request.GET.get("drawer")),
    }
