"""The program on PostgreSQL or file SQLite: a founded workspace, its server, people, processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import pytest

from tests.faults.program import SEAM
from tests.system.stack import ROOT, Stack, database, free_port, postgres_server, run_sql, wait_for

KINDS = ("postgresql", "sqlite")
PATIENCE = 180


@dataclass(frozen=True)
class Answer:
    """What a visitor got."""

    status: int
    headers: dict[str, str]
    text: str
    seconds: float


class Visitor:
    """Somebody who is signed in, and sends forms as a browser does."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        token = secrets.token_hex(16)
        self._token = {"csrfmiddlewaretoken": token}
        self._cookies = f"sid={session}; csrf={token}"

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._ask("GET", path)

    def post(self, path: str, **fields: object) -> Answer:
        """Send a form."""
        return self._ask("POST", path, urlencode({**self._token, **fields}))

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Cookie": self._cookies, "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(line):
            line.request(method, path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, got, text, time.monotonic() - began)


@dataclass
class World:
    """One database of a test's own with Northwind in it, and what works on it."""

    kind: str
    url: str
    folder: Path
    scene: dict[str, Any]
    environment: dict[str, str]
    stacks: list[Stack] = field(default_factory=list)

    def web(self, *seams: str, **environment: str) -> Stack:
        """Start the web server, and wait until it answers."""
        port = free_port()
        stack = Stack(
            environment={
                **self._settings(),
                "PORT": str(port),
                "SITE_URL": f"http://127.0.0.1:{port}",
                "TEST_SEAMS": " ".join(seams),
                **environment,
            },
            commands={"web": [sys.executable, "-m", "sprintboard.server"]},
            port=port,
            log=self.folder / f"web-{port}.log",
            seam=SEAM,
        )
        stack.log.touch()
        self.stacks.append(stack)
        stack.start_part("web")
        wait_for("the server to answer", lambda: _answers(stack), 60)
        return stack

    def visitor(self, stack: Stack, first: str) -> Visitor:
        """Return somebody of Northwind, signed in."""
        return Visitor(stack.port, self.scene["sessions"][first])

    def play(self, name: str, /, **arguments: object) -> dict[str, Any]:
        """Let another process do something (tests/faults/hands.py), and return what it found."""
        return finished(self.hand(name, **arguments))

    def hand(
        self, name: str, /, *, seams: tuple[str, ...] = (), **arguments: object
    ) -> subprocess.Popen[str]:
        """Start another process that does something; `finished` reads what it found."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.hands", name, json.dumps(arguments)],
            cwd=ROOT,
            env={
                **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                "PYTHONPATH": str(SEAM),
                "PYTHONWARNINGS": "ignore",
                **self._settings(),
                "TEST_SEAMS": " ".join(seams),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _settings(self) -> dict[str, str]:
        return {
            **self.environment,
            "DATABASE_URL": self.url,
            "SPRINTBOARD_HOME": str(self.folder / "home"),
        }

    def close(self) -> None:
        """End every server."""
        for stack in self.stacks:
            stack.kill()


def finished(hand: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a hand and return what it found; fail with what it printed when it broke."""
    try:
        printed, _ = hand.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        hand.kill()
        raise
    assert hand.returncode == 0, printed
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def at_once(count: int, act: Callable[[int], Answer]) -> list[Answer]:
    """Do one thing so many times at the same moment."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(act, range(count)))


def _answers(stack: Stack) -> bool:
    process = stack.processes["web"]
    assert process.poll() is None, stack.log.read_text(errors="replace")[-3000:]
    try:
        return Visitor(stack.port, "").get("/healthz").status == 200
    except OSError:
        return False


class Cluster:
    """A PostgreSQL server that can be stopped and started again on the same data."""

    def __init__(self, server: str) -> None:
        self.address = f"{server}/postgres"
        [[data]] = run_sql(self.address, "SHOW data_directory")
        self._data = Path(data)
        self._again: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m fast` does: every connection is cut."""
        note = self._data / "postmaster.pid"
        os.kill(int(note.read_text().split()[0]), signal.SIGINT)
        wait_for("PostgreSQL to stop", lambda: not note.exists(), 30)
        if self._again is not None:
            self._again.wait(30)
            self._again = None

    def start(self) -> None:
        """Start it again, with the options it had."""
        command = shlex.split((self._data / "postmaster.opts").read_text())
        owner = self._data.owner()
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam(owner)
            identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with (self._data.parent / "log").open("ab") as log:
            self._again = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._data.parent, **identity
            )

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.address).close()
            except psycopg2.Error:
                assert time.monotonic() < end, "PostgreSQL did not start again."
                time.sleep(0.02)
            else:
                return

    def close(self) -> None:
        """Stop what was started here; the server of the tests ends its own."""
        if self._again is not None:
            self.stop()


@dataclass
class Templates:
    """Each database migrated and filled once; tests work on copies."""

    folder: Path
    environment: dict[str, str]
    stack: contextlib.ExitStack
    _made: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _server: str = ""

    def server(self) -> str:
        """Return the address of the PostgreSQL server."""
        self._server = self._server or self.stack.enter_context(postgres_server())
        return self._server

    @contextlib.contextmanager
    def world(self, kind: str, folder: Path) -> Iterator[World]:
        """Yield a copy of the filled database, with nothing running on it yet."""
        url, scene = self._template(kind)
        (folder / "home").mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            if kind == "sqlite":
                path = folder / "db.sqlite3"
                shutil.copy(url.removeprefix("sqlite:///"), path)
                address = f"sqlite:///{path}"
            else:
                name = url.rpartition("/")[2]
                address = stack.enter_context(database(self.server(), name))
            world = World(kind, address, folder, scene, self.environment)
            stack.callback(world.close)
            yield world

    def _template(self, kind: str) -> tuple[str, dict[str, Any]]:
        if kind not in self._made:
            if kind == "sqlite":
                url = f"sqlite:///{self.folder / 'template.sqlite3'}"
            else:
                url = self.stack.enter_context(database(self.server()))
            self._made[kind] = url, found(url, self.folder, self.environment)
        return self._made[kind]


def found(url: str, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Migrate a database and found Northwind in it."""
    world = World("", url, folder, {}, environment)
    settings = world._settings()
    stack = Stack(environment=settings, commands={}, port=0, log=folder / "log")
    stack.manage("migrate", "-v0")
    scene = world.play("found")
    if url.startswith("sqlite"):  # into one file, to be copied
        import sqlite3

        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return scene


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files of every server that these tests start, collected once."""
    folder = tmp_path_factory.mktemp("collected")
    static = folder / "static"
    environment = {"STATIC_ROOT": str(static), "SPRINTBOARD_HOME": str(folder / "home")}
    stack = Stack(environment=environment, commands={}, port=0, log=folder / "log")
    stack.manage("collectstatic", "--noinput", "-v0")
    return static


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, collected: Path) -> Iterator[Templates]:
    """The filled databases to copy, each made when it is first wanted."""
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "STATIC_ROOT": str(collected),
        "SPRINTBOARD_DEMO": "0",
    }
    with contextlib.ExitStack() as servers:
        yield Templates(tmp_path_factory.mktemp("worlds"), environment, servers)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[World]:
    """Northwind on each database in turn; @only("sqlite") keeps one."""
    with templates.world(request.param, tmp_path / "world") as made:
        yield made


def only(kind: str) -> pytest.MarkDecorator:
    """Run a test on one of the databases."""
    return pytest.mark.parametrize("world", [kind], indirect=True)
