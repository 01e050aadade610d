"""The program under test, part by part, with servers that may be broken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from scripts import services
from tests.browsing import missing
from tests.faults.figures import at_full_scale
from tests.system.stack import MailServer, Stack, free_port, run_sql, wait_for

SEAM = Path(__file__).with_name("seam")
QUEUE = "celery"
FINAL = ("sent", "failed", "uncertain", "cancelled")


class RedisServer:
    """A Redis without any persistence, to be stopped, frozen and killed."""

    def __init__(self, folder: Path) -> None:
        binary = services.find_redis()
        if binary is None:
            missing("Redis")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._log = folder / "redis.log"
        self._command = [
            *(str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
            *("--appendonly", "no", "--dir", str(folder)),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, start_new_session=True
            )
        wait_for("Redis to answer", self._answers, 30)

    def signal(self, number: signal.Signals) -> None:
        """Freeze it (SIGSTOP) or let it go on (SIGCONT)."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, with all that it held."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def length(self, key: str = QUEUE) -> int:
        """Return how many messages wait in the queue, or are held by workers ("unacked")."""
        with closing(redis.Redis.from_url(self.url)) as client:
            if client.type(key) == b"hash":
                return int(client.hlen(key))  # type: ignore[arg-type]
            return int(client.llen(key))  # type: ignore[arg-type]

    def _answers(self) -> bool:
        try:
            with closing(redis.Redis.from_url(self.url, socket_timeout=1)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Pauses:
    """Where a process of the program is to stop and wait for what the test does to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("planned", "met", "waiting"):
            (folder / part).mkdir(parents=True)

    def plan(self, place: str, key: object, seconds: float = 600) -> None:
        """Stop the first process that comes to this place with this row, for so long."""
        (self.folder / "planned" / f"{place}:{key}").write_text(str(seconds))

    def kill_all_who_come(self, count: int, seconds: float) -> int:
        """Kill -9 each process that stops at a planned place, until so many have been killed."""
        killed = 0

        def all_killed() -> bool:
            nonlocal killed
            for place, pid in self.waiting().items():
                os.kill(pid, signal.SIGKILL)
                (self.folder / "waiting" / place).unlink()
                killed += 1
            return killed >= count

        wait_for(f"{count} processes to reach the place where they are killed", all_killed, seconds)
        return killed

    def forget(self) -> None:
        """Forget who waited: the processes are gone."""
        for path in (self.folder / "waiting").iterdir():
            path.unlink()

    def waiting(self) -> dict[str, int]:
        """Return which places have been reached, and the processes that wait there."""
        return {
            path.name: int(path.read_text()) for path in (self.folder / "waiting").glob("[!.]*")
        }


@dataclass
class Program:
    """Web, worker and beat over a database of their own, a Redis and a mail server."""

    stack: Stack
    redis: RedisServer
    mail: MailServer
    database: str
    pauses: Pauses
    ground: dict[str, Any]
    clock_file: Path
    _client: Celery = field(init=False)

    def __post_init__(self) -> None:
        self._client = Celery(broker=self.redis.url)
        self._client.conf.task_ignore_result = True

    def start(
        self, *parts: str, seams: tuple[str, ...] = (), under: str = "", **environment: str
    ) -> None:
        """Start these parts, with seams of tests/faults/seams.py (or dotted names) in them."""
        names = [name if "." in name else f"tests.faults.seams.{name}" for name in seams]
        for part in parts:
            self.stack.start_part(part, under=under, TEST_SEAMS=" ".join(names), **environment)
        if "web" in parts:
            self.stack.wait_until_ready()

    def stop(self, *parts: str) -> None:
        """Stop these parts as an operator does."""
        for part in parts:
            self.stack.stop_part(part)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the database, past the program."""
        return run_sql(self.database, statement, *values)

    def set_clock(self, seconds: float) -> None:
        """Let every process tell a time that is so much later, from now on."""
        hidden = self.clock_file.with_suffix(".new")
        hidden.write_text(str(seconds))
        hidden.rename(self.clock_file)

    def ring(self, job: str, *arguments: object) -> None:
        """Put a message for a job into the queue, as the program does."""
        self._client.send_task(job, arguments)

    def mails(
        self, count: int, *, state: str = "queued", kind: str = "reviews.test", payload: Any = None
    ) -> list[int]:
        """Write outbox rows to Sam past the program, without a ring; return their ids."""
        own = ("id", "dedupe_key", "state", "kind", "payload", "not_before", "created_at")
        same = [
            name
            for (name,) in self.sql(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'notifications_outboxitem' AND table_schema = 'public'"
            )
            if name not in own
        ]
        columns = ", ".join(same)
        rows = self.sql(
            f"INSERT INTO notifications_outboxitem ({columns}, {', '.join(own[1:])})"  # noqa: S608
            f" SELECT {columns}, 'fault:' || gen_random_uuid(), %s, %s,"
            " coalesce(%s::jsonb, payload), now() - interval '1 second', now()"
            " FROM notifications_outboxitem, generate_series(1, %s) WHERE id = %s RETURNING id",
            state,
            kind,
            None if payload is None else json.dumps(payload),
            count,
            self.ground["pattern"],
        )
        return [pk for (pk,) in rows]

    def look_now(self) -> None:
        """Let the sweep look at once where the test would only wait for beat's next minute."""
        if not at_full_scale():
            self.ring("notifications.jobs.sweep")

    def wait_until_idle(self, seconds: float = 60) -> None:
        """Wait until Redis holds no message, neither waiting nor handed out."""
        wait_for("the queue to be empty", self._is_idle, seconds)

    def _is_idle(self) -> bool:
        return not self.redis.length() and not self.redis.length("unacked")

    def states(self, ids: list[int]) -> Counter[str]:
        """Return how many of these rows are in which state."""
        rows = self.sql(
            "SELECT state, count(*) FROM notifications_outboxitem WHERE id = ANY(%s) GROUP BY 1",
            ids,
        )
        return Counter(dict(rows))

    def wait_until_final(self, ids: list[int], seconds: float) -> Counter[str]:
        """Wait until no row waits or is on its way; return how many ended in which state."""

        def final() -> Counter[str] | None:
            states = self.states(ids)
            return states if not states["queued"] + states["sending"] else None

        return wait_for(f"{len(ids)} messages to end in a final state", final, seconds)

    def received(self, ids: list[int]) -> dict[int, int]:
        """Return how often the mail server accepted the message of each row."""
        wanted = {f"<outbox-{pk}@127.0.0.1>": pk for pk in ids}
        times = Counter(str(message["Message-ID"]) for _, message in list(self.mail.accepted))
        return {pk: times[name] for name, pk in wanted.items()}

    def log(self) -> str:
        """Return what all processes have printed."""
        return self.stack.log.read_text(errors="replace")

    def close(self) -> None:
        """End everything."""
        self.stack.kill()
        self._client.close()


@contextmanager
def short_folder() -> Iterator[Path]:
    """Yield a folder with a short name, for what a server keeps."""
    name = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        yield name
    finally:
        shutil.rmtree(name, ignore_errors=True)
