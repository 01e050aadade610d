"""What changed on the board since a number: the same for live, for coming back and for polling.

An activity about tasks names them; their cards are sent as they now are. What changes the board as
a whole (a sprint begins, a column is renamed, a colleague gets another name) is answered by sending
whoever asks to the whole board. A verb that this module has never heard of does the same, so that
nothing new can be missed; tests/backlog/test_changes.py tries every verb.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from activity.compiled import Compiled
from activity.models import Activity
from people.models import Membership, Role

from .board import Board, render_card
from .models import Task

TASK: Final = Task._meta.label_lower
# What never shows on the board, whatever happened to it
ELSEWHERE: Final = (
    "requests_intake.",
    "reviews.",
    "notifications.",
    "people.invitation",
    "people.apitoken",
    "backlog.capacity",
)
# More activities, or more cards, than this: the whole board is less work
MOST_ACTIVITIES: Final = 500
MOST_CARDS: Final = 60


def _newer(role: Role, workspace: int, seq: int) -> QuerySet[Activity, tuple[str, int, Any]]:
    """Return what happened since a number as a reader of this role may see it."""
    reader = Membership(workspace_id=workspace, role=role)
    newer = Activity.objects.visible_to(reader).filter(seq__gt=seq)
    return newer.values_list("subject_type", "subject_id", "data")


_NEWER: Final = {role: Compiled(partial(_newer, role), workspace=int, seq=int) for role in Role}


@dataclass(frozen=True)
class PlacedCard:
    """A card and where it lies: before another card of its column, or at the end."""

    pk: int
    column_id: int
    before: int | None
    html: SafeString


@dataclass(frozen=True)
class Changes:
    """What brings a page from one number to another."""

    seq: int
    whole: bool = False
    cards: list[PlacedCard] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing on the board changed."""
        return not (self.whole or self.cards or self.gone)


def since(board: Board, reader: Membership, seq: int) -> Changes:
    """Return what a page that shows this number lacks; one query when that is nothing.

    `reader.workspace.seq` was read before the cards: they may be newer than it says, never older.
    """
    now_at = reader.workspace.seq
    if seq > now_at or now_at - seq > MOST_ACTIVITIES:
        return Changes(now_at, whole=True)
    touched = _touched(reader, seq)
    if touched is None or len(touched) > MOST_CARDS:
        return Changes(now_at, whole=True)
    if not touched:
        return Changes(now_at)
    cards = list(_placed(board, touched))
    gone = sorted(touched - {card.pk for card in cards})
    return Changes(now_at, cards=cards, gone=gone)


def _touched(reader: Membership, seq: int) -> set[int] | None:
    """Return the tasks that activities since then were about; None when it was the board itself."""
    found = _NEWER[Role(reader.role)].all(workspace=reader.workspace_id, seq=seq)
    touched: set[int] = set()
    for subject_type, subject_id, data in found:
        if subject_type == TASK:
            touched |= {subject_id, *data.get("ids", ())}
        elif not subject_type.startswith(ELSEWHERE):
            return None
    return touched


def _placed(board: Board, touched: set[int]) -> Iterator[PlacedCard]:
    """Give these cards from the bottom up: what each is put before is then where it belongs."""
    for column in board.columns:
        before = None
        for row in reversed(column.rows):
            if row.pk in touched:
                html = render_card(row, board.today)
                yield PlacedCard(row.pk, row.column_id, before, html)
            before = row.pk
