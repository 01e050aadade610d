"""Real processes for the system tests: web, worker and beat, started and stopped by their ids."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any

import psycopg2
from aiosmtpd.controller import Controller

from scripts import services
from tests.browsing import missing

ROOT = Path(__file__).resolve().parents[2]
SHIFT = Path(__file__).with_name("clock_shift")


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, check: Any, seconds: float = 90.0) -> Any:
    """Return what `check` returns once it is true; fail with its name after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.3)
    raise AssertionError(f"Waited {seconds:.0f} s for {what}.")


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Yield a PostgreSQL server's address without a database: the run's own, or a new one."""
    with contextlib.ExitStack() as stack:
        given = os.environ.get("DATABASE_URL", "")
        if not given.startswith("postgres"):
            binaries = services.find_postgresql()
            if binaries is None:
                missing("PostgreSQL")
            given = stack.enter_context(services.postgresql(binaries))
        yield given.rpartition("/")[0]


@contextlib.contextmanager
def database(server: str, template: str = "template1") -> Iterator[str]:
    """Yield the address of a new database, gone afterwards; a copy of the template."""
    name = f"system_{secrets.token_hex(4)}"
    run_sql(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield f"{server}/{name}"
    finally:
        run_sql(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def run_sql(address: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement in a connection of its own; return its rows, if it has any."""
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


class MailServer:
    """An SMTP server on loopback that keeps what it accepted."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, EmailMessage]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail once for each recipient of its envelope."""
        message = BytesParser(policy=mail_policy).parsebytes(envelope.content)
        self.accepted.extend((address, message) for address in envelope.rcpt_tos)
        return "250 kept"

    def start(self) -> None:
        """Begin to listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    @property
    def url(self) -> str:
        """Return the EMAIL_URL that leads here."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """Return what one address received, in order."""
        return [message for to, message in self.accepted if to == address]


class MailFolder:
    """The folder where the embedded program leaves its mails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def to(self, address: str) -> list[Message]:
        """Return what one address received, oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.log"), key=lambda path: path.stat().st_mtime):
            for part in path.read_bytes().split(b"-" * 79 + b"\n"):
                if part.strip():
                    message = BytesParser(policy=mail_policy).parsebytes(part.lstrip())
                    if address in str(message["To"]):
                        found.append(message)
        return found


@dataclass
class Stack:
    """The program as a set of processes over one database."""

    environment: dict[str, str]
    commands: dict[str, list[str]]
    port: int
    log: Path
    seam: Path = SHIFT
    said: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environ(0),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, shift_seconds: float = 0.0) -> None:
        """Start every process, telling this much later a time, and wait until it is ready."""
        for name in self.commands:
            self.start_part(name, shift_seconds)
        self.wait_until_ready()

    def start_part(
        self, name: str, shift_seconds: float = 0.0, *, under: str = "", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start one process, under another name if there is to be a second one."""
        with self.log.open("ab") as log:
            process = self.processes[under or name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env={**self._environ(shift_seconds), **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process

    def wait_until_ready(self) -> None:
        """Wait until the web server serves; fail when a process has ended meanwhile."""
        try:
            wait_for("the program to be ready", self._ready)
        except AssertionError as late:
            late.add_note(f"It said: {self.said}")
            raise

    def stop(self) -> None:
        """Stop every process; none outlives this."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for name in list(self.processes):
            self.stop_part(name)

    def stop_part(self, name: str) -> None:
        """Stop one process as an operator does, and wait for its end."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise AssertionError(f"{name} did not stop within 30 seconds.") from None

    def kill_part(self, name: str) -> None:
        """End one process and its children at once, as a machine that loses power does."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):  # children outlive a leader that has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def kill(self) -> None:
        """End whatever a failed test left."""
        for name in list(self.processes):
            self.kill_part(name)

    def _environ(self, shift_seconds: float) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": str(self.seam),
            "PYTHONWARNINGS": "ignore",
            "TEST_CLOCK_SHIFT_SECONDS": str(shift_seconds),
            **self.environment,
        }

    def _ready(self) -> bool:
        for name, process in self.processes.items():
            tail = self.log.read_text(errors="replace")[-3000:]
            assert process.poll() is None, f"{name} ended with {process.returncode}:\n{tail}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            with refused:
                self.said = refused.read().decode(errors="replace")
            return False
        except (urllib.error.URLError, OSError):
            return False


def production_stack(
    *, database_url: str, redis_url: str, mail_url: str, home: Path, log: Path, **environment: str
) -> Stack:
    """Return the program as docker-compose.yml starts it; nothing runs yet."""
    port = free_port()
    celery = [sys.executable, "-m", "celery", "-A", "sprintboard"]
    home.mkdir(parents=True, exist_ok=True)
    log.touch()
    return Stack(
        environment={
            "SPRINTBOARD_MODE": "production",
            "SPRINTBOARD_INSECURE": "1",
            "SPRINTBOARD_HOME": str(home),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "EMAIL_URL": mail_url,
            "REMAP_SIGTERM": "SIGQUIT",
            **environment,
        },
        commands={
            "web": [sys.executable, "-m", "sprintboard.server"],
            "worker": [
                *(*celery, "worker", "--concurrency=2", "--without-gossip"),
                *("--without-mingle", "--loglevel=INFO"),
            ],
            "beat": [*celery, "beat", "--pidfile=", "--loglevel=INFO"],
        },
        port=port,
        log=log,
    )
