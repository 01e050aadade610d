"""Rows 1 to 33 on the API: every field of every body and query that a route documents.

Routes, serializers and fields are found by looking; tests/test_api_access.py has the rows on
unknown fields, ids of others, filters and orders (14, 15, 29, 30, 32).
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework import serializers

from people.api import fields as ours
from tests.api_rules import API_RULES, BODIES
from tests.bad_input.asking import stored
from tests.bad_input.test_forms import VAGUE
from tests.test_api_access import (  # noqa: F401 - fixtures
    bodies,
    mia,
    queries,
    routes,
    url_of,
)

pytestmark = pytest.mark.both_databases

WORDS: list[Any] = [
    "a\x00b",
    "a\u202eb",
    "\u200b\u2060",
    "a\x0bb",
    "\ud800",
    12,
    True,
    ["a"],
    {"a": "b"},
    "x" * 50_000,
]
LINES: list[Any] = [*WORDS, "a\r\nBcc: evil@example.org", "a\u2028b", "a\x85b"]
NUMBERS: list[Any] = [True, "3", 1.5, 2**31, 2**63, 10**29, -5, [1], "³", "٣"]
DAYS: list[Any] = [
    *("2026-02-30", "0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "soon", ""),
    *("2026-12-03T10:00:00", "20261203", "2026-W49-4", 20261203, True, ["2026-12-03"]),
]
REFERENCES: list[Any] = [True, "nothing", 1.5, -1, 0, 2**31, 2**63, 10**29, [1], "a\x00b"]
# By the kind of the field, the most special first
VALUES: list[tuple[type[serializers.Field], list[Any]]] = [
    (ours.LineField, LINES),
    (ours.TextField, WORDS),
    (ours.OwnField, REFERENCES),
    (ours.WholeNumberField, NUMBERS),
    (ours.YesNoField, ["true", 1, 0, "", []]),
    (ours.WordField, ["nothing", 1, True, "", ["a"], "a\x00b"]),
    (ours.DayField, DAYS),
]


def values_for(field: serializers.Field) -> list[Any]:
    for kind, values in VALUES:
        if isinstance(field, kind):
            return values if field.allow_null else [*values, None]
    return ["a\x00b", "\ud800", {"a": {"b": "c"}}, "a\u202eb"]


def complaints(answer: Any, name: str) -> list[str]:
    if answer.status_code != 400:
        return [f"{answer.status_code}: {answer.content[:80]!r}"]
    error = answer.json()["error"]
    told = [sentence for sentences in error["fields"].values() for sentence in sentences]
    wrong = [] if name in error["fields"] else [f"the field is not named: {error}"]
    return wrong + [f"says “{sentence}”" for sentence in told if VAGUE.search(sentence)]


def test_rows_1_to_16_every_field_of_every_body_is_strict(scene, mia):  # noqa: F811
    before, wrong, tried = stored(), [], 0
    for address, method, kind in bodies(scene):
        url, good = url_of(address, scene), BODIES[address.name, method](scene)
        for name, field in kind().fields.items():
            for value in values_for(field):
                answer = mia(method, url, {**good, name: value})
                tried += 1
                what = f"{method} {address.name} {name}={str(value)[:12]!a}"
                wrong += [f"{what}: {one}" for one in complaints(answer, name)]
    assert stored() == before
    assert tried > 200
    assert not wrong, "\n" + "\n".join(wrong)


RAW = {
    "row 3: NUL in a key": '{"a\\u0000b": 1}',
    "row 5: half a character in a key": '{"\\ud800": 1}',
    "row 6: NaN": '{"title": "a", "points": NaN}',
    "row 6: infinity": '{"title": "a", "points": -Infinity}',
    "row 6: more than a number holds": '{"title": "a", "points": 1e400}',
    "row 7: 5,000 digits": '{"title": "a", "points": ' + "9" * 5_000 + "}",
    "row 9: 100,000 brackets": "[" * 100_000,
    "row 9: 100,000 pairs": '{"a":' * 100_000,
    "row 10: 900 levels": '{"title": ' + "[" * 900 + "]" * 900 + "}",
    "row 11: not UTF-8": b'{"title": "\xff\xfe"}',
    "row 11: UTF-16": '{"title": "a"}'.encode("utf-16"),
    "row 12: a list": '[{"title": "a"}]',
    "row 13: the same key twice": '{"title": "a", "title": "b"}',
    "a comment": '{"title": "a"} // b',
    "two bodies": '{"title": "a"}{"title": "b"}',
}


@pytest.mark.parametrize("row", RAW)
def test_rows_3_to_13_a_body_is_one_plain_object(scene, mia, row):  # noqa: F811
    before = stored()
    for address in routes():
        for method in {"POST", "PATCH"} & set(API_RULES[address.name].methods):
            answer = mia(method, url_of(address, scene), RAW[row])
            assert answer.status_code == 400, address.name
            assert len(answer.json()["error"]["message"]) > 10
    assert stored() == before


def test_row_19_a_long_body_is_a_413_in_json(scene, mia):  # noqa: F811
    body = json.dumps({"title": "x" * 1_100_000})
    answer = mia("POST", url_of(route("api_tasks"), scene), body)
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "kind", ["application/xml", "text/plain", "multipart/form-data", "application/jsonx", ""]
)
def test_row_22_only_json_is_read(scene, mia, kind):  # noqa: F811
    answer = mia("POST", url_of(route("api_tasks"), scene), '{"title": "a"}', kind=kind)
    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/json"


def test_rows_17_and_18_text_has_one_form_and_no_piles(scene, mia):  # noqa: F811
    family = "👩\u200d👩\u200d👧"
    url = url_of(route("api_tasks"), scene)
    told = mia("POST", url, {"title": f"A\u030angstro\u0308m {family} \u2126"}).json()["title"]
    assert told == f"Ångström {family} Ω"
    assert unicodedata.is_normalized("NFC", told)
    assert mia("POST", url, {"title": "Z" + "\u0301" * 40}).json()["title"].count("\u0301") <= 4


def route(name: str) -> Any:
    return next(address for address in routes() if address.name == name)


JUNK = ["abc", "1;drop table", "9" * 30, "-1", "½", "a\x00b", "a\u202eb", "x" * 8_000]


def test_rows_23_to_31_every_parameter_of_every_list_is_strict(scene, mia):  # noqa: F811
    wrong, tried = [], 0
    for address, kind in queries(scene):
        for name, field in kind().fields.items():
            words = isinstance(field, ours.LineField) or "earch" in type(field).__name__
            for junk in ["a\x00b", "x" * 8_000, "word " * 1_000] if words else JUNK:
                answer = mia("GET", f"{url_of(address, scene)}?{urlencode({name: junk})}")
                tried += 1
                what = f"{address.name}?{name}={junk[:12]!a}"
                wrong += ["the junk is sent back"] if len(answer.content) > 1_000 else []
                wrong += [f"{what}: {one}" for one in complaints(answer, name)]
    assert tried > 50
    assert not wrong, "\n" + "\n".join(wrong)


def test_row_31_a_page_has_at_most_a_hundred_rows(scene, mia):  # noqa: F811
    url = url_of(route("api_tasks"), scene)
    assert mia("GET", f"{url}?page_size=100").status_code == 200
    for size in (101, 100_000, 0):
        assert mia("GET", f"{url}?page_size={size}").status_code == 400
