"""One property of a task, edited where it stands: in the drawer, on its page, or by itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from activity.changes import Stale
from backlog import actions, policy
from backlog.models import Column, Task
from backlog.property_forms import PROPERTIES, PropertyForm, fingerprint, held
from people.access import MemberRequest, member_required

from .answers import changed_by, find_task, refuse, say, with_toast

# How often a save begins again because others changed other things of the same task meanwhile
TRIES = 5


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
    form = PropertyForm(request.POST, task=found, name=name, reader=request.member)
    if not form.is_valid():
        return _editor(request, found, form, status=422)
    try:
        saved, other = _save(request, found, form)
    except Stale:
        return _conflict(request, key, name)
    except ValidationError as error:
        refuse(form, error)
        return _editor(request, found, form, status=422)
    return _saved(request, saved, form, other)


def _columns(request: MemberRequest, found: Task) -> HttpResponse:
    """Offer the columns; the card's own move does the rest."""
    if not request.htmx or request.method == "POST":
        return redirect("task_move", found.workspace.slug, found.key)
    context = {**_context(request, found, "status"), "editing": "status"}
    context["columns"] = Column.objects.filter(workspace=found.workspace)
    return render(request, "backlog/_property.html", context)


def _save(request: MemberRequest, found: Task, form: PropertyForm) -> tuple[Task, str]:
    """Save one property; return the task, and who changed something else of it meanwhile.

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
            return saved, other
    raise told


def _saved(request: MemberRequest, saved: Task, form: PropertyForm, other: str) -> HttpResponse:
    text = _("%(what)s of %(key)s: saved.") % {"what": form.label, "key": saved.key}
    if other:
        text += " " + _("%(who)s changed something else meanwhile, and that is kept.") % {
            "who": other
        }
    if request.htmx:
        return with_toast(_property(request, saved.key, form.name), text)
    say(request, text)
    return redirect(f"{saved.get_absolute_url()}#prop-{form.name}")


def _conflict(request: MemberRequest, key: str, name: str) -> HttpResponse:
    """Show what is there now and what was typed: saving again is then a choice."""
    current = find_task(request.member, key)
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
