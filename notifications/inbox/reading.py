"""What an inbox shows: notices in the words of those who wrote them, and nothing that was removed.

A higher app says what its notices are about, for many at once:

    @teller("conversation.comment")
    def tell(workspace: Workspace, notices: list[Notice]) -> dict[int, Told]: ...
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from notifications.models import Notice
from people.models import Membership, Workspace

PAGE = 50


@dataclass(frozen=True)
class Told:
    """What one notice is about, as it is now; no words when they were removed."""

    key: str
    title: str
    url: str
    words: str = ""


@dataclass(frozen=True)
class Line:
    """A notice and what it is about."""

    notice: Notice
    told: Told


@dataclass(frozen=True)
class Inbox:
    """A page of somebody's notices, the newest first; `older` is behind which there are more."""

    lines: list[Line]
    older: int | None
    newest: int


Teller = Callable[[Workspace, list[Notice]], dict[int, Told]]
_tellers: dict[str, Teller] = {}


def teller(kind: str) -> Callable[[Teller], Teller]:
    """Register who can say what notices of a kind are about. Raises RuntimeError when taken."""

    def register(tell: Teller) -> Teller:
        if _tellers.setdefault(kind, tell) is not tell:
            raise RuntimeError(f"Two tellers for {kind}.")
        return tell

    return register


def lines_of(workspace: Workspace, notices: Iterable[Notice]) -> list[Line]:
    """Say what each notice is about, in the order given; what is gone altogether is left out."""
    by_kind: dict[str, list[Notice]] = defaultdict(list)
    notices = list(notices)
    for notice in notices:
        by_kind[notice.kind].append(notice)
    told: dict[int, Told] = {}
    for kind, those in by_kind.items():
        if kind in _tellers:
            told |= _tellers[kind](workspace, those)
    return [Line(notice, told[notice.pk]) for notice in notices if notice.pk in told]


def inbox_of(reader: Membership, *, before: int | None = None, unread: bool = False) -> Inbox:
    """Return a page of the reader's own notices."""
    mine = Notice.objects.visible_to(reader)
    if unread:
        mine = mine.unread()
    if before is not None:
        mine = mine.filter(pk__lt=before)
    found = list(mine.select_related("actor").order_by("-pk")[: PAGE + 1])
    return Inbox(
        lines=lines_of(reader.workspace, found[:PAGE]),
        older=found[PAGE - 1].pk if len(found) > PAGE else None,
        newest=found[0].pk if found else 0,
    )
