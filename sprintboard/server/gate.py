"""The gate: what a request passes before a thread is spent on it.

Django runs on a few threads. A thread that waits for a slow sender is lost to everybody, so the
gate reads the whole body first, within a limit and a deadline; a thread then only ever works. It
hands on the length that it counted itself: a chunked body would reach WSGI as an empty one.
"""

import asyncio
import errno
import json
import logging
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, replace
from typing import IO, Any
from urllib.parse import quote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
CHUNK = 65_536
CHARSET = re.compile(rb"charset[^;]*", re.IGNORECASE)
# The one kind of address where more than 1 MB may come, if its own page says so to the sender
UPLOADS = re.compile(r"/w/[^/]+/files/[^/]+/[^/]+/")
WELCOME = b"x-sprintboard-upload"
UTF_8 = re.compile(rb'charset\s*=\s*"?utf-?8"?\s*', re.IGNORECASE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may cost before Django sees it."""

    body: int = 1_048_576
    # Read a little more than is allowed: who is cut off while sending never sees the answer. With
    # what the server holds in its buffers it comes to 2 MB.
    read: int = 2 * 1_048_576 - 4 * CHUNK
    seconds: float = 15
    waiting: int = 64
    in_memory: int = CHUNK
    # Files: for who may bring them, and for so many at once (each lies in the temporary folder)
    upload: int = 26 * 1_048_576
    upload_read: int = 28 * 1_048_576
    upload_seconds: float = 300
    uploads: int = 6

    def for_upload(self) -> "Limits":
        """Return what a request may cost that brings files."""
        return replace(self, body=self.upload, read=self.upload_read, seconds=self.upload_seconds)


@dataclass(frozen=True)
class RefusedError(Exception):
    """The gate's own answer, in place of Django's: a code for programs, words for people."""

    status: int
    code: str
    title: str
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


Page = Callable[[RefusedError], str]

CLOSE = (b"connection", b"close")
TOO_LARGE = RefusedError(
    413,
    "too_large",
    "That was too much at once",
    "A request takes at most 1 MB. Nothing was saved.",
    (CLOSE,),
)
FILE_TOO_LARGE = RefusedError(
    413,
    "too_large",
    "That was too much at once",
    "A file has at most 25 MB, and one sending takes no more. Nothing was saved.",
    (CLOSE,),
)
TOO_SLOW = RefusedError(
    408,
    "too_slow",
    "That took too long",
    "The request did not arrive in time. Nothing was saved.",
    (CLOSE,),
)
NOT_UTF_8 = RefusedError(
    415,
    "encoding",
    "That could not be read",
    "Text has to come as UTF-8. Nothing was saved.",
    (CLOSE,),
)
TOO_BUSY = RefusedError(
    503,
    "busy",
    "Too busy just now",
    "Nothing was saved. Please try again in a few seconds.",
    ((b"retry-after", b"5"),),
)
NO_ROOM = RefusedError(
    507,
    "storage_full",
    "The storage is full",
    "The storage is full, nothing was saved.",
    (CLOSE,),
)
REFUSALS = (TOO_LARGE, FILE_TOO_LARGE, TOO_SLOW, NOT_UTF_8, TOO_BUSY, NO_ROOM)

# The pages are ours alone, so their own folder may be trusted with style, pictures and script
POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    b" font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class DisconnectedError(Exception):
    """The sender went away before its request was whole."""


class Line:
    """The WSGI program, and who waits for one of its threads."""

    def __init__(self, program: WSGIApp) -> None:
        self.program = program
        self.waiting: set[int] = set()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Run in a thread: this request waits no longer."""
        self.waiting.discard(id(environ["asgi.scope"]))
        return self.program(environ, start_response)


class Gate:
    """An ASGI application in front of the threads."""

    def __init__(
        self,
        app: ASGIApp,
        line: Line,
        limits: Limits | None = None,
        page: Page | None = None,
    ) -> None:
        self.app = app
        self.line = line
        self.limits = limits or Limits()
        self.page = page or plain_page
        self.uploads = asyncio.Semaphore(self.limits.uploads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the server."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._pass(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(self.limits.in_memory) as body:
            try:
                if not speaks_utf_8(dict(scope["headers"]).get(b"content-type", b"")):
                    raise NOT_UTF_8
                size = await self._take(scope, receive, body)
                if len(self.line.waiting) >= self.limits.waiting:
                    raise TOO_BUSY
            except RefusedError as refused:
                await self._answer(refused, scope, send)
            except DisconnectedError:
                return
            else:
                await self._hand_on(tidied(scope, size), _replay(body, size), _quiet(send))

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.line.waiting.add(id(scope))
        try:
            await self.app(scope, receive, send)
        finally:
            self.line.waiting.discard(id(scope))

    async def _answer(self, refused: RefusedError, scope: Scope, send: Send) -> None:
        accepts = dict(scope["headers"]).get(b"accept", b"")
        if b"application/json" in accepts or scope["path"].startswith("/api/"):
            error = {"code": refused.code, "message": refused.text, "fields": {}}
            kind, body = b"application/json", json.dumps({"error": error}).encode()
        else:
            kind, body = b"text/html; charset=utf-8", self.page(refused).encode()
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", POLICY),
            *refused.headers,
        ]
        await send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _take(self, scope: Scope, receive: Receive, body: IO[bytes]) -> int:
        """Read the body by the limits of its address and return its length."""
        if not self._brings_much(scope) or not await self._is_welcome(scope):
            return await self._read(scope, receive, body, self.limits)
        limits = self.limits.for_upload()
        try:
            async with asyncio.timeout(limits.seconds):
                await self.uploads.acquire()
        except TimeoutError:
            raise TOO_BUSY from None
        try:
            return await self._read(scope, receive, body, limits)
        except RefusedError as refused:
            raise (FILE_TOO_LARGE if refused is TOO_LARGE else refused) from None
        finally:
            self.uploads.release()

    def _brings_much(self, scope: Scope) -> bool:
        """Tell whether the limit of other requests may not do; most files are small ones."""
        declared = dict(scope["headers"]).get(b"content-length", b"")
        small = declared.isdigit() and int(declared) <= self.limits.body
        return scope["method"] == "POST" and not small and bool(UPLOADS.fullmatch(scope["path"]))

    async def _is_welcome(self, scope: Scope) -> bool:
        """Ask the page itself, before anything is read, whether this person may bring files."""
        told: list[Message] = []

        async def hear(message: Message) -> None:
            told.append(message)

        question = {**scope, "method": "HEAD", "query_string": b""}
        with tempfile.SpooledTemporaryFile(1) as nothing:
            await self._hand_on(tidied(question, 0), _replay(nothing, 0), hear)
        return any(WELCOME in dict(message.get("headers", ())) for message in told)

    async def _read(self, scope: Scope, receive: Receive, body: IO[bytes], limits: Limits) -> int:
        """Read the body into the file and return its length."""
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if declared == b"0" and b"transfer-encoding" not in headers:
            return 0
        if not declared.isdigit() or int(declared) > limits.read:
            raise TOO_LARGE
        try:
            async with asyncio.timeout(limits.seconds):
                size = await self._spool(receive, body, limits)
        except TimeoutError:
            raise TOO_SLOW from None
        if size > limits.body:
            raise TOO_LARGE
        body.seek(0)
        return size

    async def _spool(self, receive: Receive, body: IO[bytes], limits: Limits) -> int:
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limits.read:
                raise TOO_LARGE
            if size <= limits.body:
                _keep(body, chunk)
            if not message.get("more_body", False):
                return size


def _keep(body: IO[bytes], chunk: bytes) -> None:
    try:
        body.write(chunk)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        logger.critical("No room for the body of a request: %s", error)
        raise NO_ROOM from None


def speaks_utf_8(content_type: bytes) -> bool:
    """Tell whether text comes in the one coding that we read.

    Django takes whatever codec is named: some of Python's make halves of characters, which no
    database stores, out of plain letters, and with one that decodes no text it falls over.
    """
    told = CHARSET.findall(content_type)
    return b"*=" not in content_type and all(UTF_8.fullmatch(one) for one in told)


def tidied(scope: Scope, size: int) -> Scope:
    """Return the request as WSGI may safely see it.

    A header with an underscore would take the place of one with a hyphen (`X_Forwarded_For`), and
    a query string of raw bytes cannot be decoded.
    """
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in {b"content-length", b"transfer-encoding"} and b"_" not in name
    ]
    if size or scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
        headers.append((b"content-length", str(size).encode()))
    return {
        **scope,
        "headers": headers,
        "query_string": quote(scope["query_string"], safe=PRINTABLE).encode(),
    }


def _replay(body: IO[bytes], size: int) -> Receive:
    async def receive() -> Message:
        chunk = body.read(CHUNK)
        return {"type": "http.request", "body": chunk, "more_body": body.tell() < size}

    return receive


def _quiet(send: Send) -> Send:
    """Return a `send` that never fails.

    The bridge's thread hands its answer to a queue of limited length; were its reader to die of a
    client that went away, the thread would wait for room in that queue for ever.
    """
    failed = False

    async def quiet(message: Message) -> None:
        nonlocal failed
        if failed:
            return
        try:
            await send(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread must come back
            failed = True
            logger.warning("An answer could not be sent: %r", error)

    return quiet


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


def plain_page(refused: RefusedError) -> str:
    """Return the page where nobody gave a better one."""
    return PAGE.format(refused=refused)


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{refused.title} · Sprintboard</title>
<h1>{refused.title}</h1>
<p>{refused.text}</p>
<p>Use your browser's back button to return to what you were writing.</p>
</html>
"""
