"""Done, now and next: a page for a wall screen and a phone, and the fragment that renews it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from backlog import board as reading
from backlog.now import PAGE, WALL, Now
from people.access import MemberRequest, member_required


def _context(request: MemberRequest) -> dict[str, object]:
    on_the_wall = request.GET.get("screen") == "1"
    return {
        "now": Now(request.member.workspace, WALL if on_the_wall else PAGE),
        "on_the_wall": on_the_wall,
        "workspace": request.member.workspace,
        "member": request.member,
    }


@require_safe
@member_required
def now(request: MemberRequest) -> HttpResponse:
    """Show what was done lately, what is in work for which goal, and what comes next."""
    return render(request, "backlog/now.html", _context(request))


def _etag(request: MemberRequest) -> str:
    return reading.etag(request.member)


@require_safe
@member_required
@cache_control(private=True, no_cache=True)
@condition(etag_func=_etag)
def now_columns(request: MemberRequest) -> HttpResponse:
    """Answer with the columns alone; they hold no token, so a browser may keep them."""
    return render(request, "backlog/now.html#live", _context(request))
