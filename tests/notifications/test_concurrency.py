"""Eight workers and one row: one mail. Real transactions, a connection for each thread."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection, connections

from activity import clock
from activity.changes import SYSTEM, change
from notifications import actions
from notifications.mails import Mail, mail_kind
from notifications.models import OutboxItem, OutboxState

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

WORKERS, ROUNDS = 8, 10


@mail_kind("tests.race")
def _letter(item):
    return Mail(subject="One", text="One", html="<p>One</p>")


@pytest.fixture(autouse=True)
def _shared_database(transactional_db):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")


@pytest.fixture
def items(transactional_db, request, monkeypatch):
    monkeypatch.setattr(actions, "ring", lambda job, *args: None)
    world = request.getfixturevalue("northwind")
    with change(world.workspace, by=SYSTEM) as record:
        return [
            actions.queue_mail(
                record, kind="tests.race", recipient=world.sam, dedupe_key=f"{n}", payload={}
            )
            for n in range(ROUNDS)
        ]


def deliver_at_once(item) -> int:
    """Let all workers deliver one row at the same moment; return how often it was sent."""
    sent: list[object] = []
    start = threading.Barrier(WORKERS)
    errors: list[BaseException] = []

    def work():
        try:
            start.wait(10)
            actions.deliver(item, send=sent.append)
        except BaseException as error:  # noqa: BLE001  told to the test below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    return len(sent)


def test_workers_that_ring_at_once_send_one_mail(items):
    assert [deliver_at_once(item) for item in items] == [1] * ROUNDS
    assert set(OutboxItem.objects.values_list("state", "attempts")) == {(OutboxState.SENT, 1)}


def test_without_the_conditional_claim_they_would_send_several(items, monkeypatch):
    def look_then_take(item):
        token = uuid.uuid4()
        if OutboxItem.objects.get(pk=item.pk).state != OutboxState.QUEUED:
            return None
        time.sleep(0.05)
        OutboxItem.objects.filter(pk=item.pk).update(
            state=OutboxState.SENDING,
            lease_token=token,
            lease_until=clock.now() + timedelta(minutes=1),
        )
        return token

    monkeypatch.setattr(actions, "_claim", look_then_take)
    assert sum(deliver_at_once(item) for item in items) > ROUNDS
