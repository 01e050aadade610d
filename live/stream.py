"""`/live/<slug>/`: server-sent events over plain ASGI, a few kilobytes a listener.

A stream begins with the number from which on it tells everything; nothing is replayed. Its page
compares that with its own number and asks for what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from . import door
from .hub import Hub, Listener, message
from .reader import Reader

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger(__name__)

PATH: Final = re.compile(r"/live/([-a-zA-Z0-9_]{1,40})/")
# Whose page says so is shown to the others who look at the board
AT_BOARD: Final = b"at=board"
HEARTBEAT_SECONDS: Final = 15.0
# Who does not take a message for so long is gone, whatever his connection says
WRITE_SECONDS: Final = 20.0
# After a restart a thousand pages come back over some seconds, not at once
RETRY_MILLISECONDS: Final = (2_000, 6_000)
MOST_STREAMS_OF_ONE: Final = 40
HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-store, no-transform, private"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class Stream:
    """The ASGI application behind /live/. Made on the loop's first request."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.reader: Reader | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        found = PATH.fullmatch(scope["path"])
        if scope["method"] != "GET" or not found:
            await _end(send, 405 if found else 404)
            return
        reader = self._reader()
        try:
            session_key = door.session_key_of(scope["headers"])
            seat = await reader.in_thread(door.admit, session_key, found[1])
        except Exception:
            logger.warning("A stream could not begin.", exc_info=True)
            await _refuse(send, "restart")
            return
        if self.hub.closing:
            await _refuse(send, "restart")
            return
        if seat is None:
            await _refuse(send, "refused")
            return
        if self.hub.streams_of(seat.member.user_id) >= MOST_STREAMS_OF_ONE:
            await _refuse(send, "too_many")
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        at_board = scope.get("query_string") == AT_BOARD
        listener, start = self.hub.join(seat, at_board=at_board)
        reader.presence.came(listener)
        try:
            await self._tell(listener, start, receive, send)
        finally:
            self.hub.part(listener)
            reader.presence.left(listener)

    def leave(self) -> None:
        """End every stream, from whatever thread or signal."""
        self.hub.closing = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.hub.close)

    def _reader(self) -> Reader:
        if self.reader is None:
            self._loop = asyncio.get_running_loop()
            self.reader = Reader(self.hub)
            self.reader.start()
        return self.reader

    def _beat(self, listener: Listener) -> bytes:
        """Return the number the page should be at: it hears so that it still hears."""
        seq = self.hub.told.get(listener.seat.workspace_id, listener.seat.seq)
        return message({"seq": seq}, "beat")

    async def _tell(self, listener: Listener, start: int, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _gone: listener.wake.set())
        try:
            words = _retry() + message({"seq": start}, "start")
            while await _write(send, words):
                words = b""
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await listener.wake.wait()
                if gone.done():
                    return
                words = listener.take()
                if listener.leaving or self.hub.closing:
                    why = listener.leaving or "restart"
                    await _write(send, words + message({"why": why}, "end"), more=False)
                    return
                words = words or self._beat(listener)
        finally:
            gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, words: bytes, *, more: bool = True) -> bool:
    """Send words; return whether the listener took them in time."""
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await send({"type": "http.response.body", "body": words, "more_body": more})
    except (TimeoutError, OSError):
        return False
    return True


def _retry() -> bytes:
    return f"retry: {random.randint(*RETRY_MILLISECONDS)}\n".encode()  # noqa: S311  keeps no secret


async def _refuse(send: Send, why: str) -> None:
    """Say by an event that there is no stream: after a 403 a browser would never try again."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await _write(send, _retry() + message({"why": why}, "end"), more=False)


async def _end(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
