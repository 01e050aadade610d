"""F24 to F27: streams by the hundred, through a restart, to readers who do not read or may not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.figures import at_full_scale, scale
from tests.faults.worlds import Templates, World, finished
from tests.system.stack import Stack, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.faults_quick, pytest.mark.alone]

PATIENCE = 60
STREAMS_OF_ONE = 40
UNBOUNDED = ("tests.faults.unsafe.without_bounds",)


@pytest.fixture(scope="module")
def streaming(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Northwind on PostgreSQL with one server, without Redis, for all tests of this file."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, most[1]), most[1]))
    with templates.world("postgresql", tmp_path_factory.mktemp("streams") / "world") as world:
        world.web()
        yield world
    resource.setrlimit(resource.RLIMIT_NOFILE, most)


@pytest.fixture
def server(streaming: World) -> Stack:
    """The web server."""
    return streaming.stacks[0]


def memory(stack: Stack) -> int:
    """Return how many bytes of memory a server holds."""
    status = Path(f"/proc/{stack.processes['web'].pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def mb(size: float) -> float:
    return round(size / 1_048_576, 1)


@dataclass
class Page:
    """An open board as the server knows it: it listens, and asks for what it missed."""

    port: int
    session: str
    shown: int = -1
    heard: list[int] = field(default_factory=list)  # numbers, as they were told one by one
    asked: list[range] = field(default_factory=list)  # what it fetched instead
    broken: list[str] = field(default_factory=list)  # told out of order, or twice on one line
    starts: list[float] = field(default_factory=list)
    refused: int = 0
    ended: str = ""
    words: str = ""
    retry: float = 1.0

    async def live(self) -> None:
        """Listen for ever, as a browser does: after the end of a line, again at its own second."""
        while self.ended != "refused":
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._listen()
            if self.ended != "refused":
                await asyncio.sleep(self.retry)

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._request("/live/northwind/?at=board"))
            told, event = -1, ""
            while line := await reader.readline():
                name, _colon, value = line.decode().rstrip("\n").partition(": ")
                if name == "retry":
                    self.retry = int(value) / 1000
                elif name == "event":
                    event = value
                elif name == "data":
                    self.words += value
                    told = await self._take(event, json.loads(value), told)
                    event = ""
        finally:
            writer.close()

    async def _take(self, event: str, news: dict[str, Any], told: int) -> int:
        if event == "end":
            self.ended = str(news["why"])
        if event == "start":
            self.starts.append(time.monotonic())
            if self.shown < 0:
                self.shown = news["seq"]  # a page is drawn with the number it shows
        if event in ("start", "beat", "resync"):
            if news["seq"] > self.shown:
                await self._ask()
            return int(news["seq"])
        if event == "":
            if news["seq"] != told + 1:
                self.broken.append(f"{news['seq']} after {told}")
            if news["seq"] > self.shown:
                self.heard.append(news["seq"])
                self.shown = news["seq"]
            return int(news["seq"])
        return told

    async def _ask(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                self._request(
                    f"/w/northwind/board/changes/?since={self.shown}", "Connection: close"
                )
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        finally:
            writer.close()
        if " 503 " in head.splitlines()[0]:  # short of breath: left in peace for a while
            self.refused += 1
            await asyncio.sleep(random.uniform(2, 6))  # noqa: S311  keeps no secret
            await self._ask()
            return
        if "x-seq: " not in head:
            self.broken.append(head.splitlines()[0])
            return
        now = int(head.split("x-seq: ")[1].split()[0])
        self.asked.append(range(self.shown + 1, now + 1))
        self.shown = max(self.shown, now)

    def _request(self, path: str, *more: str) -> bytes:
        head = (f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: sid={self.session}", *more)
        return ("\r\n".join(head) + "\r\n\r\n").encode()

    def lacks(self, first: int, last: int) -> set[int]:
        """Return the numbers that it neither heard nor fetched."""
        return set(range(first, last + 1)) - set(self.heard).union(*self.asked)


async def until(what: str, check: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is true."""
    try:
        async with asyncio.timeout(seconds):
            while not check():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"Waited {seconds:.0f} s for {what}.") from None


def with_pages(pages: list[Page], story: Callable[[], Awaitable[None]]) -> None:
    """Let pages live while a story is told."""

    async def told() -> None:
        tasks = [asyncio.create_task(page.live()) for page in pages]
        try:
            await until("every page to hear", lambda: all(page.starts for page in pages))
            await story()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(told())


# F24: a restart under many streams ------------------------------------------------------------


def test_f24_streams_come_back_from_a_restart_and_miss_nothing(
    streaming: World, server: Stack, figures
):
    count = scale(200, 1_000)
    line = figures("F24", f"the server restarts under {count} streams while people write")
    sessions = [*streaming.scene["sessions"].values()]
    if more := -(-count // STREAMS_OF_ONE) - len(sessions):
        sessions += streaming.play("invite", count=more)["sessions"]
    pages = [Page(server.port, sessions[n % len(sessions)]) for n in range(count)]
    before = memory(server)
    seen: dict[str, Any] = {}

    async def story() -> None:
        first = max(page.shown for page in pages)
        seen["each"] = (memory(server) - before) / count
        hand = streaming.hand("move_to_and_fro", times=scale(40, 120), pause=0.1)
        await until("the first moves", lambda: all(page.shown > first for page in pages))
        began = time.monotonic()
        await asyncio.to_thread(server.stop_part, "web")
        seen["stop"] = time.monotonic() - began
        server.start_part("web")
        await asyncio.to_thread(wait_for, "the server", lambda: _answers(server), PATIENCE)
        up = time.monotonic()
        await until("all to be back", lambda: all(len(page.starts) > 1 for page in pages))
        seen["back"] = sorted(page.starts[1] - up for page in pages)
        last = (await asyncio.to_thread(finished, hand))["seq"]
        await until("the last move", lambda: all(page.shown == last for page in pages))
        seen["first"], seen["last"] = first + 1, last

    with_pages(pages, story)

    back = seen["back"]
    assert [page.broken for page in pages if page.broken] == []
    assert not any(page.lacks(seen["first"], seen["last"]) for page in pages)
    assert seen["stop"] <= scale(quick=10, full=5)
    assert back[int(count * 0.95) - 1] <= scale(quick=20, full=8)
    assert back[-1] <= scale(quick=30, full=15)
    assert mb(memory(server)) <= 200
    told = set(range(seen["first"], seen["last"] + 1))
    alone = sum(bool(told - set(page.heard)) for page in pages)
    assert alone > 0, "nobody would have missed anything: the test shows nothing"
    line.tried, line.seconds = count, round(back[-1], 1)
    line.control = f"the stream alone, without asking: {alone} of {count} missed something"
    line.remarks = (
        f"each has {seen['first']} to {seen['last']}; stopped in {seen['stop']:.1f} s; after the "
        f"server answered half were back in {back[count // 2]:.1f} s, 95 % in "
        f"{back[int(count * 0.95) - 1]:.1f} s; {seen['each'] / 1024:.0f} KiB a stream, "
        f"{mb(memory(server)):.0f} MB in all; {sum(page.refused for page in pages)} times a page "
        "was told to ask again later"
    )


def _answers(stack: Stack) -> bool:
    assert stack.processes["web"].poll() is None, stack.log.read_text(errors="replace")[-3000:]
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", stack.port), 1):
        return True
    return False


# F26: pages that never read -------------------------------------------------------------------


@contextlib.contextmanager
def deaf(stack: Stack, sessions: list[str], count: int) -> Iterator[None]:
    """Hold so many streams open without reading a byte of them."""
    sockets = []
    try:
        for n in range(count):
            line = socket.socket()
            sockets.append(line)
            # as little as possible waits in the kernel, where nobody would see it
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            line.connect(("127.0.0.1", stack.port))
            line.sendall(Page(0, sessions[n % len(sessions)])._request("/live/northwind/"))
        yield
    finally:
        for line in sockets:
            line.close()


def open_files(stack: Stack) -> int:
    return sum(1 for _ in Path(f"/proc/{stack.processes['web'].pid}/fd").iterdir())


def growth(world: World, stack: Stack, count: int) -> tuple[float, float]:
    """Return by how many MB a server grows under pages that never read, and what was written."""
    sessions = [*world.scene["sessions"].values()]
    if more := -(-count // STREAMS_OF_ONE) - len(sessions) + 1:
        sessions += world.play("invite", count=more)["sessions"] if more > 0 else []
    times, batch, size = 6, 50, 2000
    reader = Page(stack.port, sessions[-1])
    found = []

    async def story() -> None:
        with deaf(stack, sessions[:-1], count):
            before, files = memory(stack), open_files(stack)
            found.append(before)
            last = await asyncio.to_thread(
                world.play, "write_at_length", times=times, batch=batch, size=size
            )
            await until("the one who reads", lambda: reader.shown == last["seq"])
            found.append(memory(stack))
            if at_full_scale() and not stack.environment["TEST_SEAMS"]:
                await until("the others to be let go", lambda: open_files(stack) <= files - count)

    with_pages([reader], story)
    assert reader.broken == []
    return mb(found[1] - found[0]), mb(times * batch * size * count)


def test_f26_a_page_that_never_reads_holds_no_memory(streaming: World, server: Stack, figures):
    count = scale(50, 200)
    line = figures("F26", f"{count} streams whose pages never read a byte")
    line.stopwatch()
    grown, written = growth(streaming, server, count)
    line.stop()
    assert grown <= 20
    line.tried = count
    line.remarks = (
        f"{written:.0f} MB were to be told, the server grew by {grown} MB and let them go after "
        "20 s; one who reads heard all"
    )
    if at_full_scale():
        unsafe, _written = growth(streaming, streaming.web(*UNBOUNDED), count)
        line.control = f"buffers without bounds: {unsafe:.0f} MB more"
        assert unsafe > 20, "this way of writing costs nothing: the test shows nothing"


# F27: a membership ends under an open stream --------------------------------------------------


def test_f27_who_is_removed_hears_nothing_more(streaming: World, server: Stack, figures):
    line = figures("F27", "a member is removed by another process while his page is open")
    lena, mia = (Page(server.port, streaming.scene["sessions"][who]) for who in ("lena", "mia"))

    async def story() -> None:
        hand = streaming.hand("remove_and_go_on", first="lena")
        removed = asyncio.to_thread(finished, hand)
        last = (await removed)["seq"]
        began = time.monotonic()
        await until("the end of her stream", lambda: lena.ended == "refused", 5)
        line.seconds = round(time.monotonic() - began, 1)
        await until("the others to hear of it", lambda: mia.shown == last)

    with_pages([lena, mia], story)
    assert "Not for those who left" in mia.words
    assert "Not for those who left" not in lena.words
    line.tried = 1
    line.remarks = "her stream ended; what was written right after the removal was not told her"
