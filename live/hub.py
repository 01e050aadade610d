"""Fan-out in memory: what the reader found, to every listener of a workspace.

Everything here runs on the one event loop of the process. A listener's buffer is bounded: one that
does not read is told nothing but the newest number, and its page catches up by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from activity.models import Audience

from .door import Seat

# More than a team changes in a few seconds; whoever is further behind fetches the page's changes
BUFFERED_EVENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One activity as it is told: in full to its audience, as a bare number to everybody else."""

    seq: int
    audience: Audience
    full: bytes
    bare: bytes
    about_members: bool = False

    def told_to(self, seat: Seat) -> bytes:
        """Return what this listener may read of it."""
        return self.full if self.audience.includes(seat.member) else self.bare


def message(data: dict[str, object], event: str = "") -> bytes:
    """Return one server-sent event; a `data` line of JSON holds no line break."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream and what it has not been sent yet."""

    seat: Seat
    at_board: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    buffer: deque[bytes] = field(default_factory=deque)
    here: bytes = b""
    leaving: str = ""

    def tell(self, words: bytes, seq: int) -> None:
        """Put words into the buffer; when it is full, forget them all and say where things are.

        Who has to leave is told nothing more.
        """
        if self.leaving:
            return
        if len(self.buffer) >= BUFFERED_EVENTS:
            self.buffer.clear()
            words = message({"seq": seq}, "resync")
        self.buffer.append(words)
        self.wake.set()

    def show(self, words: bytes) -> None:
        """Say who is here: the newest word takes the place of one that was not sent yet."""
        if not self.leaving:
            self.here = words
            self.wake.set()

    def leave(self, why: str) -> None:
        """End the stream; `why` is told to the page."""
        self.leaving = why
        self.wake.set()

    def take(self) -> bytes:
        """Return all that waits, as one piece."""
        self.wake.clear()
        words = b"".join(self.buffer) + self.here
        self.buffer.clear()
        self.here = b""
        return words


class Hub:
    """The listeners of this process, by workspace, and how far each workspace has been told."""

    def __init__(self) -> None:
        self.listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self.told: dict[int, int] = {}
        self.closing = False

    def __len__(self) -> int:
        return sum(map(len, self.listeners.values()))

    def join(self, seat: Seat, *, at_board: bool = False) -> tuple[Listener, int]:
        """Let somebody listen; return with the listener the number from which on he hears all."""
        listener = Listener(seat, at_board)
        start = self.told.setdefault(seat.workspace_id, seat.seq)
        self.listeners[seat.workspace_id].add(listener)
        return listener, start

    def part(self, listener: Listener) -> None:
        """Forget a listener; a workspace without any is not followed any more."""
        workspace = listener.seat.workspace_id
        self.listeners[workspace].discard(listener)
        if not self.listeners[workspace]:
            del self.listeners[workspace]
            self.told.pop(workspace, None)

    def streams_of(self, user_id: int) -> int:
        """Return how many streams one person has open here."""
        return sum(
            listener.seat.member.user_id == user_id
            for listeners in self.listeners.values()
            for listener in listeners
        )

    def tell(self, workspace_id: int, events: Iterable[Event]) -> None:
        """Tell every listener of a workspace what happened, in order."""
        for event in events:
            if event.seq <= self.told.get(workspace_id, event.seq):
                continue
            self.told[workspace_id] = event.seq
            for listener in self.listeners.get(workspace_id, ()):
                listener.tell(event.told_to(listener.seat), event.seq)

    def skip_to(self, workspace_id: int, seq: int) -> None:
        """Say that too much happened to tell it one by one."""
        self.told[workspace_id] = seq
        for listener in self.listeners.get(workspace_id, ()):
            listener.tell(message({"seq": seq}, "resync"), seq)

    def at_board(self, workspace_id: int) -> list[Listener]:
        """Return whose page shows the board; not who is about to leave."""
        listeners = self.listeners.get(workspace_id, ())
        return [one for one in listeners if one.at_board and not one.leaving]

    def seats(self, workspace_id: int | None = None) -> set[Seat]:
        """Return who listens, everywhere or in one workspace."""
        groups = (
            self.listeners.values()
            if workspace_id is None
            else [self.listeners.get(workspace_id, set())]
        )
        return {listener.seat for group in groups for listener in group}

    def dismiss(self, seats: set[Seat], why: str) -> None:
        """End the streams of these seats."""
        for group in self.listeners.values():
            for listener in group:
                if listener.seat in seats:
                    listener.leave(why)

    def close(self) -> None:
        """End every stream: the process stops."""
        self.closing = True
        for group in self.listeners.values():
            for listener in group:
                listener.leave("restart")
