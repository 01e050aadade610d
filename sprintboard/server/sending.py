"""Sending files: Django names one, this sends it, and no thread waits for a slow reader.

A view answers without a body and with `SEND`, the path of a file below the folder of media. That
header never leaves the house. Everything else in the answer does, with the length and the range of
the file.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sprintboard.server.gate import ASGIApp, Message, Receive, Scope, Send

SEND = b"x-sprintboard-send"
CHUNK = 262_144
# A reader who takes nothing for so long is gone
STALLED_SECONDS = 60.0
# Our own names, and nothing that could lead out of the folder
NAME = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.webp)?")
RANGE = re.compile(rb"bytes=(\d{0,15})-(\d{0,15})")
OURS = {SEND, b"content-length", b"accept-ranges", b"content-range"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """What is sent of a file: from a byte on, so many."""

    status: int
    begin: int
    length: int


class Sending:
    """An ASGI application around the threads: it sends what they name."""

    def __init__(self, app: ASGIApp, root: Callable[[], Path]) -> None:
        self.app = app
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answer on, or send the file that it names; then the thread is free already."""
        starts: list[Message] = []

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and SEND in dict(message["headers"]):
                starts.append(message)
            elif not starts:
                await send(message)

        await self.app(scope, receive, watch)
        if starts:
            await self._send(scope, starts[0], send)

    async def _send(self, scope: Scope, start: Message, send: Send) -> None:
        name = dict(start["headers"])[SEND].decode("latin-1")
        headers = [(key, value) for key, value in start["headers"] if key not in OURS]
        try:
            if not NAME.fullmatch(name):
                raise FileNotFoundError(name)
            file, size = await asyncio.to_thread(_opened, self.root() / name)
        except OSError as error:
            logger.error("A file could not be sent: %s", error)  # noqa: TRY400 - the reason will do
            await _answer(send, 404, [(b"cache-control", b"no-store")])
            return
        with file:
            asked = dict(scope["headers"])
            part = part_of(size, asked.get(b"range", b""), asked.get(b"if-range"), headers)
            headers += [
                (b"accept-ranges", b"bytes"),
                (b"content-length", str(part.length).encode()),
            ]
            if part.status != 200:
                headers.append((b"content-range", _told(part, size)))
            await _answer(send, part.status, headers, more=True)
            body = part.length if scope["method"] != "HEAD" and part.status != 416 else 0
            await _stream(file, part.begin, body, send)


def part_of(
    size: int, asked: bytes, if_range: bytes | None, headers: list[tuple[bytes, bytes]]
) -> Part:
    """Return what to send: one range where one was asked for, else everything.

    Several ranges are answered with the whole file, as the rules of HTTP allow: whoever asks for a
    thousand gets it once.
    """
    found = RANGE.fullmatch(asked)
    whole = Part(200, 0, size)
    if found is None or not any(found.groups()):
        return whole
    if if_range is not None and if_range != dict(headers).get(b"etag"):
        return whole
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return Part(206, size - length, length) if length else Part(416, 0, 0)
    begin, end = int(first), min(int(last or size), size - 1)
    if last and int(last) < begin:
        return whole  # no range at all
    return Part(206, begin, end - begin + 1) if begin < size else Part(416, 0, 0)


def _told(part: Part, size: int) -> bytes:
    if part.status == 416:
        return f"bytes */{size}".encode()
    return f"bytes {part.begin}-{part.begin + part.length - 1}/{size}".encode()


def _opened(path: Path) -> tuple[IO[bytes], int]:
    file = path.open("rb")
    return file, path.stat().st_size


async def _answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], *, more: bool = False
) -> None:
    if not more:
        headers = [*headers, (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if not more:
        await send({"type": "http.response.body", "body": b""})


async def _stream(file: IO[bytes], begin: int, length: int, send: Send) -> None:
    file.seek(begin)
    while length:
        chunk = await asyncio.to_thread(file.read, min(CHUNK, length))
        if not chunk:  # it was shorter than it said: the reader sees that the answer breaks off
            return
        length -= len(chunk)
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TimeoutError:
            logger.info("A reader stopped reading a file.")
            return
    await send({"type": "http.response.body", "body": b""})
