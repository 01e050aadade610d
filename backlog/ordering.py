"""The one order of a workspace's tasks: whole numbers with gaps, so that one move is one write.

Everything here is arithmetic. A place is chosen between two neighbours; when no number is left
between them, as many of those that follow are spread out as make room, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

GAP: Final = 65_536
# The more rows a renumbering moves, the more room it must find for each, so that the next one is
# farther away: 2,000 tasks put one by one into the same place move 7 others each, not 60
ELBOW_ROOM: Final = 16


@dataclass(frozen=True)
class Place:
    """Where something goes, and which rows (by id) have to step aside for it."""

    position: int
    shifted: dict[int, int] = field(default_factory=dict)


def place_after(low: int | None, following: Iterable[tuple[int, int]]) -> Place:
    """Return a place directly after the position `low` (None: before everything).

    `following` gives (id, position) of the rows behind that position, in order. It is read only
    as far as needed.
    """
    rows = iter(following)
    first = next(rows, None)
    if first is None:
        return Place((low or 0) + GAP)
    if low is None:
        return Place(first[1] - GAP)
    if first[1] - low > 1:
        return Place((low + first[1]) // 2)
    return _spread(low, first, rows)


def _spread(low: int, first: tuple[int, int], rows: Iterable[tuple[int, int]]) -> Place:
    moved = [first[0]]
    step = GAP
    for row_id, position in rows:
        room = (position - low) // (len(moved) + 2)
        if room >= ELBOW_ROOM * len(moved):
            step = min(room, GAP)
            break
        moved.append(row_id)
    shifted = {row_id: low + step * (place + 2) for place, row_id in enumerate(moved)}
    return Place(low + step, shifted)


def places_at_end(last: int | None, count: int) -> list[int]:
    """Return positions for several rows behind everything."""
    return [(last or 0) + GAP * (place + 1) for place in range(count)]


def places_at_top(first: int | None, count: int) -> list[int]:
    """Return positions for several rows, in their order, before everything."""
    start = GAP if first is None else first
    return [start - GAP * (count - place) for place in range(count)]
