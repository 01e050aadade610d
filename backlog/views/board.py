"""The board: a page, and the fragment that brings it up to date."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from backlog import board as reading
from backlog import policy
from people.access import MemberRequest, member_required


def context(request: MemberRequest) -> dict[str, object]:
    """Return what the board's templates show."""
    board = reading.Board(request.member.workspace)
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
    return render(request, "backlog/board.html", context(request))


def _etag(request: MemberRequest) -> str:
    return reading.etag(request.member)


@require_safe
@member_required
@cache_control(private=True, no_cache=True)
@condition(etag_func=_etag)
def board_columns(request: MemberRequest) -> HttpResponse:
    """Answer with the board alone; it holds no token, so a browser may keep it and ask again."""
    return fragment(request)


def fragment(request: MemberRequest, status: int = 200) -> HttpResponse:
    """Render the part of the board that a move changes."""
    return render(request, "backlog/board.html#live", context(request), status=status)
