"""Who is meant by @ and a name: people of one workspace, never a guess.

Somebody writes `@Lena Okafor`, or `@Lena` where only one person is called so. What is not clear
stays plain text: an unknown name, one that two people bear, somebody who is no longer here. Where
two have the very same name, the list that opens at @ writes `@Lena Okafor#12`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from people.models import Membership, Workspace

# More people than this in one comment is a circular
MOST: Final = 20
LISTED: Final = 100
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Found:
    """A person who is meant, how he is shown, and where his name ends."""

    member_id: int
    name: str
    end: int


class People:
    """The people of a workspace who can be meant."""

    def __init__(self, members: Iterable[tuple[int, str]]) -> None:
        """Take numbers and names of who is here."""
        known = list(members)
        self._written: dict[str, set[int]] = defaultdict(set)
        self._names = dict(known)
        firsts: dict[str, set[int]] = defaultdict(set)
        for pk, name in known:
            self._written[name.lower()].add(pk)
            self._written[f"{name}#{pk}".lower()].add(pk)
            firsts[name.lower().split(" ", 1)[0]].add(pk)
        for first, whose in firsts.items():
            # a whole name is meant before somebody's first name
            self._written.setdefault(first, whose)
        self._by_first_word: dict[str, list[str]] = defaultdict(list)
        for text in sorted(self._written, key=len, reverse=True):
            if found := _WORD.match(text):  # else nobody can be called by it
                self._by_first_word[found[0]].append(text)

    @classmethod
    def of(cls, workspace: Workspace) -> People:
        """Return those who are here now; one query."""
        here = Membership.objects.filter(workspace=workspace).active()
        return cls(here.values_list("pk", "shown_name"))

    def at(self, source: str, start: int) -> Found | None:
        """Return who is meant by the name that begins here, if exactly one person is."""
        first = _WORD.match(source, start)
        if first is None:
            return None
        for text in self._by_first_word.get(first[0].lower(), ()):
            end = start + len(text)
            if source[start:end].lower() == text and not _WORD.match(source, end):
                [*whose] = self._written[text]
                if len(whose) != 1:
                    return None
                return Found(whose[0], self._names[whose[0]], end)
        return None


def check_amount(mentioned: Iterable[int]) -> list[int]:
    """Return each person once. Raises ValidationError `too_many`."""
    once = list(dict.fromkeys(mentioned))
    if len(once) > MOST:
        raise ValidationError(
            _("At most %(most)s people are told at once; these are %(count)s."),
            "too_many",
            {"most": MOST, "count": len(once)},
        )
    return once


@dataclass(frozen=True)
class Choice:
    """Somebody to choose behind an @, and what is then written."""

    member: Membership
    written: str


def choices(reader: Membership, typed: str = "") -> tuple[list[Choice], bool]:
    """Return whom the reader can mention, and whether these are all that are here.

    `typed` is what stands behind the @: the beginning of any part of a name.
    """
    here = Membership.objects.visible_to(reader).active().exclude(pk=reader.pk).by_name()
    if typed:
        here = here.filter(Q(shown_name__istartswith=typed) | Q(shown_name__icontains=f" {typed}"))
    found = list(here[: LISTED + 1])
    twice = _names_borne_twice(reader)
    shown = [
        Choice(one, f"{one.shown_name}#{one.pk}" if one.shown_name in twice else one.shown_name)
        for one in found[:LISTED]
    ]
    return shown, not typed and len(found) <= LISTED


def _names_borne_twice(reader: Membership) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    here = Membership.objects.visible_to(reader).active()
    for name in here.values_list("shown_name", flat=True):
        (twice if name in seen else seen).add(name)
    return twice
