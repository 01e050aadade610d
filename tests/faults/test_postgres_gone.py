"""F8, F9: PostgreSQL goes away under load and comes back; the server process stays."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import services
from tests.browsing import missing
from tests.faults.figures import scale
from tests.faults.worlds import Answer, Cluster, Templates, Visitor, World, found
from tests.system.stack import database

pytestmark = [pytest.mark.faults, pytest.mark.alone]

WRITERS, READERS = 8, 4
NEW, BOARD = "/w/northwind/requests/new/", "/w/northwind/board/"
WITHOUT_CHECKS = "tests.faults.unsafe.without_health_checks"


@pytest.fixture
def breakable(templates: Templates, tmp_path: Path) -> Iterator[tuple[World, Cluster]]:
    """Northwind on a PostgreSQL server of this test's own, which may be stopped."""
    binaries = services.find_postgresql()
    if binaries is None:
        missing("PostgreSQL")
    with services.postgresql(binaries) as address:
        server = address.rpartition("/")[0]
        cluster = Cluster(server)
        with database(server) as url:
            scene = found(url, tmp_path, templates.environment)
            world = World("postgresql", url, tmp_path, scene, templates.environment)
            try:
                yield world, cluster
            finally:
                world.close()
        cluster.close()


class Load:
    """People who write and read all the time, and try again as the page tells them."""

    def __init__(self, world: World, visitor: Visitor) -> None:
        self.sam, self.rep = visitor, world.scene["sam"]
        self.acknowledged: list[str] = []
        self.answers: list[tuple[float, Answer]] = []
        self.broken: list[str] = []
        self._over = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._write) for _ in range(WRITERS)),
            *(threading.Thread(target=self._read) for _ in range(READERS)),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish what it is at."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def after(self, moment: float) -> list[Answer]:
        """Return the answers that came after this moment."""
        return [answer for at, answer in list(self.answers) if at > moment]

    def _write(self) -> None:
        while not self._over.is_set():
            form = {"title": "Slides", "submission_id": uuid.uuid4(), "requester": self.rep}
            while self._ask(lambda form=form: self.sam.post(NEW, **form)) != 302:
                time.sleep(0.2)  # the same form once more, until it is taken
            self.acknowledged.append(str(form["submission_id"]))

    def _read(self) -> None:
        while not self._over.is_set():
            if self._ask(lambda: self.sam.get(BOARD)) != 200:
                time.sleep(0.2)

    def _ask(self, ask) -> int:
        try:
            answer = ask()
        except OSError as error:
            self.broken.append(repr(error))
            return 0
        self.answers.append((time.monotonic(), answer))
        return answer.status


def test_f8_a_database_that_is_gone_for_a_while_costs_waiting_and_nothing_else(breakable, figures):
    world, cluster = breakable
    away = scale(5, 20)
    line = figures("F8", f"PostgreSQL stopped for {away} s under 8 writers and 4 readers")
    stack = world.web()
    load = Load(world, world.visitor(stack, "sam"))
    load.start()
    time.sleep(scale(2, 5))
    cluster.stop()
    stopped = time.monotonic()
    time.sleep(away)
    cluster.start()
    started = time.monotonic()
    while not any(answer.status in {200, 302} for answer in load.after(started)):
        assert time.monotonic() - started < 60, "it does not recover"
        time.sleep(0.02)
    recovered = time.monotonic() - started
    time.sleep(scale(2, 5))
    load.stop()

    statuses = Counter(answer.status for _at, answer in load.answers)
    assert load.broken == []
    assert set(statuses) == {200, 302, 503}, statuses
    refused = [answer for at, answer in load.answers if answer.status == 503]
    slowest = max(answer.seconds for answer in refused)
    assert all(answer.headers["retry-after"] for answer in refused)
    assert all("othing was saved" in answer.text for answer in refused)
    assert slowest <= 3.5
    assert recovered <= 2
    rows = Counter(world.play("count_rows")["submissions"])
    assert rows == Counter(load.acknowledged)
    assert [
        at for at, answer in load.answers if stopped < at < started and answer.status != 503
    ] == []
    line.tried, line.seconds = len(load.acknowledged), round(recovered, 1)
    line.remarks = (
        f"{statuses[503]} times 503, the slowest after {slowest:.1f} s, no 500; "
        f"the first page {recovered:.1f} s after the start; every acknowledged write is one row"
    )


def pages_after_a_restart(breakable, *seams: str) -> Counter[int]:
    world, cluster = breakable
    visitor = world.visitor(world.web(*seams), "mia")
    for _ in range(40):  # every thread has its connection
        assert visitor.get(BOARD).status == 200
    cluster.stop()
    cluster.start()
    cluster.wait()
    return Counter(visitor.get(BOARD).status for _ in range(40))


@pytest.mark.faults_quick
def test_f9_after_a_restart_of_the_database_the_first_page_works(breakable, figures):
    line = figures("F9", "PostgreSQL restarted behind the kept connections of 8 threads")
    assert pages_after_a_restart(breakable) == {200: 40}
    line.stop()
    line.tried, line.remarks = 40, "each of the 40 pages after the restart came"
    unsafe = pages_after_a_restart(breakable, WITHOUT_CHECKS)
    line.control = f"without health checks: {40 - unsafe[200]} of 40 pages failed"
    assert unsafe[200] < 40, "kept connections survive a restart: the test shows nothing"
