"""What a task made: links that are added, changed and removed on its page and in the drawer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backlog import actions, policy
from backlog.forms import DeliverableForm
from backlog.models import Deliverable, Task
from people.access import MemberRequest, member_required

from .answers import find_task, refuse, say, with_toast
from .task_page import show


@require_POST
@member_required
def task_deliverables(request: MemberRequest, key: str) -> HttpResponse:
    """Add a link to what a task made."""
    found = _editable(request, key)
    form = DeliverableForm(request.POST)
    if form.is_valid():
        try:
            actions.add_deliverable(found, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _changed(request, found, _("The link is added."), adding=True)
    if request.htmx:
        return _list(request, found, status=422, deliverable_form=form)
    return show(request, found, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def deliverable_edit(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Call a link something else, or let it lead elsewhere."""
    found, link = _editable_link(request, key, pk)
    if request.method != "POST":
        typed = {"label": link.label, "url": link.url}
        return _editor(request, found, link, DeliverableForm(initial=typed, **_ids(link)))
    form = DeliverableForm(request.POST, **_ids(link))
    if form.is_valid():
        try:
            actions.edit_deliverable(link, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _changed(request, found, _("The link is changed."), focus_link=link.pk)
    return _editor(request, found, link, form, status=422)


@require_POST
@member_required
def deliverable_remove(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Take a link away."""
    found, link = _editable_link(request, key, pk)
    try:
        actions.remove_deliverable(link, by=request.member)
    except ValidationError as error:
        text = str(error.messages[0])
        if request.htmx:
            return with_toast(_list(request, found, status=422), text)
        return show(request, found, status=422, refused=text)
    return _changed(request, found, _("The link is removed."), adding=True)


def _editable(request: MemberRequest, key: str) -> Task:
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    return found


def _editable_link(request: MemberRequest, key: str, pk: int) -> tuple[Task, Deliverable]:
    found = _editable(request, key)
    link = found.deliverables.filter(pk=pk).first()
    if link is None:
        raise Http404
    link.workspace = found.workspace
    return found, link


def _ids(link: Deliverable) -> dict[str, Any]:
    """Give the fields names of their own: the form to add a link stands on the same page."""
    return {"auto_id": f"link-{link.pk}-%s"}


def _editor(
    request: MemberRequest,
    found: Task,
    link: Deliverable,
    form: DeliverableForm,
    status: int = 200,
) -> HttpResponse:
    if request.htmx:
        form.fields["label"].widget.attrs["autofocus"] = True
        return _list(request, found, status=status, renamed=link, rename_form=form)
    return show(request, found, status=status, renamed=link, rename_form=form)


def _changed(request: MemberRequest, found: Task, text: str, **focus: Any) -> HttpResponse:
    """Answer with the links as they are now; the focus stays where the person was."""
    if request.htmx:
        return with_toast(_list(request, found, **focus), text)
    say(request, text)
    return redirect(f"{found.get_absolute_url()}#deliverables")


def _list(request: MemberRequest, found: Task, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "task": found,
        "workspace": request.member.workspace,
        "deliverables": list(found.deliverables.all()),
        "deliverable_form": DeliverableForm(),
        "can_edit": found.archived_at is None,
        **more,
    }
    return render(request, "backlog/_deliverables.html", context, status=status)
