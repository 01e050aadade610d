"""Who knows the board is told so without Django; everybody else gets Django's own answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.test import Client

from backlog import actions as backlog
from backlog.board import etag
from people import actions as people
from people.models import Membership
from sprintboard.server import unchanged
from sprintboard.server.unchanged import Unchanged


@dataclass
class Asked:
    """What the program in front answered; `by_django` when it handed the request on."""

    status: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    by_django: bool = False


def ask(client: Client, path: str, known: str | None, **changes: Any) -> Asked:
    asked = Asked()

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.by_django = True
        return []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        asked.status, asked.headers = status, dict(headers)

    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        **({"HTTP_COOKIE": f"{session.key}={session.value}"} if session else {}),
        **({"HTTP_IF_NONE_MATCH": known} if known else {}),
        **changes,
    }
    assert list(Unchanged(django)(environ, start)) == []
    return asked


@pytest.fixture(autouse=True)
def _connection_is_kept(monkeypatch):
    """The test's transaction lives on it; Django's own test client does the same."""
    monkeypatch.setattr(unchanged, "close_old_connections", lambda: None)


@pytest.fixture
def client(northwind) -> Client:
    client = Client()
    client.force_login(northwind.mia.user, settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def path(northwind) -> str:
    return f"/w/{northwind.workspace.slug}/board/columns/"


@pytest.mark.parametrize("what", ["columns/", "changes/"])
def test_who_knows_the_board_is_told_that_it_did_not_change(client, path, what):
    path = path.replace("columns/", what)
    shown = client.get(path, {"since": 1} if what == "changes/" else {})
    known = shown.headers["ETag"]
    djangos = client.get(path, headers={"If-None-Match": known}, query_params={"since": 1})

    asked = ask(client, path, known)

    assert (asked.by_django, asked.status) == (False, "304 Not Modified")
    assert djangos.status_code == 304
    for name in ("ETag", "Cache-Control"):
        assert asked.headers[name] == djangos.headers[name]
    assert asked.headers["X-Request-ID"]


def test_it_is_a_line_in_the_log_and_a_count_as_any_request(client, path, monkeypatch, northwind):
    known, told = client.get(path).headers["ETag"], []
    monkeypatch.setattr(unchanged, "tell", lambda **said: told.append(said))

    ask(client, path, known)

    [said] = told
    assert said.pop("seconds") > 0
    assert said == {
        "method": "GET",
        "route": "board_columns",
        "status": 304,
        "queries": 2,
        "user_id": northwind.mia.user_id,
        "workspace_id": northwind.workspace.pk,
    }


def test_after_a_change_django_answers(client, path, northwind):
    known = client.get(path).headers["ETag"]
    backlog.create_task(northwind.workspace, by=northwind.mia, title="Something new")

    assert ask(client, path, known).by_django


@pytest.mark.parametrize(
    ("known", "changes"),
    [
        (None, {}),
        ('"another"', {}),
        ("right", {"REQUEST_METHOD": "POST"}),
        ("right", {"PATH_INFO": "/w/northwind/board/"}),
        ("right", {"PATH_INFO": "/w/nowhere/board/columns/"}),
        ("right", {"PATH_INFO": "/w/fjord/board/columns/"}),
        ("right", {"HTTP_COOKIE": ""}),
        ("right", {"HTTP_COOKIE": "sid=\x00"}),
        ("right", {"HTTP_COOKIE": "sid=0123456789abcdef0123456789abcdef"}),
    ],
)
def test_whoever_asks_for_something_else_is_djangos(client, path, fjord, known, changes):
    right = client.get(path).headers["ETag"]

    assert ask(client, path, right if known == "right" else known, **changes).by_django


def test_a_colleague_with_other_rights_does_not_share_a_state(client, path, northwind):
    known = client.get(path).headers["ETag"]
    sams = Client()
    sams.force_login(northwind.sam.user, settings.AUTHENTICATION_BACKENDS[0])

    assert ask(sams, path, known).by_django


def test_who_left_signed_out_or_has_another_password_is_djangos(client, path, northwind):
    known = client.get(path).headers["ETag"]
    assert not ask(client, path, known).by_django

    northwind.mia.user.set_password("another one, and longer")
    northwind.mia.user.save()
    assert ask(client, path, known).by_django


def test_a_member_who_was_deactivated_is_djangos_even_if_he_guesses_the_state(path, northwind):
    lenas = Client()
    lenas.force_login(northwind.lena.user, settings.AUTHENTICATION_BACKENDS[0])
    people.deactivate_member(northwind.lena, by=northwind.mia)
    lena = Membership.objects.select_related("workspace", "user").get(pk=northwind.lena.pk)

    assert ask(lenas, path, etag(lena)).by_django

    people.reactivate_member(lena, by=northwind.mia)
    lena = Membership.objects.select_related("workspace", "user").get(pk=northwind.lena.pk)
    assert not ask(lenas, path, etag(lena)).by_django


def test_without_its_database_it_leaves_the_answer_to_django(client, path, monkeypatch):
    known = client.get(path).headers["ETag"]

    def gone(*args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(unchanged, "admit", gone)
    assert ask(client, path, known).by_django
