"""What a body and an address may say (reliability 3a, 3b): a 400 that names it, nothing stored."""

import json
from datetime import UTC, datetime

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.exceptions import ParseError

from activity.changes import Busy
from backlog import actions as backlog
from backlog.models import Task
from people.api import actions
from people.api.parsers import read_object
from tests.bad_input.asking import stored
from tests.factories import make_task

pytestmark = pytest.mark.django_db
HERE = "/api/v1/workspaces/northwind/"


@pytest.fixture
def call(northwind):
    _token, text = actions.make_token(northwind.mia, by=northwind.mia, name="x", scope="write")

    def ask(method, path, body=None, kind="application/json", **headers):
        client = Client(raise_request_exception=False)
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        sends = {} if method == "get" else {"data": data, "content_type": kind}
        headers = {"authorization": f"Bearer {text}", **headers}
        return getattr(client, method)(HERE + path, headers=headers, **sends)

    return ask


# Bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"title": NaN}', "json"),
        ('{"points": Infinity}', "json"),
        ('{"points": -Infinity}', "json"),
        ('{"points": 1e400}', "number"),
        ('{"points": ' + "9" * 5_000 + "}", "number"),
        ('{"title": "a", "title": "b"}', "duplicate_key"),
        ('{"title": {"a": 1, "a": 2}}', "duplicate_key"),
        ("[" * 100_000, "too_deep"),
        ('{"labels": ' + "[" * 900 + "]" * 900 + "}", "too_deep"),
        ('{"a": ' + '{"a": ' * 20 + "1" + "}" * 21, "too_deep"),
        ("[]", "not_an_object"),
        ('"text"', "not_an_object"),
        ("null", "not_an_object"),
        ("1", "not_an_object"),
        ("", "json"),
        ("{", "json"),
        ("{'title': 'x'}", "json"),
        (b'{"title": "\xff"}', "encoding"),
        ('{"title": "x"}'.encode("utf-16"), "encoding"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_plain_object_is_refused(call, body, code):
    before = stored()
    answer = call("post", "tasks/", body)
    if body == "":
        assert answer.status_code == 400, "an empty body has no title"
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert stored() == before


def test_brackets_in_words_are_no_depth():
    text = "[{" * 50 + '"quoted" \\'
    assert read_object(json.dumps({"title": text}).encode()) == {"title": text}


def test_a_key_that_is_half_a_character_is_named_harmlessly(call):
    for body in ('{"\\ud800": 1}', '{"\\ud800": 1, "\\ud800": 2}', '{"a\\u0000b": 1}'):
        answer = call("post", "tasks/", body)
        assert answer.status_code == 400
        json.loads(answer.content.decode("utf-8"))


def test_more_than_a_megabyte_is_a_413_in_json(call):
    answer = call("post", "tasks/", {"title": "x", "description": "x" * 1_100_000})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    answer = call("post", "tasks/", {"description": "x" * 1_100_000}, **{"Idempotency-Key": "k"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "kind", ["application/xml", "text/plain", "multipart/form-data", "application/jsonx", ""]
)
def test_another_kind_of_body_is_a_415(call, kind):
    assert call("post", "tasks/", '{"title": "x"}', kind).status_code == 415


def test_the_parser_itself_says_parse_error():
    with pytest.raises(ParseError):
        read_object(b"\x00")


# Fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("title", "a\x00b", "control"),
        ("title", "\ud800", "control"),
        ("title", "\u200b\u2060", "invisible"),
        ("title", "   ", "blank"),
        ("title", "", "blank"),
        ("title", None, "null"),
        ("title", "evil\u202etxt.exe", "direction"),
        ("title", "x" * 201, "max_length"),
        ("title", 12, "type"),
        ("title", True, "type"),
        ("title", ["x"], "type"),
        ("title", {"x": 1}, "type"),
        ("description", "a\x00b", "control"),
        ("description", "x" * 20_001, "max_length"),
        ("points", True, "type"),
        ("points", "3", "type"),
        ("points", 3.0, "type"),
        ("points", 2**31, "max_value"),
        ("points", 10**29, "max_value"),
        ("points", -1, "min_value"),
        ("impact", 0, "min_value"),
        ("cost", 2**63, "max_value"),
        ("due_on", "2026-02-30", "date"),
        ("due_on", "0001-01-01", "out_of_range"),
        ("due_on", "9999-12-31", "out_of_range"),
        ("due_on", "2026-1-1", "date"),
        ("due_on", "20261203", "date"),
        ("due_on", "٢٠٢٦-١٢-٠٣", "date"),
        ("due_on", 20261203, "date"),
        ("labels", ["x" * 41], "max_length"),
        ("labels", [f"l{n}" for n in range(11)], "max_length"),
        ("labels", [1], "type"),
        ("labels", "fair", "not_a_list"),
        ("assignee", "2", "type"),
        ("assignee", True, "type"),
        ("assignee", 2**70, "unknown"),
        ("assignee", -1, "unknown"),
        ("sprint", 99, "unknown"),
        ("swap_out", 3, "type"),
        ("swap_out", "NW-99999999999999999999", "unknown"),
        ("swap_out", "FJ-1", "unknown"),
        ("at_top", 1, "type"),
        ("at_top", "true", "type"),
        ("nonsense", 1, "unknown_field"),
        ("id", 1, "unknown_field"),
        ("workspace", 1, "unknown_field"),
        ("version", 1, "unknown_field"),
        ("key", "NW-1", "unknown_field"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_each_field_is_strict(call, field, value, code):
    before = stored()
    answer = call("post", "tasks/", {"title": "A flyer", field: value})
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], list(told["fields"])) == (400, code, [field])
    assert told["message"].startswith(f"{field}: ")
    assert stored() == before


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  A   flyer ", "A flyer"),
        ("Cafe\u0301", "Café"),
        ("\u2126", "Ω"),
        ("👨‍👩‍👧‍👦 family", "👨‍👩‍👧‍👦 family"),
        ("Z" + "\u0335" * 30, "Z" + "\u0335" * 4),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_text_is_kept_in_one_form_and_shown_whole(call, sent, kept):
    answer = call("post", "tasks/", {"title": sent})
    assert answer.status_code == 201
    assert answer.json()["title"] == kept == Task.objects.get().title


def test_every_wrong_field_is_named_at_once(call):
    told = call("post", "tasks/", {"title": "", "points": "x", "due_on": "soon"}).json()["error"]
    assert set(told["fields"]) == {"title", "points", "due_on"}
    assert all(isinstance(said, str) for fields in told["fields"].values() for said in fields)


# Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("sprint=abc", "sprint"),
        ("sprint=1;drop", "sprint"),
        ("sprint=", "sprint"),
        ("sprint=-1", "sprint"),
        ("sprint=1e3", "sprint"),
        ("sprint=٣", "sprint"),
        ("sprint=99999999999999999999", "sprint"),
        ("assignee=0", "assignee"),
        ("search=%00", "search"),
        ("search=" + "word+" * 1_000, "search"),
        ("search=" + "a+" * 11, "search"),
        ("search=" + "x" * 201, "search"),
        ("search=%E2%80%AEx", "search"),
        ("ordering=password", "ordering"),
        ("ordering=assignee__user__email", "ordering"),
        ("ordering=", "ordering"),
        ("stauts=done", "stauts"),
        ("assignee__user__password__startswith=a", "assignee__user__password__startswith"),
        ("page=1", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=100000000000000000000", "page_size"),
        ("page_size=5&page_size=6", "page_size"),
        ("archived=yes", "archived"),
        ("archived=1", "archived"),
        ("category=nonsense", "category"),
        ("where=%00", "where"),
        ("cursor=", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=" + "x" * 601, "cursor"),
        ("cursor=%00", "cursor"),
        ("%00=1", "\x00"),
        ("due=2026-13-01", "due"),
    ],
)
def test_a_query_is_strict(call, query, name):
    answer = call("get", f"tasks/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [name]


def test_a_route_without_parameters_has_none(call):
    assert call("get", "me/?verbose=1").status_code == 400
    assert call("post", "tasks/?dry_run=1", {"title": "x"}).status_code == 400
    assert not Task.objects.exists()


def test_a_cursor_of_another_list_order_or_maker_is_none_of_this_one(call, northwind, settings):
    for n in range(3):
        make_task(northwind.workspace, f"Task {n}")
    following = call("get", "tasks/?page_size=1").json()["next"]
    cursor = following.partition("cursor=")[2]
    assert call("get", f"tasks/?cursor={cursor}").status_code == 200
    assert call("get", f"tasks/?ordering=number&cursor={cursor}").status_code == 400
    assert call("get", f"members/?cursor={cursor}").status_code == 400
    settings.SECRET_KEY = "another" * 10
    assert call("get", f"tasks/?cursor={cursor}").status_code in {400, 401}


def test_odd_headers_break_nothing(call):
    odd = {
        "Accept": "text/html",
        "Accept-Language": "x" * 600 + ",*;q=nan",
        "If-Modified-Since": "never",
        "Range": "bytes=0-,0-",
        "Last-Event-ID": "-1",
        "X-HTTP-Method-Override": "DELETE",
    }
    for name, value in odd.items():
        answer = call("get", "me/", **{name: value})
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/json"


# Pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordering", ["rank", "number", "-number"])
def test_the_pages_of_a_list_are_the_list(call, northwind, ordering):
    for n in range(7):
        make_task(northwind.workspace, f"Task {n}")
    whole = [task["key"] for task in call("get", f"tasks/?ordering={ordering}").json()["results"]]
    walked, query, pages = [], f"ordering={ordering}&page_size=3", 0
    while query:
        page = call("get", f"tasks/?{query}").json()
        walked += [task["key"] for task in page["results"]]
        query = (page["next"] or "?").partition("?")[2]
        pages += 1
    assert walked == whole
    assert (len(walked), pages) == (7, 3)


def test_what_comes_in_front_meanwhile_moves_no_page(call, northwind):
    for n in range(4):
        make_task(northwind.workspace, f"Task {n}")
    first = call("get", "tasks/?page_size=2").json()
    backlog.create_task(northwind.workspace, by=northwind.mia, title="On top", at_top=True)
    second = call("get", "tasks/?" + first["next"].partition("?")[2]).json()
    assert [task["title"] for task in second["results"]] == ["Task 2", "Task 3"]


# What cannot be done now -----------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [Busy("busy"), OperationalError("gone")])
def test_a_busy_workspace_is_a_503_that_says_when(call, monkeypatch, trouble):
    def fails(*args, **kwargs):
        raise trouble

    monkeypatch.setattr(backlog, "create_task", fails)
    answer = call("post", "tasks/", {"title": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"]["code"] == "busy"


def test_what_nobody_foresaw_is_a_500_in_the_same_shape(call, monkeypatch):
    def fails(*args, **kwargs):
        raise KeyError("a secret detail")

    monkeypatch.setattr(backlog, "create_task", fails)
    answer = call("post", "tasks/", {"title": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "broken")
    assert "secret" not in answer.content.decode()


def test_instants_are_in_utc_whoever_reads(northwind, client_of):
    """Lena reads pages in Berlin; programs compare instants."""
    make_task(northwind.workspace)
    [task] = client_of(northwind.lena).get(HERE + "tasks/").json()["results"]
    assert task["created_at"].endswith("Z")
    told = datetime.fromisoformat(task["created_at"])
    assert told.astimezone(UTC) == Task.objects.get().created_at
