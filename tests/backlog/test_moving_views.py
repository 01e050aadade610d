"""Holding a card: said by whoever may move it, counted, and written nowhere."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from live import presence
from tests.factories import make_sprint, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(northwind):
    sprint = make_sprint(northwind.workspace, state="active")
    return make_task(northwind.workspace, "One-page flyer", sprint=sprint)


@pytest.fixture
def said(monkeypatch):
    """What this process's streams were told."""
    heard = []
    monkeypatch.setattr(presence, "patience", presence.Patience())
    presence.ring_here(heard.append)
    yield heard
    presence.ring_here(None)


def to(task, slug="northwind"):
    return reverse("task_moving", args=[slug, task.key])


def test_lifting_and_putting_down_is_told_and_writes_nothing(northwind, task, client_of, said):
    mia = client_of(northwind.mia)
    with CaptureQueriesContext(connection) as queries:
        answers = [mia.post(to(task), {"state": state}) for state in ("held", "free")]
    assert [answer.status_code for answer in answers] == [204, 204]
    who = {"workspace": northwind.workspace.pk, "member": northwind.mia.pk}
    assert said == [{**who, "task": task.pk}, {**who, "task": None}]
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    assert len(queries) == 2 * 4  # session, user, membership with its workspace, task


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_who_may_not_move_cards_holds_none(northwind, task, client_of, said, who):
    answer = client_of(getattr(northwind, who)).post(to(task), {"state": "held"})
    assert (answer.status_code, said) == (403, [])


def test_a_card_of_another_workspace_is_not_there(northwind, fjord, task, client_of, said):
    assert client_of(fjord.ola).post(to(task, "fjord"), {"state": "held"}).status_code == 404
    assert client_of(fjord.ola).post(to(task), {"state": "held"}).status_code == 404
    assert said == []


@pytest.mark.parametrize("state", ["", "HELD", "\x00", "x" * 5000])
def test_what_is_neither_held_nor_free_is_refused(northwind, task, client_of, said, state):
    answer = client_of(northwind.mia).post(to(task), {"state": state})
    assert (answer.status_code, said) == (422, [])


def test_a_hand_does_no_more_than_so_much(northwind, task, client_of, said, monkeypatch):
    monkeypatch.setattr(presence, "WORDS", 2)
    monkeypatch.setattr(presence.time, "monotonic", lambda: 1_000.0)
    mia, lena = client_of(northwind.mia), client_of(northwind.lena)
    statuses = [mia.post(to(task), {"state": "held"}).status_code for _ in range(3)]
    assert statuses == [204, 204, 429]
    assert lena.post(to(task), {"state": "held"}).status_code == 204
    monkeypatch.setattr(presence.time, "monotonic", lambda: 1_010.0)
    assert mia.post(to(task), {"state": "held"}).status_code == 204
