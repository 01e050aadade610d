"""What may stand in a log line: pure rules of the scrubber, and the line of each request."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from people.models import Membership
from sprintboard import logs, request_log
from sprintboard.scrubbing import REMOVED, Scrubber, on_one_line
from tests.factories import World

SCRUBBER = Scrubber(["the-known-secret", "tiny"], "salt")
TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter-x",
        "password: 'hunter-x'",
        '{"password": "hunter-x"}',
        "{'new_password1': 'hunter-x', 'b': 1}",
        "PGPASSWORD=hunter-x psql",
        "api_key=hunter-x",
        "secret-key: hunter-x",
        "SECRET_KEY = 'hunter-x'",
        "csrfmiddlewaretoken=hunter-x&next=/",
        "/r/page?token=hunter-x",
        "Authorization: Bearer hunter-x",
        "Authorization: Token hunter-x and more",
        "{'Authorization': 'Basic hunter-x'}",
        "Cookie: sid=hunter-x; theme=dark",
        "Set-Cookie: a=b; csrf=hunter-x",
        "postgres://sprintboard:hunter-x@db/sprintboard",
        "redis://:hunter-x@redis:6379/0",
        "https://hunter-x@example.com/1",
        "dsn=https://hunter-x/1",
    ],
)
def test_what_stands_beside_a_telling_word_is_removed(text: str) -> None:
    assert "hunter" not in SCRUBBER.text(text)
    assert REMOVED in SCRUBBER.text(text)


@pytest.mark.parametrize(
    "text", ["the-known-secret", f"at {TOKEN} end", f"sb_{TOKEN}", "f" * 64, f"/r/{TOKEN}/"]
)
def test_what_is_known_or_looks_like_a_token_is_removed(text: str) -> None:
    assert REMOVED in SCRUBBER.text(text)
    assert TOKEN not in SCRUBBER.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'sprint'",
        "Could not ring notifications.jobs.deliver; the sweep will find its work.",
        'duplicate key value violates unique constraint "outbox_same_message_once"',
        "Outbox row 17 was taken over",
        "The monkey: banana",
        "celery@host ready.",
        'File "/app/backlog/actions/tasks.py", line 12, in move_task',
        "2026-11-22T03:00:00.000000Z",
        "tiny",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text


def test_a_mail_address_becomes_the_same_short_word_each_time() -> None:
    once, again = SCRUBBER.text("to Mia@Example.com"), SCRUBBER.text("to mia@example.com")
    assert once == again
    assert "example" not in once.lower()
    assert SCRUBBER.text("to lena@example.com") != once
    assert Scrubber([], "other").text("to mia@example.com") != once, "nobody computes it elsewhere"


def test_values_inside_values_are_scrubbed_by_their_names() -> None:
    held = {"user": {"password": "x", "name": "Mia"}, "list": ["token=x", 3], "none": None}
    assert SCRUBBER.value(held) == {
        "user": {"password": REMOVED, "name": "Mia"},
        "list": [f"token={REMOVED}", 3],
        "none": None,
    }


def test_what_json_cannot_say_is_scrubbed_too() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "<Odd password=hunter>"

    assert "hunter" not in str(SCRUBBER.value(Odd()))


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x00", "\x85", "\u2028"])
def test_no_line_is_forged(character: str) -> None:
    assert character not in on_one_line(f"a{character}2026 ERROR forged")


# Lines ----------------------------------------------------------------------------------------


class Lines(logging.Handler):
    """Keeps lines as they would be written."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.setFormatter(logs.make_formatter(style, SCRUBBER))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def requests(self) -> list[dict[str, Any]]:
        read = map(json.loads, self.lines)
        return [line for line in read if line["event"] == "request"]


@pytest.fixture
def written() -> Iterator[Lines]:
    handler = Lines("json")
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.django_db
def test_a_request_is_one_line(
    written: Lines, northwind: World, client_of: Callable[[Membership], Client]
) -> None:
    client_of(northwind.mia).get(
        "/w/northwind/board/?token=aside", headers={"X-Request-ID": "abcdefgh-1"}
    )
    (line,) = written.requests
    assert line["route"] == "board"
    assert line["request_id"] == "abcdefgh-1"
    assert line["user_id"] == northwind.mia.user_id
    assert line["workspace_id"] == northwind.workspace.pk
    assert (line["status"], line["level"], line["method"]) == (200, "info", "GET")
    assert 1 <= line["queries"] <= 10
    assert line["ms"] > 0
    assert "/w/" not in json.dumps(line)


@pytest.mark.django_db
def test_what_nobody_asked_the_database_for_the_line_does_not_either(
    written: Lines, client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    with django_assert_num_queries(0):
        client.get("/accounts/nothing/")
    assert written.requests[0]["user_id"] is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abcdefgh", True),
        ("a" * 64, True),
        ("A1-b2-C3-d4", True),
        ("short", False),
        ("a" * 65, False),
        ("abc defgh", False),
        ("abcdefgh\n", False),
        ("abcdefg=", False),
        ("äbcdefgh", False),
    ],
)
def test_a_request_id_is_taken_only_when_a_log_can_hold_it(given: str, kept: bool) -> None:
    assert (request_log.accepted_id(given) == given) == kept
    assert request_log.ACCEPTED.fullmatch(request_log.accepted_id(given))


@pytest.mark.django_db
def test_the_answer_names_the_request(client: Client) -> None:
    answer = client.get("/accounts/login/", headers={"X-Request-ID": "abcdefgh-2"})
    assert answer["X-Request-ID"] == "abcdefgh-2"


@pytest.mark.django_db
def test_no_line_tells_the_path_that_opens_a_page(written: Lines, client: Client) -> None:
    client.get("/r/open-sesame/")
    client.get("/accounts/password/reset/key/1-open-sesame/")
    assert len(written.requests) == 2
    assert len(written.lines) > 2, "Django says of a 404 what was not found"
    assert not [line for line in written.lines if "sesame" in line]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_machines_ask_every_few_seconds_is_not_logged(
    written: Lines, client: Client, path: str
) -> None:
    client.get(path)
    assert written.requests == []


def test_plain_lines_are_for_people_and_cannot_be_forged() -> None:
    handler = Lines("plain")
    record = logging.LogRecord("our.part", 30, "", 1, "first\n2026 ERROR forged", (), None)
    handler.emit(record)
    (line,) = handler.lines
    assert "warning our.part first\\n2026 ERROR forged" in line
    assert "\n" not in line


def test_a_traceback_in_plain_lines_is_set_in() -> None:
    handler = Lines("plain")
    try:
        raise ValueError("token=hunter\nforged")
    except ValueError as error:
        record = logging.LogRecord(
            "x", 40, "", 1, "broke", (), (type(error), error, error.__traceback__)
        )
    handler.emit(record)
    first, *rest = handler.lines[0].splitlines()
    assert first.endswith("x broke")
    assert all(line.startswith("    ") for line in rest)
    assert "hunter" not in handler.lines[0]


@pytest.mark.django_db
def test_a_programs_request_is_told_like_a_persons(
    written: Lines, northwind: World, client_of: Callable[[Membership], Client]
) -> None:
    client_of(northwind.mia).get("/api/v1/workspaces/northwind/members/")
    (line,) = written.requests
    assert (line["status"], line["user_id"]) == (200, northwind.mia.user_id)
    assert line["workspace_id"] == northwind.workspace.pk
