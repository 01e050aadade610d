"""How a member likes to see the board: read with its page, kept when he chooses."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activity.compiled import Compiled
from backlog import actions
from backlog.forms import BoardViewForm
from backlog.models import BoardView, Lanes
from people.access import MemberRequest, member_required
from people.models import Membership

# What static/js/board-view.js reads in an address
FILTERS = {"mine", "sales", "blocked", "campaign", "person", "channel", "q"}

_view = Compiled(lambda member: BoardView.objects.filter(member=member), member=int)


def reading(request: MemberRequest) -> dict[str, object]:
    """Return what the board's page needs beside the board: the filter bar and the member's view.

    `is_settling` keeps the columns out of sight until the scripts have filtered and grouped them.
    """
    view = view_of(request.member)
    return {
        "view": view,
        "lane_kinds": (("", _("No swimlanes")), *((kind.value, str(kind.label)) for kind in Lanes)),
        "is_settling": bool(view.lanes) or not FILTERS.isdisjoint(request.GET),
    }


def view_of(member: Membership) -> BoardView:
    """Return how a member sees the board; plain, until he says otherwise."""
    return _view.first(member=member.pk) or BoardView(member=member)


@require_POST
@member_required
def board_view(request: MemberRequest) -> HttpResponse:
    """Keep the lanes and the density that a member chose."""
    form = BoardViewForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain")
    lanes, density = form.cleaned_data["lanes"], form.cleaned_data["density"]
    actions.choose_view(request.member, lanes=lanes, is_compact=density == "compact")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("board", request.member.workspace.slug)
