"""Requests over one kept connection, ours and the bare program's by turns."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .servers import Server

CSRF = "b" * 32


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


class Client:
    """One person's connection."""

    def __init__(self, server: Server, session: str = "") -> None:
        self.server = server
        self.cookies = f"csrf={CSRF}" + (f"; sid={session}" if session else "")
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """Send one request and read all of its answer."""
        sent = {"Cookie": self.cookies, "Accept": "text/html"}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["X-CSRFToken"] = CSRF
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self._ask(method, path, body, sent)
        except http.client.RemoteDisconnected:  # it had nothing to do while the other was asked
            self._connection.close()
            return self._ask(method, path, body, sent)

    def _ask(self, method: str, path: str, body: str | None, sent: dict[str, str]) -> Answer:
        begun = time.perf_counter()
        self._connection.request(method, path, body, sent)
        answer = self._connection.getresponse()
        text = answer.read()
        return Answer(answer.status, answer.headers, text, time.perf_counter() - begun)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def talking(server: Server, session: str = "") -> Iterator[Client]:
    """Yield a client, and hang up afterwards."""
    client = Client(server, session)
    try:
        yield client
    finally:
        client.close()


#: One request; it fails where the answer is not what it has to be
Ask = Callable[[], Answer]


@dataclass
class Side:
    """What one of two programs needed, a number for each round."""

    p50: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def round(self, server: Server, ask: Ask, each: int) -> None:
        """Ask so many times, one after the other."""
        before = server.cpu()
        seconds = [ask().seconds for _ in range(each)]
        self.cpu.append((server.cpu() - before) / each)
        self.p50.append(statistics.median(seconds))


@dataclass(frozen=True)
class Pair:
    """Two programs beside each other: medians over rounds, in milliseconds, and their ratios."""

    ours: float
    bare: float
    ours_cpu: float
    bare_cpu: float

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.bare

    @property
    def cpu_ratio(self) -> float:
        """How many times as much CPU ours uses."""
        return self.ours_cpu / self.bare_cpu


def side_by_side(
    ours: tuple[Server, Ask], bare: tuple[Server, Ask], *, rounds: int, each: int
) -> Pair:
    """Ask both by turns: a noisy minute of the machine meets both."""
    mine, theirs = Side(), Side()
    for ask in (ours[1], bare[1]):  # the first answers load code
        ask()
    for _ in range(rounds):
        mine.round(*ours, each)
        theirs.round(*bare, each)
    return Pair(
        ours=1000 * statistics.median(mine.p50),
        bare=1000 * statistics.median(theirs.p50),
        # hundredths of seconds are too coarse for the median of single rounds
        ours_cpu=1000 * statistics.fmean(mine.cpu),
        bare_cpu=1000 * max(statistics.fmean(theirs.cpu), 1e-6),
    )
