"""Which titles say the same. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

# Words that many titles share, whatever they are about
FILLERS = frozenset(
    {"and", "are", "for", "from", "have", "new", "need", "needs", "one", "our", "please", "some"}
    | {"something", "that", "the", "this", "with", "would", "you", "your"}
)
ENOUGH = 0.4
SHORTEST = 3
STEM = 4


def alike(title: str, titles: Mapping[K, str]) -> list[K]:
    """Return the keys of the titles that share enough words with this one, the closest first.

    Words count by their beginning, so that “slide” finds “slides”; of equals the first stays first.
    """
    words = _words(title)
    if not words:
        return []
    scored = [(_share(words, _words(other)), key) for key, other in titles.items()]
    close = [pair for pair in scored if pair[0] >= ENOUGH]
    return [key for _score, key in sorted(close, key=lambda pair: -pair[0])]


def _words(title: str) -> frozenset[str]:
    found = re.findall(r"\w+", title.casefold())
    return frozenset(word[:STEM] for word in found if len(word) >= SHORTEST and word not in FILLERS)


def _share(words: frozenset[str], others: frozenset[str]) -> float:
    """Return the share of common words, of the shorter title; one word among more is not enough."""
    common = len(words & others)
    shortest, longest = sorted((len(words), len(others)))
    return common / shortest if common > 1 or common == longest else 0.0
