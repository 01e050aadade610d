"""How soon many open boards hear of a move, and what each of them costs the server."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from .asking import talking
from .pages import moving
from .report import Line, Section
from .servers import Server

Built = dict[str, Any]
TOGETHER = 100  # connections begun at once
LONGEST = 30.0


@dataclass
class Crowd:
    """Open streams that note when they hear of each number."""

    heard: dict[int, list[float]] = field(default_factory=dict)
    started: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, server: Server, world: Built, count: int) -> None:
        """Open so many streams, each person having as many as the next, and wait for all."""
        sessions = world["sessions"]
        for begin in range(0, count, TOGETHER):
            end = min(begin + TOGETHER, count)
            for n in range(begin, end):
                listening = self._listen(server, world["slug"], sessions[n % len(sessions)])
                self._tasks.append(asyncio.create_task(listening))
            await self._until(lambda end=end: self.started >= end)

    async def _listen(self, server: Server, slug: str, session: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            f"GET /live/{slug}/?at=board HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Cookie: sid={session}\r\n\r\n".encode()
        )
        try:
            while line := await reader.readline():
                if line.startswith(b"event: start"):
                    self.started += 1
                elif line.startswith(b"event: end"):
                    raise ConnectionError("A stream was refused.")
                elif line.startswith(b'data: {"seq"'):
                    seq = json.loads(line[6:])["seq"]
                    self.heard.setdefault(seq, []).append(time.perf_counter())
        finally:
            writer.close()

    async def _until(self, true: Any) -> None:
        deadline = time.monotonic() + LONGEST
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.started} streams began, {len(self.heard)} numbers heard")
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Hang up everywhere."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _one(server: Server, world: Built, which: int, count: int, moves: int) -> Line:
    crowd = Crowd()
    before = server.memory()
    await crowd.open(server, world, count)
    await asyncio.sleep(1)
    each = (server.memory() - before) / count
    every: list[float] = []
    last: list[float] = []
    begun_cpu = server.cpu()
    with talking(server, world["sessions"][0]) as client:
        move = moving(client, world, which)
        for _ in range(moves):
            known = set(crowd.heard)
            begun = time.perf_counter()
            answer = await asyncio.to_thread(move)
            said = begun + answer.seconds
            await crowd._until(
                lambda known=known: any(
                    len(times) >= count for seq, times in crowd.heard.items() if seq not in known
                )
            )
            times = next(times for seq, times in crowd.heard.items() if seq not in known)
            # a listener can hear of it before whoever moved has read his answer
            every += [max(0.0, one - said) for one in times]
            last.append(max(times) - begun)
            await asyncio.sleep(0.2)
    cpu = (server.cpu() - begun_cpu) / moves / count
    await crowd.close()
    return (
        f"{count:,} open boards",
        "100 / 300" if count <= 500 else "",
        f"{1000 * statistics.median(every):.0f}",
        f"{1000 * _p99(every):.0f}",
        f"{1000 * statistics.median(last):.0f}",
        f"{1000 * _p99(last):.0f}",
        f"{each / 1024:.1f}",
        f"{1_000_000 * cpu:.0f}",
    )


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def measure(server: Server, world: Built, counts: list[int], *, moves: int) -> Section:
    """Measure with so many streams each time."""
    lines = [
        asyncio.run(_one(server, world, 11 + n, count, moves)) for n, count in enumerate(counts)
    ]
    return Section(
        "A move on many open boards",
        (
            "what",
            "budget, ms",
            "after the answer p50, ms",
            "p99, ms",
            "the last one after the press p50, ms",
            "p99, ms",
            "KiB each",
            "µs CPU each, the move included",
        ),
        lines,
    )
