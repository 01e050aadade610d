"""The outbox, as those see it who look after it: what did not simply arrive, and why."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from activity.forms import PageForm, strange_address
from people.access import MemberRequest, member_required

from . import actions, policy
from .models import OutboxItem, OutboxQuerySet
from .showing import shown_to

PAGE = 50


@require_safe
@member_required
def outbox(request: MemberRequest) -> HttpResponse:
    """List what needs a person, and what will be tried again, the newest first."""
    member = request.member
    if not policy.can_see_outbox(member):
        raise PermissionDenied
    form = PageForm(request.GET)
    if not form.is_valid():
        messages.warning(request, strange_address(form))
    before = form.cleaned_data.get("before")
    unsettled = _mine(request).unsettled()
    if before is not None:
        unsettled = unsettled.filter(pk__lt=before)
    rows = list(unsettled[: PAGE + 1])
    retried = list(_mine(request).retried()[:PAGE]) if before is None else []
    address = reverse("outbox", args=[member.workspace.slug])
    context = {
        "need_you": [shown_to(member, item) for item in rows[:PAGE]],
        "retried": [shown_to(member, item) for item in retried],
        "is_paused": actions.is_paused(),
        "newer": address if before is not None else "",
        "older": f"{address}?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    return render(request, "notifications/outbox.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def again(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask before a mail that may have arrived is sent once more; a POST sends it."""
    item = get_object_or_404(_mine(request), pk=pk)
    if not policy.can_send_again(request.member, item):
        raise PermissionDenied
    if request.method == "POST":
        return _send_again(request, item)
    if not item.can_be_sent_again:
        return redirect("outbox", request.member.workspace.slug)
    return render(request, "notifications/again.html", {"mail": shown_to(request.member, item)})


def _send_again(request: MemberRequest, item: OutboxItem) -> HttpResponse:
    try:
        actions.send_again(item, by=request.member)
    except ValidationError as error:
        messages.warning(request, str(error.messages[0]))
    else:
        name = item.addressee
        messages.success(request, _("On its way to %(name)s again.") % {"name": name})
    return redirect("outbox", request.member.workspace.slug)


def _mine(request: MemberRequest) -> OutboxQuerySet:
    return OutboxItem.objects.visible_to(request.member).with_recipient().order_by("-pk")
