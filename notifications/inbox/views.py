"""The inbox as its owner sees it, how he wants to be told, and the door to be told less."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.forms import strange_address
from notifications.models import CHOSEN, Notice, Pace, Preference
from people.access import MemberRequest, member_required

from . import actions, links
from .forms import InboxForm, MarkForm, PreferenceForm, ThroughForm
from .reading import inbox_of, lines_of


@require_safe
@member_required
def inbox(request: MemberRequest) -> HttpResponse:
    """Show what somebody was told, the newest first."""
    form = InboxForm(request.GET)
    if not form.is_valid():
        messages.warning(request, strange_address(form))
    before, unread = form.cleaned_data.get("before"), form.cleaned_data.get("show") == "unread"
    found = inbox_of(request.member, before=before, unread=unread)
    address = reverse("inbox", args=[request.member.workspace.slug])
    shown = "show=unread&" if unread else ""
    context = {
        "inbox": found,
        "only_unread": unread,
        "address": address,
        "newer": f"{address}?{shown}".rstrip("?&") if before is not None else "",
        "older": f"{address}?{shown}before={found.older}" if found.older else "",
    }
    return render(request, "notifications/inbox.html", context, status=400 if form.errors else 200)


@require_POST
@member_required
def inbox_read(request: MemberRequest) -> HttpResponse:
    """Note that everything the reader saw on his page has been looked at."""
    form = ThroughForm(request.POST)
    if not form.is_valid():
        return _came_back(request)
    amount = actions.mark_all(by=request.member, through=form.cleaned_data["through"])
    said = ngettext("One marked as read.", "%(n)s marked as read.", amount) % {"n": amount}
    messages.success(request, said if amount else _("There was nothing new."))
    return redirect("inbox", request.member.workspace.slug)


@require_POST
@member_required
def notice_open(request: MemberRequest, pk: int) -> HttpResponse:
    """Lead to what a notice tells of, and note that it has been looked at."""
    notice = _mine(request, pk)
    actions.mark(notice, by=request.member, read=True)
    line = next(iter(lines_of(request.member.workspace, [notice])), None)
    if line is None:
        messages.warning(request, _("This is not here any more."))
        return redirect("inbox", request.member.workspace.slug)
    return redirect(line.told.url)


@require_POST
@member_required
def notice_mark(request: MemberRequest, pk: int) -> HttpResponse:
    """Note that a notice has been looked at, or is to count as new."""
    notice = _mine(request, pk)
    form = MarkForm(request.POST)
    if not form.is_valid():
        return _came_back(request)
    actions.mark(notice, by=request.member, read=form.cleaned_data["read"] == "yes")
    if not request.htmx:
        return redirect("inbox", request.member.workspace.slug)
    line = next(iter(lines_of(request.member.workspace, [_mine(request, pk)])), None)
    if line is None:
        raise Http404
    return render(request, "notifications/_notice.html", {"line": line, "focused": True})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def preferences(request: MemberRequest) -> HttpResponse:
    """Show how somebody is told, and change it."""
    chosen = Preference.objects.of(request.member)
    chosen.member = request.member
    form = PreferenceForm(chosen, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _preferences_page(request, form, status=422 if form.errors else 200)
    values = dict(form.cleaned_data)
    paces = {topic: Pace(values.pop(topic.value)) for topic in CHOSEN}
    actions.choose(request.member, paces=paces, **values)
    messages.success(request, _("Saved. It holds for what happens from now on."))
    return redirect("preferences", request.member.workspace.slug)


# Mail programs press the button themselves (RFC 8058): they have no cookie and no token of a form,
# so the signed address alone says who asks, and what.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Say which mails a link stops; a POST stops them, without signing in, however often."""
    link = links.find(token)
    if link is None:
        return _private(render(request, "notifications/unsubscribe_over.html", status=404))
    if request.method == "POST":
        actions.unsubscribe(link)
    context = {
        "workspace": link.member.workspace,
        "what": link.what,
        "is_done": request.method == "POST",
        "preferences_url": reverse("preferences", args=[link.member.workspace.slug]),
    }
    return _private(render(request, "notifications/unsubscribe.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the link out of caches and out of the addresses that other sites are told."""
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _mine(request: MemberRequest, pk: int) -> Notice:
    return get_object_or_404(Notice.objects.visible_to(request.member), pk=pk)


def _came_back(request: MemberRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "inbox": inbox_of(request.member),
        "address": reverse("inbox", args=[request.member.workspace.slug]),
        "refused": _("This form came back damaged. Please try once more."),
    }
    return render(request, "notifications/inbox.html", context, status=422)


def _preferences_page(request: MemberRequest, form: PreferenceForm, status: int) -> HttpResponse:
    context = {"form": form, "member": request.member}
    return render(request, "notifications/preferences.html", context, status=status)
