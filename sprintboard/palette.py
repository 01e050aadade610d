"""The command palette: what one may do, where one may go, and what typed words find.

`/w/<slug>/search/` is a page that works without scripts. The palette (static/js/palette.js) asks
the same address for its parts: commands and places once, then what is found for each word typed.
Neither part holds a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from activity.forms import LineField, strange_address
from backlog import policy as backlog
from campaigns.policy import can_edit_campaigns
from people.access import MemberRequest, member_required
from people.models import Membership
from people.policy import can_manage_people
from requests_intake.policy import can_submit
from sprintboard.finding import LONGEST, find
from sprintboard.shell import Shell

#: The second key after G, by the place that it leads to
GO = {"board": "B", "planning": "P", "requests": "R", "reviews": "V"}


@dataclass(frozen=True)
class Command:
    """Something to do: an address, or by its name something that this browser does."""

    icon: str
    label: str
    url: str = ""
    do: str = ""
    keys: tuple[str, ...] = ()
    also: str = ""  # other words that it is looked for by


class SearchForm(forms.Form):
    """What is looked for, as the address says it."""

    q = LineField(label=gettext_lazy("Search"), required=False, max_length=LONGEST)


@require_safe
@member_required
@cache_control(private=True, no_store=True)
def search(request: MemberRequest) -> HttpResponse:
    """Show what typed words find: the page, the palette, or the palette's results."""
    form = SearchForm(request.GET)
    is_right = form.is_valid()
    typed = form.cleaned_data["q"] if is_right else ""
    shell = Shell(request, request.member)
    context = {
        "form": form,
        "typed": typed,
        "found": find(request.member, typed),
        "problem": "" if is_right else strange_address(form),
        "workspace": request.member.workspace,
    }
    page = "sprintboard/search.html"
    if request.htmx:
        page += "#found" if "q" in request.GET else "#palette"
    if not request.htmx or page.endswith("#palette"):
        context |= {"commands": list(commands(request.member, shell)), "places": places(shell)}
    answer = render(request, page, context, status=200 if is_right else 400)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def places(shell: Shell) -> list[Command]:
    """Return where one may go, with the keys that lead there."""
    return [
        Command(
            place.icon, place.label, place.url, keys=("G", GO[place.key]) if place.key in GO else ()
        )
        for place in shell.places
    ]


def commands(member: Membership, shell: Shell) -> Iterator[Command]:
    """Give what this member may do anywhere, the most frequent first."""
    yield from _work(member)
    if shell.next_sprint and backlog.can_plan(member, member.workspace):
        label = _("Plan sprint %(number)s") % {"number": shell.next_sprint}
        yield Command("calendar-range", label, _to(member, "plan_sprint", shell.next_sprint))
    if can_edit_campaigns(member, member.workspace):
        yield Command("megaphone", _("New campaign"), _to(member, "campaign_new"))
    if can_manage_people(member):
        yield Command("user-plus", _("Invite people"), _to(member, "members_invite"))
    yield Command("user", _("Your profile"), reverse("profile"), also=_("name zone password"))
    yield from _in_this_browser()
    keys = _to(member, "keys")
    yield Command("keyboard", _("Keys"), keys, do="keys", keys=("?",), also=_("help shortcuts"))


def _work(member: Membership) -> Iterator[Command]:
    idea = Command(
        "lightbulb", _("Send an idea"), _to(member, "request_new"), also=_("request ask")
    )
    if member.is_sales:
        yield idea
    if backlog.can_edit_tasks(member, member.workspace):
        yield Command("plus", _("New task"), _to(member, "new_task"), keys=("C",))
        paste = _("Add many tasks at once")
        yield Command("list-plus", paste, _to(member, "quick_add"), also=_("paste lines"))
    if can_submit(member) and not member.is_sales:
        yield idea


def _in_this_browser() -> Iterator[Command]:
    """What takes effect here alone; without scripts there is none of it."""
    theme = _("theme appearance")
    yield Command("sun", _("Light theme"), do="theme:light", also=theme)
    yield Command("moon", _("Dark theme"), do="theme:dark", also=theme)
    yield Command("monitor", _("Theme of the system"), do="theme:system", also=theme)
    yield Command("rows-4", _("Compact or normal cards"), do="density", also=_("density"))


def _to(member: Membership, name: str, *args: object) -> str:
    return reverse(name, args=[member.workspace.slug, *args])
