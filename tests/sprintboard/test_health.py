"""Health: alive without looking, ready only with a database that is up to date."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from activity import clock
from activity.actions import set_mark
from activity.changes import SYSTEM, change
from activity.models import Mark
from notifications.actions import pause, queue_mail
from sprintboard import health
from sprintboard.server import probe
from tests.factories import World

pytestmark = pytest.mark.django_db
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def break_database(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error("the connection is gone")

    monkeypatch.setattr(connection, "cursor", fail)


def test_alive_asks_no_database(client: Client, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_ready_costs_four_small_queries(
    client: Client, django_assert_max_num_queries: Callable
) -> None:
    set_mark(Mark.WORKER)
    health.known_migrations()
    with django_assert_max_num_queries(5):
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": "ok",
        "migrations": "ok",
        "disk": "ok",
        "outbox": "ok",
        "worker": "ok",
        "broker": "ok",
    }


def test_a_full_disk_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DISK_BYTES", 2**63)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["disk"] == "full"


@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (1, "ok"), (3, "degraded")])
def test_a_worker_that_went_silent_is_degraded_and_still_ready(
    client: Client, time_machine: Any, minutes: int, state: str
) -> None:
    set_mark(Mark.WORKER)
    time_machine.move_to(clock.now() + timedelta(minutes=minutes))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, state)


def test_without_a_worker_ever_it_is_degraded_and_still_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (200, "degraded")


@pytest.mark.parametrize(("minutes", "state"), [(4, "ok"), (6, "degraded")])
def test_mail_that_is_late_is_degraded_and_still_ready(
    client: Client, northwind: World, time_machine: Any, minutes: int, state: str
) -> None:
    queue_one(northwind)
    time_machine.move_to(clock.now() + timedelta(minutes=minutes))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["outbox"]) == (200, state)


def test_a_paused_outbox_is_said_and_still_ready(client: Client) -> None:
    pause()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["outbox"]) == (200, "paused")


def queue_one(world: World) -> None:
    with change(world.workspace, by=SYSTEM) as record:
        queue_mail(record, kind="test", recipient=world.sam, dedupe_key="one", payload={})


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_its_database_it_is_alive_and_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    break_database(monkeypatch, error)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"


def test_a_database_that_lacks_a_migration_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = health.known_migrations()
    monkeypatch.setattr(health, "known_migrations", lambda: known | {("activity", "0999_next")})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "missing"


def test_a_lost_broker_is_degraded_and_still_ready(client: Client, settings: Any) -> None:
    settings.REDIS_URL = NOBODY_LISTENS
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["broker"] == "degraded"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_answers_are_fresh_and_name_no_version_and_no_host(client: Client, path: str) -> None:
    answer = client.get(path)
    assert "no-store" in answer["Cache-Control"]
    assert not set(json.dumps(answer.json())) & set("0123456789./@")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_health_needs_no_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/readyz").status_code == 200
    assert client.get("/accounts/login/").status_code == 301


def test_a_worker_is_healthy_after_a_job_and_not_when_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPRINTBOARD_HOME", str(tmp_path))
    assert probe.main("worker") == 1
    (tmp_path / probe.MARK).touch()
    assert probe.main("worker") == 0
    monkeypatch.setattr(probe, "SILENT_SECONDS", -1)
    assert probe.main("worker") == 1


def test_a_web_server_that_does_not_listen_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("SITE_URL", "http://127.0.0.1:1")
    assert probe.main("web") == 1


def test_a_full_disk_of_files_is_not_ready_either(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "apart"
    settings.MEDIA_ROOT.mkdir()
    free = {settings.MEDIA_ROOT: 5}
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: SimpleNamespace(free=free.get(path, 10**12))
    )
    assert client.get("/readyz").json()["disk"] == "full"
