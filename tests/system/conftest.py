"""The two ways to run the program: as in production, and as `make run` starts it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from scripts import services
from tests.browsing import missing
from tests.system.stack import MailFolder, MailServer, Stack, free_port


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of an empty database of this test's own."""
    with contextlib.ExitStack() as stack:
        given = os.environ.get("DATABASE_URL", "")
        if not given.startswith("postgres"):
            binaries = services.find_postgresql()
            if binaries is None:
                missing("PostgreSQL")
            given = stack.enter_context(services.postgresql(binaries))
        server, _, _ = given.rpartition("/")
        name = f"system_{secrets.token_hex(4)}"
        _run(f"{server}/postgres", f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            _run(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def _run(address: str, sql: str) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql)


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
    port = free_port()
    mail = MailServer()
    mail.start()
    celery = [sys.executable, "-m", "celery", "-A", "sprintboard"]
    stack = Stack(
        environment={
            "SPRINTBOARD_MODE": "production",
            "SPRINTBOARD_INSECURE": "1",
            "SPRINTBOARD_HOME": str(tmp_path / "home"),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "DATABASE_URL": postgres_url,
            "REDIS_URL": redis_url,
            "EMAIL_URL": mail.url,
            "REMAP_SIGTERM": "SIGQUIT",
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
        log=tmp_path / "log",
    )
    stack.log.touch()
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
