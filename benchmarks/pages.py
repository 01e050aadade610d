"""What a page, a fragment and a move cost, beside the bare program."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from .asking import Answer, Ask, Client, Pair, side_by_side, talking
from .report import Line, Section
from .servers import Server

Built = dict[str, Any]
FRAGMENT = {"HX_Request": "true", "HX_Target": "board-live"}


class UnexpectedError(Exception):
    """A program answered something else: what was measured would mean nothing."""


def expect(answer: Answer, status: int) -> Answer:
    """Return the answer. Raises UnexpectedError when it has another status."""
    if answer.status != status:
        raise UnexpectedError(f"{answer.status} instead of {status}: {answer.body[:300]!r}")
    return answer


def getting(client: Client, path: str, status: int = 200, **headers: str) -> Ask:
    """Return a way to ask for one address again and again."""
    return lambda: expect(client.ask("GET", path, **headers), status)


def shown_by(client: Client, world: Built) -> str:
    """Return the number that a fresh board shows."""
    page = expect(client.ask("GET", f"/w/{world['slug']}/board/columns/"), 200).body
    found = re.search(rb'data-seq="(\d+)"', page)
    if found is None:
        raise UnexpectedError("The board says no number.")
    return found[1].decode()


def moving(client: Client, world: Built, which: int = 10) -> Ask:
    """Return a way to move one card, each time before another one of its column.

    A card is moved by one client alone: it counts the card's versions.
    """
    card = world["cards"][which]
    address = f"/w/{world['slug']}/tasks/{card}/move/"
    neighbours = itertools.cycle(world["cards"][20:40])
    version, seq = 1, shown_by(client, world)
    known = re.compile(rf'data-key="{card}" data-version="(\d+)"'.encode())

    def move() -> Answer:
        nonlocal version, seq
        values = {"version": version, "column": world["columns"][0], "before": next(neighbours)}
        told = {**FRAGMENT, "X_Since": seq}
        answer = expect(client.ask("POST", address, urlencode(values), **told), 200)
        seq = answer.headers["X-Seq"]
        found = known.search(answer.body)
        if found is None:
            raise UnexpectedError(f"The answer does not hold {card}: {answer.body[:300]!r}")
        version = int(found[1])
        return answer

    return move


def creating(client: Client, world: Built) -> Ask:
    """Return a way to make a task, on top of the backlog."""
    numbers = itertools.count()

    def create() -> Answer:
        values = {"title": f"Measured {next(numbers)}", "at_top": "on"}
        address = f"/w/{world['slug']}/tasks/new/"
        return expect(client.ask("POST", address, urlencode(values)), 302)

    return create


def measure(
    program: Server, bare: Server, worlds: dict[str, Built], *, rounds: int, each: int
) -> Section:
    """Measure page, fragment, move, create and backlog."""
    board = worlds["w200"]
    at = f"/w/{board['slug']}"
    session = board["sessions"][0]
    with talking(program, session) as ours, talking(bare, session) as theirs:

        def beside(ask: Ask, path: str, of: int, *, post: bool = False) -> Pair:
            size = len(ask().body)
            there = f"{path}?of={of}&workspace={board['pk']}&bytes={size}"
            plain: Ask = (
                (lambda: theirs.ask("POST", there, "x=1"))
                if post
                else (lambda: theirs.ask("GET", there))
            )
            return side_by_side((program, ask), (bare, plain), rounds=rounds, each=each)

        columns = getting(ours, f"{at}/board/columns/")
        tag = {"If_None_Match": columns().headers["ETag"]}
        since = f"{at}/board/changes/?since={shown_by(ours, board)}"
        reads: list[tuple[str, str, Pair]] = [
            (
                "board page, 200 cards, warm",
                "2 x time and CPU",
                beside(getting(ours, f"{at}/board/"), "/board", board["sprint"]),
            ),
            ("`board/columns/`, 200", "", beside(columns, "/board", board["sprint"])),
            (
                "`board/columns/`, 304",
                "1 x",
                beside(
                    getting(ours, f"{at}/board/columns/", 304, **tag), "/unchanged", board["pk"]
                ),
            ),
            (
                "`board/changes/`, 304",
                "1 x",
                beside(getting(ours, since, 304, **tag), "/unchanged", board["pk"]),
            ),
            (
                "backlog page, 5,000 tasks",
                "",
                beside(getting(ours, f"{at}/backlog/"), "/list", board["pk"]),
            ),
        ]
        writes = [
            (
                "a card is moved",
                "6 x CPU",
                beside(moving(ours, board), "/move", board["sprint"], post=True),
            ),
            (
                "a task is made",
                "",
                beside(creating(ours, board), "/create", board["sprint"], post=True),
            ),
        ]
    return Section(
        "Beside the bare program",
        (
            *("what", "budget", "ours, ms", "bare, ms", "ratio"),
            *("ours, ms CPU", "bare, ms CPU", "ratio of CPU"),
        ),
        [_pair(*one) for one in (*reads, *writes)],
    )


def _pair(what: str, budget: str, pair: Pair) -> Line:
    return (
        what,
        budget,
        f"{pair.ours:.1f}",
        f"{pair.bare:.1f}",
        f"{pair.ratio:.1f}",
        f"{pair.ours_cpu:.1f}",
        f"{pair.bare_cpu:.1f}",
        f"{pair.cpu_ratio:.1f}",
    )


def backlogs(program: Server, worlds: dict[str, Built], *, rounds: int, each: int) -> Section:
    """Measure the first backlog page of 1,000 tasks beside that of 100,000."""
    lines: list[Line] = []
    for what, query in (("first page", ""), ("searched for a word", "?q=number+77")):
        with (
            talking(program, worlds["k1"]["sessions"][0]) as few,
            talking(program, worlds["k100"]["sessions"][0]) as many,
        ):
            pair = side_by_side(
                (program, getting(many, f"/w/k100/backlog/{query}")),
                (program, getting(few, f"/w/k1/backlog/{query}")),
                rounds=rounds,
                each=each,
            )
        budget = "1.5 x" if not query else ""
        lines.append((what, budget, f"{pair.ours:.1f}", f"{pair.bare:.1f}", f"{pair.ratio:.2f}"))
    return Section(
        "The backlog, 100,000 tasks beside 1,000",
        ("what", "budget", "100,000, ms", "1,000, ms", "ratio"),
        lines,
    )


def cold(start: Callable[[], Any], worlds: dict[str, Built], *, times: int) -> Section:
    """Measure the first board page of a process that has drawn no card yet."""
    board = worlds["w200"]
    cold_ms, warm_ms = [], []
    for _ in range(times):
        with start() as program, talking(program, board["sessions"][0]) as client:
            getting(client, "/w/k1/backlog/", 404)()  # the frame of a page is loaded, no card is
            getting(client, f"/w/{board['slug']}/campaigns/")()
            ask = getting(client, f"/w/{board['slug']}/board/")
            cold_ms.append(1000 * ask().seconds)
            warm_ms.append(1000 * statistics.median(ask().seconds for _ in range(10)))
    first, later = statistics.median(cold_ms), statistics.median(warm_ms)
    return Section(
        "The first board page of a process",
        ("what", "cold, ms", "warm, ms", "ratio"),
        [("board page, 200 cards", f"{first:.0f}", f"{later:.1f}", f"{first / later:.1f}")],
    )
