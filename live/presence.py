"""Who looks at the board, and who holds which card there: in memory alone, and soon forgotten.

Whoever's stream says that it is a board's is here; there is nothing else to keep. What is said is
one message for a whole workspace, always the whole of it: the newest takes the place of one that a
listener has not been sent yet. Processes tell each other through Redis where there is one, again
and again, and forget what they have not heard for a while; without it each knows its own people.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, NamedTuple, TypeVar

from django.conf import settings

from people.models import Membership

from . import bell
from .hub import Hub, Listener, message

logger = logging.getLogger(__name__)

# What comes together is told together; who is told by the thousand is told once a second
TOGETHER_SECONDS: Final = 0.2
LISTENERS_A_SECOND: Final = 1_000
# A page that is loaded again leaves, and is back before anybody is told
BACK_SECONDS: Final = 1.5
# A page says every five seconds that it still holds the card
HELD_SECONDS: Final = 15.0
# Processes say so often who is with them, and forget whoever has not said it for so long
AGAIN_SECONDS: Final = 12.0
FORGOTTEN_SECONDS: Final = 30.0
AFTER_FAULT_SECONDS: Final = 1.0
MOST_SHOWN: Final = 8
MOST_HELD: Final = 20
# Of one process and workspace; beyond that nobody counts
MOST_KNOWN: Final = 200
MOST_PROCESSES: Final = 64
# Lifting a card and putting it down is two words; a hand does no more
WORDS: Final = 30
IN_SECONDS: Final = 10.0

_own_presence: Callable[[object], None] | None = None


class Face(NamedTuple):
    """A person as the others see him: a circle in his hue, or the square of Sales."""

    member: int
    name: str
    initials: str
    hue: int
    sales: bool


Faces = dict[int, Face]
K = TypeVar("K")
V = TypeVar("V")


def ring_here(presence: Callable[[object], None] | None) -> None:
    """Name this process's presence: called, from any thread, with what was heard."""
    global _own_presence  # noqa: PLW0603  one per process is the point
    _own_presence = presence


def tell_held(member: Membership, task: int | None) -> None:
    """Say, from any thread, which card a member holds now; None for none. Never raises."""
    news = {"workspace": member.workspace_id, "member": member.pk, "task": task}
    if _own_presence is not None:
        _own_presence(news)
    bell.tell_others(news)


class Patience:
    """Counts words of each member in memory: presence is not worth a row."""

    def __init__(self) -> None:
        self._window = 0
        self._words: defaultdict[int, int] = defaultdict(int)

    def allows(self, member_id: int) -> bool:
        """Tell whether a member may say one more thing just now."""
        window = int(time.monotonic() / IN_SECONDS)
        if window != self._window:
            self._window = window
            self._words.clear()
        self._words[member_id] += 1
        return self._words[member_id] <= WORDS


patience: Final = Patience()


def read(words: object) -> object:
    """Return what another process said; None when it is no JSON."""
    try:
        return json.loads(words)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


class Presence:
    """What this process knows of who is here. Everything runs on the one event loop."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.process = secrets.token_hex(8)
        self.held: dict[int, dict[int, tuple[int, float]]] = {}
        self.elsewhere: dict[int, dict[str, tuple[Faces, float]]] = {}
        self._said: dict[int, bytes] = {}
        self._told_others: dict[int, tuple[frozenset[int], float]] = {}
        self._unsaid: set[int] = set()
        self._wake = asyncio.Event()

    def came(self, listener: Listener) -> None:
        """Show a page that has just come who is here, and show him to the others."""
        if listener.at_board:
            workspace = listener.seat.workspace_id
            if workspace in self._said:
                listener.show(self._said[workspace])
            self.changed(workspace)

    def left(self, listener: Listener) -> None:
        """Let the others know soon that a page is gone."""
        if listener.at_board:
            loop = asyncio.get_running_loop()
            loop.call_later(BACK_SECONDS, self.changed, listener.seat.workspace_id)

    def changed(self, workspace: int) -> None:
        """Say soon who is here."""
        self._unsaid.add(workspace)
        self._wake.set()

    def heard(self, news: object) -> None:
        """Take in what a thread or another process says; whatever makes no sense is nothing."""
        with contextlib.suppress(TypeError, ValueError, KeyError, AttributeError):
            self._take_in(news)

    def _take_in(self, news: Any) -> None:
        workspace = int(news["workspace"])
        if not self.hub.at_board(workspace) or news.get("process") == self.process:
            return
        if "process" in news:
            self._meet(workspace, str(news["process"]), map(_face, news["here"]))
            if news.get("ask"):
                self._told_others.pop(workspace, None)
        else:
            self._hold(workspace, int(news["member"]), news["task"])
        self.changed(workspace)

    def _meet(self, workspace: int, process: str, faces: Iterable[Face]) -> None:
        known = self.elsewhere.setdefault(workspace, {})
        if process in known or len(known) < MOST_PROCESSES:
            people = {face.member: face for face in faces}
            known[process] = (people, time.monotonic() + FORGOTTEN_SECONDS)

    def _hold(self, workspace: int, member: int, task: int | None) -> None:
        held = self.held.setdefault(workspace, {})
        held.pop(member, None)
        if task is not None and len(held) < MOST_KNOWN:
            held[member] = (int(task), time.monotonic() + HELD_SECONDS)

    async def follow(self, in_thread: Callable[..., Awaitable[None]]) -> None:
        """Say what changed, and let go of what has grown old."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._next()):
                    await self._wake.wait()
            await asyncio.sleep(TOGETHER_SECONDS)
            self._wake.clear()
            try:
                await asyncio.sleep(await self._tell(in_thread) / LISTENERS_A_SECOND)
            except Exception:
                logger.warning("Could not say who is here; that is tried again.", exc_info=True)
                await asyncio.sleep(AFTER_FAULT_SECONDS)

    async def _tell(self, in_thread: Callable[..., Awaitable[None]]) -> int:
        self._forget_the_old()
        told = self.say()
        if settings.REDIS_URL:
            for news in self._for_others():
                await in_thread(bell.tell_others, news)
        return told

    def _next(self) -> float | None:
        """Return in how many seconds something grows old; None when nothing does."""
        ends = [until for held in self.held.values() for _task, until in held.values()]
        ends += [until for known in self.elsewhere.values() for _faces, until in known.values()]
        ends += [at + AGAIN_SECONDS for _members, at in self._told_others.values()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _forget_the_old(self) -> None:
        now = time.monotonic()
        self._unsaid |= _forget(self.held, now) | _forget(self.elsewhere, now)

    def say(self) -> int:
        """Tell every board of the workspaces where something changed; return how many were told."""
        unsaid, self._unsaid = self._unsaid, set()
        return sum(map(self._say, unsaid))

    def _say(self, workspace: int) -> int:
        listeners = self.hub.at_board(workspace)
        if not listeners:
            for known in (self.held, self.elsewhere, self._said):
                known.pop(workspace, None)
            return 0
        words = self._words(workspace, listeners)
        if words == self._said.get(workspace):
            return 0
        self._said[workspace] = words
        for listener in listeners:
            listener.show(words)
        return len(listeners)

    def _words(self, workspace: int, listeners: Iterable[Listener]) -> bytes:
        people = _faces(listeners)
        for faces, _until in self.elsewhere.get(workspace, {}).values():
            people |= faces
        by_name = sorted(people.values(), key=lambda face: (face.name, face.member))
        held = [
            (task, member, people[member].name.split(" ", 1)[0])
            for member, (task, _until) in self.held.get(workspace, {}).items()
            if member in people
        ]
        return message(
            {"here": by_name[:MOST_SHOWN], "count": len(people), "held": held[:MOST_HELD]}, "here"
        )

    def _for_others(self) -> list[dict[str, object]]:
        """Return what the other processes have to be told: who came and went, and all at times."""
        now = time.monotonic()
        news: list[dict[str, object]] = []
        for workspace in [*self._said, *(self._told_others.keys() - self._said.keys())]:
            faces = list(_faces(self.hub.at_board(workspace)).values())[:MOST_KNOWN]
            members = frozenset(face.member for face in faces)
            told, at = self._told_others.get(workspace, (None, 0.0))
            if members == told and now < at + AGAIN_SECONDS:
                continue
            ask = told is None and workspace not in self.elsewhere
            news.append(
                {"process": self.process, "workspace": workspace, "here": faces, "ask": ask}
            )
            if faces:
                self._told_others[workspace] = (members, now)
            else:
                self._told_others.pop(workspace, None)  # it may have been said before
        return news


def _forget(known: dict[int, dict[K, tuple[V, float]]], now: float) -> set[int]:
    """Drop what has grown old; return the workspaces where that was."""
    changed = set()
    for workspace, entries in known.items():
        for key in [key for key, (_what, until) in entries.items() if until <= now]:
            del entries[key]
            changed.add(workspace)
    return changed


def _faces(listeners: Iterable[Listener]) -> Faces:
    return {
        member.pk: Face(member.pk, member.shown_name, member.initials, member.hue, member.is_sales)
        for member in (listener.seat.member for listener in listeners)
    }


def _face(told: Any) -> Face:
    member, name, initials, hue, sales = told
    return Face(int(member), str(name), str(initials), int(hue), bool(sales))
