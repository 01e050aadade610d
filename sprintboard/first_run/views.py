"""The wizard: each step has its address, and what was typed is kept between them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

from people import actions as people
from people.access import signed_in
from people.models import Membership, User
from people.policy import may_found
from sprintboard import actions
from sprintboard.templatetags.ui import long_day

from .steps import BY_NAME, STEPS, Part, Step, Wizard, storable, typed_in


@require_http_methods(["GET", "HEAD", "POST"])
def wizard(request: HttpRequest, step: str) -> HttpResponse:
    """Show one step, or take its answers."""
    user = signed_in(request)
    current, state = BY_NAME[step], Wizard(user)
    if not may_found():
        return redirect("board", state.founded) if state.founded else closed(request)
    late = state.founded and current != STEPS[0]
    if late and request.method == "POST":  # sent twice, or from a window left open
        return redirect("board", state.founded)
    missing = state.missing_before(current)
    if missing is not None:
        return redirect(missing.url_name)
    if request.method == "POST":
        return _answer(request, user, state, current)
    return _ask(request, state, current)


def closed(request: HttpRequest) -> HttpResponse:
    """Say that this installation has its one workspace."""
    members = Membership.objects.at_home(signed_in(request))[:1]
    context = {"member": members[0] if members else None}
    return render(request, "sprintboard/new/closed.html", context, status=404)


def _ask(request: HttpRequest, state: Wizard, step: Step) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    if isinstance(htmx, HtmxDetails) and htmx and not htmx.boosted:
        part = Part(step, state.user, typed_in(step, request.GET))
        return render(request, "sprintboard/new/_preview.html", {"part": part})
    part = state.part(step)
    row = request.GET.get("row", "")
    if row.isascii() and row.isdigit() and len(row) < 3:
        part.focus_on(int(row))
    return _page(request, state, part)


def _page(request: HttpRequest, state: Wizard, part: Part, status: int = 200) -> HttpResponse:
    place = STEPS.index(part.step)
    context = {
        "part": part,
        "form": part.form,
        "columns": part.columns,
        "trail": state.trail(part.step),
        "number": place + 1,
        "back": STEPS[place - 1] if place else None,
        "is_last": part.step == STEPS[-1],
        "may_leave": True,
    }
    return render(request, f"sprintboard/new/{part.step.name}.html", context, status=status)


def _answer(request: HttpRequest, user: User, state: Wizard, step: Step) -> HttpResponse:
    typed, go = typed_in(step, request.POST), request.POST.get("go", "")
    if do := request.POST.get("do", ""):
        return _rearrange(user, step, typed, do)
    if go in {"back", "later", "look"}:
        _keep(user, step, typed)
        return redirect(_where(step, go))
    part = Part(step, user, typed)
    if not part.is_valid():
        return _page(request, state, part, status=422)
    _keep(user, step, typed)
    if step == STEPS[-1]:
        return _finish(request, Wizard(user))
    return redirect(STEPS[STEPS.index(step) + 1].url_name)


def _keep(user: User, step: Step, typed: dict[str, Any]) -> None:
    people.keep_answers(user, step=step.name, answers=storable(typed), is_first=step == STEPS[0])


def _where(step: Step, go: str) -> str:
    if go == "later":
        return "front_door"
    place = STEPS.index(step)
    return STEPS[max(place - 1, 0)].url_name if go == "back" else step.url_name


def _rearrange(user: User, step: Step, typed: dict[str, Any], do: str) -> HttpResponse:
    """Change the rows of a step as its button says, and show it again."""
    columns = Part(step, user, typed, check=False).columns
    if columns is None:
        return redirect(step.url_name)
    after = columns.after(do)
    _keep(user, step, {**typed, "columns": after.typed})
    response = redirect(step.url_name)
    response["Location"] += f"?row={0 if after.focus is None else after.focus}"
    return response


def _finish(request: HttpRequest, state: Wizard) -> HttpResponse:
    """Make everything in one go, or lead to what has to be looked at again."""
    if state.founded:
        return redirect("board", state.founded)
    for may_try_again in (True, True, False):
        parts = state.parts()
        wrong = next((part for part in parts if not part.is_valid()), None)
        if wrong is not None:
            said = _("Something changed meanwhile. Please look at this once more.")
            messages.warning(request, said)
            return redirect(wrong.step.url_name)
        values = {name: value for part in parts for name, value in part.values().items()}
        found = partial(_found, request, state.user, values)
        try:
            return redirect("board", people.finish_draft(state.user, found=found))
        except ValidationError as error:
            # an address that we chose ourselves was taken a moment ago: there are others
            if may_try_again and "slug" in getattr(error, "error_dict", {}):
                continue
            return _refused(request, state, parts, error)
    raise AssertionError("The last try ends above.")


def _found(request: HttpRequest, user: User, values: dict[str, Any]) -> Membership:
    founder = actions.found_workspace(owner=user, **values)
    _welcome(request, founder, sum(len(addresses) for addresses in values["invite"].values()))
    return founder


def _welcome(request: HttpRequest, founder: Membership, invited: int) -> None:
    first = founder.workspace.sprints.planned()[0]
    said = _("%(name)s is ready. Sprint %(number)s can start on %(day)s.") % {
        "name": founder.workspace.name,
        "number": first.number,
        "day": long_day(first.starts_on),
    }
    if invited:
        mails = ngettext(
            "One invitation is on its way.", "%(n)s invitations are on their way.", invited
        )
        said = f"{said} {mails % {'n': invited}}"
    messages.success(request, said)


def _refused(
    request: HttpRequest, state: Wizard, parts: list[Part], error: ValidationError
) -> HttpResponse:
    if getattr(error, "code", "") == "closed":  # somebody else was first
        return closed(request)
    by_field = set(getattr(error, "error_dict", {}))
    wrong = next((part for part in parts if by_field & set(part.form.fields)), parts[-1])
    for name in sorted(by_field) or [""]:
        told = error.error_dict[name] if name else error
        wrong.form.add_error(name if name in wrong.form.fields else None, told)
    return _page(request, state, wrong, status=422)
