"""Finding tasks by the words of their titles, quick among 100,000 of them.

PostgreSQL keeps an index of words (migration 0006): the beginning of a word finds it. SQLite
looks into each title, which also finds the middle of a word.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

# More words than anybody types; each is one more condition
MOST_WORDS = 10


class _Holds(Func):
    """Whether a text holds these words, in the expression that the index was made for."""

    template = "to_tsvector('simple', %(expressions)s)"
    arg_joiner = ") @@ to_tsquery('simple', "
    output_field = BooleanField()


def words_of(typed: str) -> list[str]:
    """Return the words that a person typed, as many as are looked for."""
    return typed.split()[:MOST_WORDS]


def titled(words: Sequence[str]) -> Q:
    """Return the condition that a title has all these words, or words that begin so."""
    if connection.vendor == "postgresql":
        return Q(_Holds(F("title"), Value(_beginnings(words))))
    every = Q()
    for word in words:
        every &= Q(title__icontains=word)
    return every


def _beginnings(words: Sequence[str]) -> str:
    r"""Write words as PostgreSQL reads them: `'flyer':* & 'o''neill':*`; quoted, none is a sign."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in words)
    return " & ".join(f"'{word}':*" for word in quoted)
