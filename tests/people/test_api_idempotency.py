"""An Idempotency-Key: asked twice, done once, answered the same."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, connections
from django.test import Client

from activity.changes import Busy
from backlog import actions as backlog
from backlog.models import Task
from people.api import actions
from people.jobs import sweep
from people.models import RepeatableAnswer
from tests.factories import make_sprint

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TASKS = "/api/v1/workspaces/northwind/tasks/"


class Program:
    """Somebody's program, with a token."""

    def __init__(self, member):
        token, text = actions.make_token(member, by=member, name="Program", scope="write")
        self.token, self.header = token, {"authorization": f"Bearer {text}"}

    def post(self, body, key="key-1", url=TASKS):
        client = Client(raise_request_exception=False)
        data = body if isinstance(body, str) else json.dumps(body)
        headers = {**self.header, **({} if key is None else {"Idempotency-Key": key})}
        return client.post(url, data, content_type="application/json", headers=headers)


@pytest.fixture
def program(northwind):
    return Program(northwind.mia)


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False) as time:
        yield time


pytestmark = pytest.mark.django_db
RACE = IntegrityError("UNIQUE constraint failed: backlog_sprint.workspace_id, backlog_sprint.state")


def test_the_same_request_twice_makes_one_task_and_gets_one_answer(program):
    first, second = (program.post({"title": "Flyer"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["Location"] == second["Location"] == f"{TASKS}{first.json()['key']}/"
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Task.objects.count() == 1


def test_without_a_key_or_with_another_one_it_is_done_again(program):
    for key in (None, None, "one", "two"):
        assert program.post({"title": "Flyer"}, key).status_code == 201
    assert Task.objects.count() == 4


@pytest.mark.parametrize(
    "other",
    [
        {"body": {"title": "Another"}},
        {"body": '{"title":  "Flyer"}'},
        {"url": "/api/v1/workspaces/northwind/tasks/?x=1"},
        {"url": "/api/v1/workspaces/northwind/sprints/13/start/"},
    ],
)
def test_a_key_is_for_one_request(program, northwind, other):
    make_sprint(northwind.workspace)
    program.post({"title": "Flyer"})
    answer = program.post(**{"body": {"title": "Flyer"}, **other})
    wanted = 400 if other.get("url", "").endswith("x=1") else 422
    assert answer.status_code == wanted, "a query that no route knows is refused before"
    assert Task.objects.count() == 1


def test_a_key_belongs_to_its_credentials(northwind, program):
    program.post({"title": "Flyer"})
    others = [Program(northwind.mia), Program(northwind.lena)]
    assert {other.post({"title": "Another"}).status_code for other in others} == {201}
    client = Client()
    client.force_login(northwind.mia.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        TASKS,
        {"title": "By session"},
        content_type="application/json",
        headers={"Idempotency-Key": "key-1"},
    )
    assert answer.status_code == 201
    assert Task.objects.count() == 4


def test_what_was_refused_for_good_is_answered_the_same(program):
    first, second = (program.post({"title": ""}) for _ in range(2))
    assert (first.status_code, second.status_code) == (400, 400)
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("trouble", "status"), [(Busy("busy"), 503), (RACE, 409), (KeyError(), 500)]
)
def test_what_may_end_otherwise_next_time_is_not_kept(program, monkeypatch, trouble, status):
    def fails(*args, **kwargs):
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(backlog, "create_task", fails)
        assert program.post({"title": "Flyer"}).status_code == status
    assert not RepeatableAnswer.objects.exists()
    assert program.post({"title": "Flyer"}).status_code == 201


def test_who_may_not_is_told_so_each_time(northwind):
    program = Program(northwind.sam)
    answers = [program.post({"title": "Flyer"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "Idempotency-Replayed" not in answers[1]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ü", "\t"])
def test_a_key_has_a_shape(program, key):
    answer = program.post({"title": "Flyer"}, key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "idempotency_key")
    assert not Task.objects.exists()


def test_while_one_is_at_work_the_other_is_told_to_wait(program, frozen):
    claimed(program)
    answer = program.post({"title": "Flyer"})
    assert (answer.status_code, answer["Retry-After"]) == (409, "2")
    assert answer.json()["error"]["code"] == "idempotency_at_work"
    assert not Task.objects.exists()


def test_what_died_half_way_is_done_when_its_time_is_up(program, frozen):
    claimed(program)
    frozen.shift(actions.HOLD + timedelta(seconds=1))
    assert program.post({"title": "Flyer"}).status_code == 201
    assert program.post({"title": "Flyer"})["Idempotency-Replayed"] == "true"
    assert Task.objects.count() == 1


def test_who_was_given_up_and_comes_late_changes_nothing(program, frozen, monkeypatch):
    """The claim is taken over while the verb runs: what it did is rolled back."""
    create = backlog.create_task

    def slow(*args, **kwargs):
        made = create(*args, **kwargs)
        RepeatableAnswer.objects.update(holder="00000000-0000-4000-8000-000000000000")
        return made

    monkeypatch.setattr(backlog, "create_task", slow)
    assert program.post({"title": "Flyer"}).status_code == 409
    assert not Task.objects.exists()


def claimed(program):
    """Leave a claim as one that is at work, or died, has it."""
    import hashlib

    body = json.dumps({"title": "Flyer"}).encode()
    return actions.claim_answer(
        credential=actions.secret_key_of("answers", "token", program.token.pk),
        key="key-1",
        method="POST",
        path=TASKS,
        body_digest=hashlib.sha256(body).hexdigest(),
    )


def test_after_a_day_a_key_is_free_again_and_its_row_swept(program, frozen):
    program.post({"title": "Flyer"})
    frozen.shift(timedelta(hours=24, seconds=1))
    assert program.post({"title": "Another"}).status_code == 201
    frozen.shift(timedelta(hours=24, seconds=1))
    sweep()
    assert not RepeatableAnswer.objects.exists()


def test_an_answer_that_still_counts_is_not_swept(program, frozen):
    program.post({"title": "Flyer"})
    frozen.shift(timedelta(hours=23))
    sweep()
    assert program.post({"title": "Flyer"})["Idempotency-Replayed"] == "true"


def test_nothing_that_was_sent_lies_in_the_row(program):
    program.post({"title": "Flyer"})
    row = RepeatableAnswer.objects.get()
    text = " ".join(map(str, [row.credential, row.body_digest]))
    assert program.header["authorization"][7:] not in text
    assert "Flyer" not in text


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keyed", [True, False], ids=["with a key", "control: without"])
def test_eight_at_once_make_one_task(transactional_db, request, keyed):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    northwind = request.getfixturevalue("northwind")
    program = Program(northwind.mia)
    together, answers = threading.Barrier(8), []

    def run():
        try:
            together.wait(10)
            answers.append(program.post({"title": "Flyer"}, "key-1" if keyed else None))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    statuses = [answer.status_code for answer in answers]
    assert len(statuses) == 8
    if not keyed:
        assert Task.objects.count() == 8
        return
    assert Task.objects.count() == 1
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
