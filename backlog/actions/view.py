"""How a member likes to see the board: his own affair, kept outside `change()`."""

from __future__ import annotations

from backlog.models import BoardView
from people.models import Membership


def choose_view(member: Membership, *, lanes: str, is_compact: bool) -> BoardView:
    """Keep a member's lanes and density for his next visit, from any device."""
    view, _new = BoardView.objects.update_or_create(
        member=member, defaults={"lanes": lanes, "is_compact": is_compact}
    )
    return view
