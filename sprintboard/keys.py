"""The keys of every page, as the help sheet lists them, and the switch of the single ones.

Single keys are those that a person can press by accident, or that a voice control says (WCAG
2.1.4): off in fields, and off altogether for who wants it. Combinations, arrows, Enter and Escape
always work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backlog import policy as backlog
from people import actions as people
from people.access import MemberRequest, member_required
from people.models import Membership
from requests_intake.policy import can_read_triage

#: Ctrl, or the command key where there is one
MOD = "mod"


@dataclass(frozen=True)
class Key:
    """What a key does. Each of `ways` is one way to press it, `single` whether it can be off."""

    ways: tuple[tuple[str, ...], ...]
    does: str
    single: bool = False


@dataclass(frozen=True)
class Section:
    """The keys of one page."""

    page: str
    title: str
    keys: tuple[Key, ...]


class KeysForm(forms.Form):
    """Whether single keys do something."""

    single_keys = forms.TypedChoiceField(
        label=gettext_lazy("Single keys"),
        choices=[("on", gettext_lazy("On")), ("off", gettext_lazy("Off"))],
        coerce=lambda value: value == "on",
    )


def _key(does: str, *ways: str) -> Key:
    """Read `mod K` as keys held together or one after the other; a lone sign is a single key."""
    pressed = tuple(tuple(way.split()) for way in ways)
    single = all(len(way[0]) == 1 and way[0].isascii() for way in pressed)
    return Key(pressed, does, single)


def sections(member: Membership) -> Iterator[Section]:
    """Give the keys that this member can use, page by page."""
    edits = backlog.can_edit_tasks(member, member.workspace)
    yield Section("", _("Everywhere"), tuple(_everywhere(edits=edits)))
    yield Section("board", _("On the board"), tuple(_board(edits=edits)))
    if edits:
        yield Section("backlog", _("In the backlog"), tuple(_backlog()))
        yield Section("planning", _("In planning"), tuple(_planning()))
    if can_read_triage(member):
        yield Section("triage", _("In triage"), tuple(_triage()))


def _everywhere(*, edits: bool) -> Iterator[Key]:
    yield _key(_("Search, jump, or do something"), f"{MOD} K")
    yield _key(_("Go to the board"), "G B")
    if edits:
        yield _key(_("Go to planning"), "G P")
    yield _key(_("Go to the requests"), "G R")
    yield _key(_("Go to the reviews"), "G V")
    if edits:
        yield _key(_("Take back what was just done"), f"{MOD} Z")
    yield _key(_("Close what is open"), "Esc")
    yield _key(_("This list"), "?")


def _board(*, edits: bool) -> Iterator[Key]:
    yield _key(_("From card to card"), "← ↑ → ↓")
    yield _key(_("Open the card"), _("Enter"))
    yield _key(_("Filter the cards"), "/")
    if not edits:
        return
    yield _key(_("Move the card"), f"Alt {_('arrow')}")
    yield _key(_("Choose where the card goes"), "M")
    yield _key(_("Edit the card"), "E")
    yield _key(_("Give it to somebody"), "A")
    yield _key(_("Change its points"), "P")
    yield _key(_("Say what blocks it"), "B")
    yield _key(_("New task"), "C")


def _backlog() -> Iterator[Key]:
    yield _key(_("From row to row"), "↑ ↓")
    yield _key(_("Move the task"), "Alt ↑", "Alt ↓")
    yield _key(_("To the top, to the end"), "Alt Home", "Alt End")
    yield _key(_("Choose where the task goes"), "M")
    yield _key(_("Edit the task"), "E")
    yield _key(_("Search the list"), "/")
    yield _key(_("New task"), "C")


def _planning() -> Iterator[Key]:
    yield _key(_("From row to row"), "↑ ↓")
    yield _key(_("Pull the task into the sprint"), "→")
    yield _key(_("Return it to the backlog"), "←")


def _triage() -> Iterator[Key]:
    yield _key(_("Next, previous request"), "J", "K")
    yield _key(_("Accept"), "A")
    yield _key(_("Plan for a sprint"), "P")
    yield _key(_("Decline"), "D")
    yield _key(_("Ask back"), "Q")
    yield _key(_("Merge into another"), "M")
    yield _key(_("Send the answer"), f"{MOD} {_('Enter')}")
    yield _key(_("Leave the field"), "Esc")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def keys(request: MemberRequest) -> HttpResponse:
    """List the keys, and switch the single ones on or off for this person."""
    user = request.user
    if request.method != "POST":
        return _sheet(
            request, KeysForm(initial={"single_keys": "on" if user.single_keys else "off"})
        )
    form = KeysForm(request.POST)
    if not form.is_valid():
        return _sheet(request, form, status=422)
    people.switch_single_keys(user, on=form.cleaned_data["single_keys"])
    if request.htmx:
        return _sheet(request, KeysForm(request.POST))
    said = _("Single keys are on.") if user.single_keys else _("Single keys are off.")
    messages.success(request, said)
    return redirect("keys", request.member.workspace.slug)


def _sheet(request: MemberRequest, form: KeysForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "is_on": request.user.single_keys,
        "sections": list(sections(request.member)),
        "workspace": request.member.workspace,
    }
    page = "sprintboard/keys.html#sheet" if request.htmx else "sprintboard/keys.html"
    return render(request, page, context, status=status)
