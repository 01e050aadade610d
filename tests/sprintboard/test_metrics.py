"""/metrics: numbers for who brings the token, and no such page for anybody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from activity import clock, counters, doorbell
from activity.actions import set_mark
from activity.breaker import Breaker
from activity.changes import SYSTEM, change
from activity.models import Mark
from notifications import actions
from notifications.models import OutboxState
from people.api.actions import take
from people.api.limits import Limit
from sprintboard import metrics
from tests.factories import World

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-twenty-four-x"


def scrape(
    client: Client, token: str = TOKEN
) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.status_code
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def number(client: Client, name: str, **labels: str) -> float | None:
    return scrape(client).get((name, tuple(sorted(labels.items()))))


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer ä"},
    ],
)
def test_without_the_token_there_is_no_such_page(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("given", ["", "None", TOKEN])
def test_where_no_token_is_set_no_token_opens_it(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = None
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {given}"})
    assert answer.status_code == 404


def test_loopback_alone_opens_nothing(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


def test_it_is_only_read_and_never_kept(client: Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.post("/metrics", headers=headers).status_code == 405
    assert "no-store" in client.get("/metrics", headers=headers)["Cache-Control"]


def test_the_token_is_compared_in_constant_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    same = metrics.hmac.compare_digest
    monkeypatch.setattr(metrics.hmac, "compare_digest", lambda a, b: asked.append(a) or same(a, b))
    client.get("/metrics", headers={"Authorization": "Bearer guess"})
    assert asked == [b"guess"]


def test_requests_are_counted_by_route_and_status(client: Client, northwind: World) -> None:
    labels = {"method": "GET", "route": "board", "status": "404"}
    before = number(client, "sprintboard_http_requests_total", **labels) or 0
    client.force_login(northwind.mia.user, "django.contrib.auth.backends.ModelBackend")
    assert client.get("/w/nobodys/board/").status_code == 404
    assert number(client, "sprintboard_http_requests_total", **labels) == before + 1
    assert number(client, "sprintboard_http_request_seconds_count", route="board")
    assert number(client, "sprintboard_http_request_queries_total", route="board")


def test_an_invented_address_or_method_makes_no_new_series(client: Client) -> None:
    client.get("/there/is/nothing-CANARY/")
    client.generic("BREW-CANARY", "/accounts/login/")
    found = scrape(client)
    assert not any("CANARY" in str(series) for series in found)
    assert number(
        client, "sprintboard_http_requests_total", method="GET", route="none", status="404"
    )


def test_health_and_metrics_count_themselves_not(client: Client) -> None:
    client.get("/healthz")
    routes = {dict(labels).get("route") for _name, labels in scrape(client)}
    assert not routes & {"healthz", "readyz", "metrics"}


def test_the_outbox_is_counted_by_kind_and_state_with_the_age_of_the_oldest(
    client: Client, northwind: World, time_machine: Any
) -> None:
    with change(northwind.workspace, by=SYSTEM) as record:
        for key in ("one", "two"):
            actions.queue_mail(
                record, kind="news", recipient=northwind.sam, dedupe_key=key, payload={}
            )
    time_machine.move_to(clock.now() + timedelta(minutes=7))
    found = scrape(client)
    items = ("sprintboard_outbox_items", (("kind", "news"), ("state", "queued")))
    assert found[items] == 2
    assert found["sprintboard_outbox_oldest_due_seconds", ()] == pytest.approx(420, abs=5)


def test_a_dead_sender_and_an_unheard_ring_are_rescues(
    client: Client, northwind: World, time_machine: Any
) -> None:
    assert number(client, "sprintboard_sweeper_rescues_total") == 0
    with change(northwind.workspace, by=SYSTEM) as record:
        unheard, taken = (
            actions.queue_mail(
                record, kind="news", recipient=northwind.sam, dedupe_key=key, payload={}
            )
            for key in ("unheard", "taken")
        )
    actions._claim(taken)
    actions.sweep()
    assert number(client, "sprintboard_sweeper_rescues_total") == 0, "nothing is late yet"
    time_machine.move_to(clock.now() + timedelta(minutes=6))
    actions.sweep()
    taken.refresh_from_db()
    assert taken.state == OutboxState.UNCERTAIN
    assert number(client, "sprintboard_sweeper_rescues_total") == 2
    assert unheard.state == OutboxState.QUEUED


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (Mark.WORKER, "sprintboard_worker_heartbeat_age_seconds"),
        (Mark.BACKUP, "sprintboard_backup_age_seconds"),
    ],
)
def test_what_happened_has_an_age_and_what_never_did_has_none(
    client: Client, time_machine: Any, mark: str, name: str
) -> None:
    assert number(client, name) is None
    set_mark(mark)
    time_machine.move_to(clock.now() + timedelta(seconds=90))
    assert number(client, name) == pytest.approx(90, abs=5)


def test_a_paused_outbox_is_a_number_too(client: Client) -> None:
    assert number(client, "sprintboard_outbox_paused") == 0
    actions.pause()
    assert number(client, "sprintboard_outbox_paused") == 1


class Silent:
    """A job whose broker is away."""

    name = "notifications.jobs.deliver"

    def delay(self, *args: object) -> object:
        raise ConnectionError


def test_a_ring_that_fails_is_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "bells", Breaker())
    before = number(client, "sprintboard_ring_failures_total", job=Silent.name) or 0
    doorbell._ring_now(Silent())
    assert number(client, "sprintboard_ring_failures_total", job=Silent.name) == before + 1


def test_a_refusal_by_a_limit_is_counted(client: Client) -> None:
    before = number(client, "sprintboard_throttled_total", scope="sign-in") or 0
    counters.count_throttled("sign-in")
    assert number(client, "sprintboard_throttled_total", scope="sign-in") == before + 1


def test_without_a_database_it_still_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert number(client, "sprintboard_database_up") == 1

    def away() -> None:
        raise metrics.DatabaseError

    monkeypatch.setattr(metrics, "_outbox", away)
    assert number(client, "sprintboard_database_up") == 0


def test_a_replica_is_scraped_by_its_number_over_http_inside(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["board.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.0.0.5:8000"}
    assert client.get("/metrics", headers=headers).status_code == 200
    assert client.get("/accounts/login/", headers=headers).status_code == 400


def test_the_limits_of_the_api_are_counted(client: Client) -> None:
    before = number(client, "sprintboard_throttled_total", scope="tiny") or 0
    assert not take(Limit("tiny", 1, 60), "somebody")
    assert take(Limit("tiny", 1, 60), "somebody")
    assert number(client, "sprintboard_throttled_total", scope="tiny") == before + 1
