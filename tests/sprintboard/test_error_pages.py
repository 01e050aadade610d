"""The pages for what went wrong: they say what is kept, and need nothing that may be broken."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.template.loader import render_to_string

PAGES = [
    "400.html",
    "403.html",
    "404.html",
    "408.html",
    "409.html",
    "413.html",
    "415.html",
    "429.html",
    "500.html",
    "503.html",
    "507.html",
]


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_needs_no_database_no_request_and_no_context(name):
    page = render_to_string(name)  # without the `db` fixture any query fails

    assert page.startswith("<!doctype html>")
    assert page.count("<h1") == 1
    assert "style=" not in page
    assert "importmap" not in page


@pytest.mark.parametrize(
    "name", ["400.html", "408.html", "413.html", "415.html", "500.html", "503.html", "507.html"]
)
def test_it_says_that_nothing_was_saved(name):
    assert "othing was saved" in render_to_string(name)


def test_a_no_gives_the_sentence_of_the_policy():
    page = render_to_string("403.html", {"exception": "Marketing plans the sprint."})

    assert "Marketing plans the sprint." in page


def test_a_form_that_was_too_old_is_told_as_such():
    assert "open too long" in render_to_string("403.html", {"stale_form": True})


def test_a_foreign_thing_and_a_missing_one_look_the_same(northwind, fjord, client_of):
    reader = client_of(northwind.mia)

    foreign = reader.get("/w/fjord/board/")
    missing = reader.get("/w/nowhere/board/")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


def ask_without_a_database(reader, monkeypatch, error):
    """Return the answer when every query fails, that for the session first of all."""

    def fail(*args: object, **kwargs: object) -> None:
        raise error("the connection is gone")

    reader.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", fail)
        return reader.get("/w/northwind/board/")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_gone_is_a_503_that_says_when_to_come_back(
    northwind, client_of, monkeypatch, error
):
    answer = ask_without_a_database(client_of(northwind.mia), monkeypatch, error)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Too busy just now" in answer.content.decode()


def test_what_else_breaks_before_a_view_is_a_500(northwind, client_of, monkeypatch):
    answer = ask_without_a_database(client_of(northwind.mia), monkeypatch, ZeroDivisionError)

    assert answer.status_code == 500
    assert "That was us" in answer.content.decode()


@pytest.mark.parametrize("key", ["\\000aaaaaaaaaaaa", "\\355\\240\\200aaaaaaaaa", "short", ""])
def test_a_cookie_that_we_never_gave_belongs_to_nobody(client, db, settings, key):
    cookie = f'{settings.SESSION_COOKIE_NAME}="{key}"'
    assert client.get("/", headers={"Cookie": cookie}).status_code == 302


def ask_when_writing_fails(world, client_of, monkeypatch, error, **headers):
    """Return the answer to a form whose verb meets this error of the database."""

    def fail(*args: object, **kwargs: object) -> None:
        raise error

    reader = client_of(world.mia)
    reader.raise_request_exception = False
    monkeypatch.setattr("backlog.actions.create_tasks", fail)
    return reader.post("/w/northwind/tasks/add/", {"lines": "One-page flyer"}, headers=headers)


class OutOfSpace(Exception):
    pgcode = "53100"


def postgres_is_full() -> OperationalError:
    error = OperationalError("could not extend file")
    error.__cause__ = OutOfSpace()
    return error


@pytest.mark.parametrize(
    "error", [OperationalError("database or disk is full"), postgres_is_full()]
)
def test_a_full_disk_is_said_as_such(northwind, client_of, monkeypatch, caplog, error):
    answer = ask_when_writing_fails(northwind, client_of, monkeypatch, error)

    assert answer.status_code == 507
    assert "The storage is full" in answer.content.decode()
    assert "othing was saved" in answer.content.decode()
    assert [record.levelname for record in caplog.records if "full" in record.message][:1] == [
        "CRITICAL"
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "UNIQUE constraint failed: backlog_label.workspace_id, backlog_label.name",
            "There is one of this name already",
        ),
        (
            'duplicate key value violates unique constraint "backlog_label_name_once"\n'
            "DETAIL:  Key (workspace_id, name)=(1, Secret plan) already exists.",
            "There is one of this name already",
        ),
        ("UNIQUE constraint failed: reviews_review.sprint_id", "Somebody changed this first"),
    ],
)
def test_a_lost_race_is_a_conflict_in_words(
    northwind, client_of, monkeypatch, caplog, words, sentence
):
    error = IntegrityError(words)
    answer = ask_when_writing_fails(northwind, client_of, monkeypatch, error)

    assert answer.status_code == 409
    assert sentence in answer.content.decode()
    assert "Secret plan" not in caplog.text


@pytest.mark.parametrize(
    "words",
    [
        "NOT NULL constraint failed: backlog_task.title",
        "FOREIGN KEY constraint failed",
        "CHECK constraint failed: backlog_sprint_dates_in_order",
        "UNIQUE constraint failed: activity_activity.workspace_id, activity_activity.seq",
        'duplicate key value violates unique constraint "backlog_task_number"\n'
        "DETAIL:  Key (workspace_id, number)=(1, 42) already exists.",
    ],
)
def test_a_broken_rule_that_no_race_explains_is_our_error(
    northwind, client_of, monkeypatch, caplog, words
):
    error = IntegrityError(words)
    answer = ask_when_writing_fails(northwind, client_of, monkeypatch, error)

    assert answer.status_code == 500
    assert "ERROR" in {record.levelname for record in caplog.records}
