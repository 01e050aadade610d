"""The two ways to run the program: as in production, and as `make run` starts it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import services
from tests.browsing import missing
from tests.system.stack import (
    MailFolder,
    MailServer,
    Stack,
    database,
    free_port,
    postgres_server,
    production_stack,
)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of an empty database of this test's own."""
    with postgres_server() as server, database(server) as address:
        yield address


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The address of a Redis for the queue."""
    with contextlib.ExitStack() as stack:
        given = os.environ.get("REDIS_URL", "")
        if not given:
            binary = services.find_redis()
            if binary is None:
                missing("Redis")
            given = stack.enter_context(services.redis_server(binary))
        server, _, _ = given.rpartition("/")
        yield f"{server}/9"


@pytest.fixture
def production(postgres_url: str, redis_url: str, tmp_path: Path) -> Iterator[tuple]:
    """The program as docker-compose.yml starts it, with an SMTP server; not started yet."""
    mail = MailServer()
    mail.start()
    stack = production_stack(
        database_url=postgres_url,
        redis_url=redis_url,
        mail_url=mail.url,
        home=tmp_path / "home",
        log=tmp_path / "log",
    )
    stack.manage("collectstatic", "--noinput", "-v0")
    stack.manage("migrate", "-v0")
    try:
        yield stack, mail
    finally:
        stack.kill()
        mail.stop()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[tuple]:
    """The program as `make run` starts it: SQLite, no server; not started yet."""
    port = free_port()
    home = tmp_path / "home"
    stack = Stack(
        environment={
            "SPRINTBOARD_HOME": str(home),
            "SPRINTBOARD_DEMO": "0",
            "PORT": str(port),
        },
        commands={"all": [sys.executable, "-m", "sprintboard.supervisor"]},
        port=port,
        log=tmp_path / "log",
    )
    stack.log.touch()
    stack.manage("migrate", "-v0")
    try:
        yield stack, MailFolder(home / "mail")
    finally:
        stack.kill()
