"""What a task made: links that are added, changed and removed on its page and in the drawer."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

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
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    form = DeliverableForm(request.POST)
    if form.is_valid():
        try:
            actions.add_deliverable(found, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            return _deliverables_changed(request, found, _("The link is added."))
    return show(request, found, form, status=422)


@require_POST
@member_required
def deliverable_remove(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """Take a link away."""
    found = find_task(request.member, key)
    if not policy.can_edit_tasks(request.member, found):
        raise PermissionDenied
    link = Deliverable.objects.filter(task=found, pk=pk).first()
    if link is None:
        raise Http404
    try:
        actions.remove_deliverable(link, by=request.member)
    except ValidationError as error:
        return show(request, found, status=422, refused=str(error.messages[0]))
    return _deliverables_changed(request, found, _("The link is removed."))


def _deliverables_changed(request: MemberRequest, found: Task, text: str) -> HttpResponse:
    if request.htmx:
        again = find_task(request.member, found.key)
        return with_toast(show(request, again), text)
    say(request, text)
    return redirect(found.get_absolute_url())
