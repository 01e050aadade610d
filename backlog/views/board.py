"""The board: a page, and the fragment that brings it up to date."""

from __future__ import annotations

from typing import NamedTuple, cast

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from activity.memory import Memory
from backlog import board as reading
from backlog import changes as catching_up
from backlog import policy
from people.access import MemberRequest, member_required
from people.models import Membership

from . import board_view


class Lacks(NamedTuple):
    """What a page lacks of the state `seq`: HTML, or the whole board."""

    seq: int
    whole: bool
    html: str = ""


# A board of 200 cards is some 350 KB of HTML
_lives: Memory[str] = Memory(64)
_lacking: Memory[Lacks] = Memory(256)


def context(request: MemberRequest, board: reading.Board | None = None) -> dict[str, object]:
    """Return what the board's templates show."""
    board = board or reading.board_of(request.member.workspace)
    may_edit = policy.can_move_task(request.member, request.member.workspace)
    return {
        "board": board,
        "member": request.member,
        "workspace": request.member.workspace,
        "may_plan": may_edit,
        "can_edit": may_edit and board.is_running,
    }


@require_safe
@member_required
def board(request: MemberRequest) -> HttpResponse:
    """Show the running sprint."""
    shown = context(request)
    live_part = {"live": live(request, shown)}
    return render(
        request, "backlog/board.html", {**shown, **board_view.reading(request), **live_part}
    )


def _etag(request: MemberRequest) -> str:
    return reading.etag(request.member)


@require_safe
@member_required
@cache_control(private=True, no_cache=True)
@condition(etag_func=_etag)
def board_columns(request: MemberRequest) -> HttpResponse:
    """Answer with the board alone; it holds no token, so a browser may keep it and ask again."""
    return fragment(request)


def _number(told: str) -> int | None:
    """Read the number that a page shows; None when it names none."""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None


@require_safe
@member_required
@cache_control(private=True, no_cache=True)
@condition(etag_func=_etag)
def board_changes(request: MemberRequest) -> HttpResponse:
    """Answer what a page lacks since its number; 204 when that is nothing."""
    seq = _number(request.GET.get("since", ""))
    if seq is None:
        return HttpResponseBadRequest(_("since= is the number that the page shows."))
    answer = _changes(request, seq)
    if not answer.content:
        answer.status_code = 204
    return answer


def fragment(request: MemberRequest, status: int = 200) -> HttpResponse:
    """Answer with what a verb changed on the board.

    A page that says by `X-Since` which number it shows gets what it lacks; any other one, the
    whole board.
    """
    seq = _number(request.headers.get("X-Since", ""))
    if seq is None:
        return HttpResponse(live(request, context(request)), status=status)
    answer = _changes(request, seq)
    answer.status_code = status
    return answer


def _changes(request: MemberRequest, seq: int) -> HttpResponse:
    """Render what a page lacks since its number; nothing when it lacks nothing.

    `X-Seq` says which number the page then shows; `X-Whole` that it has to fetch all columns.
    """
    board = reading.board_of(request.member.workspace)
    shown = context(request, board)
    key = (seq, request.member.role, *_rights(shown))
    lacks = _lacking.recall(
        request.member.workspace, key, lambda: _lacks(request.member, shown, seq)
    )
    answer = HttpResponse(lacks.html)
    answer.headers["X-Seq"] = str(lacks.seq)
    if lacks.whole:
        answer.headers["X-Whole"] = "true"
    return answer


def _lacks(member: Membership, shown: dict[str, object], seq: int) -> Lacks:
    """Work out what pages of this number lack; after a restart hundreds ask for the same."""
    changes = catching_up.since(cast("reading.Board", shown["board"]), member, seq)
    if changes.whole or changes.is_empty:
        return Lacks(changes.seq, changes.whole)
    words = {name: value for name, value in shown.items() if name != "member"}
    template = get_template("backlog/board_changes.html")
    return Lacks(changes.seq, whole=False, html=template.render({**words, "changes": changes}))


def _rights(shown: dict[str, object]) -> tuple[object, ...]:
    """Return what else a board's HTML depends on: rights, day, language and zone."""
    board = cast("reading.Board", shown["board"])
    may = (shown["can_edit"], shown["may_plan"])
    return (*may, board.today, get_language(), get_current_timezone_name())


def live(request: MemberRequest, shown: dict[str, object]) -> str:
    """Render the part of the board that changes; readers with the same rights get the same."""
    template = get_template("backlog/board.html#live")
    board = cast("reading.Board", shown["board"])
    if board.sprint is None:  # what it says instead depends on the reader's first steps
        return template.render(shown, request)
    words = {name: value for name, value in shown.items() if name != "member"}
    return _lives.recall(board.workspace, _rights(shown), lambda: template.render(words))
