"""What every fault test may use: the program on real servers, and the line of figures to fill."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.figures import Figures, at_full_scale
from tests.faults.program import SEAM, Pauses, Program, RedisServer, short_folder
from tests.faults.worlds import collected, templates, world  # noqa: F401 - fixtures
from tests.system.stack import (
    MailServer,
    database,
    postgres_server,
    production_stack,
)


@dataclass(frozen=True)
class Ground:
    """A PostgreSQL server with a database to copy, what is in it, and the collected files."""

    server: str
    name: str
    ids: dict[str, Any]
    static: Path


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory, collected: Path) -> Iterator[Ground]:  # noqa: F811
    """Migrate and fill a database once; each test gets a copy of it."""
    folder = tmp_path_factory.mktemp("ground")
    with postgres_server() as server, database(server) as address:
        stack = production_stack(
            database_url=address,
            redis_url="redis://127.0.0.1:1/0",  # nobody listens: what is rung here is not meant
            mail_url="smtp://127.0.0.1:1",
            home=folder / "home",
            log=folder / "log",
            STATIC_ROOT=str(collected),
        )
        stack.manage("migrate", "-v0")
        code = Path(__file__).with_name("ground.py").read_text()
        printed = stack.manage("shell", "-v0", "-c", code)
        ids = json.loads(printed.splitlines()[-1])
        yield Ground(server, address.rpartition("/")[2], ids, collected)


@pytest.fixture
def program(ground: Ground, tmp_path: Path) -> Iterator[Program]:
    """The program with an empty Redis and a mail server that accepts all; no part runs yet."""
    mail = MailServer()
    with database(ground.server, ground.name) as address, short_folder() as folder:
        redis = RedisServer(folder)
        redis.start()
        mail.start()
        stack = production_stack(
            database_url=address,
            redis_url=redis.url,
            mail_url=mail.url,
            home=tmp_path / "home",
            log=tmp_path / "log",
            STATIC_ROOT=str(ground.static),
            TEST_PAUSES=str(tmp_path / "pauses"),
            TEST_CLOCK_FILE=str(tmp_path / "clock"),
        )
        stack.seam = SEAM
        program = Program(
            stack=stack,
            redis=redis,
            mail=mail,
            database=address,
            pauses=Pauses(tmp_path / "pauses"),
            ground=ground.ids,
            clock_file=tmp_path / "clock",
        )
        try:
            yield program
        finally:
            program.close()
            redis.kill()
            mail.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Remember for the `figures` fixture whether the test itself passed."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


_PASSED = pytest.StashKey[bool]()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Figures]]:
    """Return a function that opens a line: `line = figures("F1", "what was tried")`.

    Fill its fields in the test; `make faults` keeps it when the test passes.
    """
    lines: list[Figures] = []

    def open_line(fault: str, what: str) -> Figures:
        lines.append(Figures(fault, what))
        return lines[-1]

    yield open_line
    if at_full_scale() and request.node.stash.get(_PASSED, False):
        for number, line in enumerate(lines):
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            line.keep(f"{line.fault}-{name}-{number}")
