"""Bad input at every address: never a 500, and an answer that says no has stored nothing.

What the forms of the pages are and who may ask is tests/test_access.py's; here a marketer sends
what no browser would.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse

from notifications.models import OutboxItem
from people.models import User, Workspace
from tests.access_rules import RULES, Scene
from tests.arranging import arranging
from tests.calls import once_more
from tests.test_access import all_forms, inside, signed_in

pytestmark = pytest.mark.both_databases

ODD = {
    "more digits than Python reads": "9" * 5_000,
    "beyond 64 bits": str(2**64),
    "a NUL": "a\x00b",
    "turned around": "a\u202eb",
    "the last day of all": "9999-12-31",
    "the first day of all": "0001-01-01",
    "a second header": "Hello\r\nBcc: all@example.org",
    "half an address": "http://[",
}
VERSIONS = {"version", "submission_id"}
# In all fields at once; tests/bad_input/test_forms.py sends the others to each field
EVERYWHERE = ("more digits than Python reads", "beyond 64 bits", "half an address")
# Alone in a field, so that the others bring the form to its verb
ALONE = ("turned around", "more digits than Python reads")
QUERIED = ("more digits than Python reads", "beyond 64 bits", "a NUL", "half an address")
QUERIES = [
    *("after", "answer", "as", "before", "by", "campaign", "column", "format", "key", "next"),
    *("q", "say", "show", "sort", "sprint", "state", "title", "undo", "version", "who"),
]
HEADERS: list[dict[str, str]] = [
    {
        "HX-Request": "true",
        "HX-Current-URL": "http://[",
        "HX-Target": "%00",
        "HX-Target-URI-AutoEncoded": "true",
    },
    {
        "Referer": "http://[",
        "If-None-Match": "\\x",
        "If-Modified-Since": "never",
        "Accept-Language": "x" * 600 + ",*;q=nan",
        "Range": "bytes=0-,0-",
    },
]


def stored() -> tuple[int, int, int]:
    """Return what grows with every row that a page can make: a change takes a number."""
    numbers = Workspace.objects.aggregate(total=Sum("seq"))["total"]
    return numbers, OutboxItem.objects.count(), User.objects.count()


class Watch:
    """Sends requests, and notes what broke and what was stored by an answer that said no."""

    def __init__(self, scene: Scene) -> None:
        self.client = signed_in(scene.world.mia.user)
        self.before = stored()
        self.faults: set[str] = set()
        self.sent = 0

    def send(self, what: str, method: str, url: str, *args: Any, **kwargs: Any) -> int:
        """Send one request, look at what it changed, and forget that."""
        cache.clear()  # allauth's limits
        fresh = once_more(self.client)
        with transaction.atomic():
            status = getattr(fresh, method.lower())(url, *args, **kwargs).status_code
            # most 404 and 403 never come to a verb, and looking costs more than asking
            kept = status < 400 or stored() == self.before
            transaction.set_rollback(True)
        self.sent += 1
        if status >= 500 or not kept:
            self.faults.add(f"{method} {what}: {status}{'' if kept else ', and stored'}")
        return int(status)

    def told(self) -> str:
        """Return the faults, one on each line."""
        return "\n".join(sorted(self.faults))


def test_no_field_brings_a_verb_down(scene):
    watch = Watch(scene)
    for form in all_forms(watch.client, scene):
        for name in EVERYWHERE:
            everywhere = dict.fromkeys(form.fields.keys() - VERSIONS, ODD[name])
            fields = {**form.fields, **everywhere}
            watch.send(f"{form.name} = {name}", form.method, form.target, fields)
        for place, field in enumerate(form.fields):
            name = ALONE[place % len(ALONE)]
            fields = {**form.fields, field: ODD[name]}
            watch.send(f"{form.name} {field} = {name}", form.method, form.target, fields)
    assert watch.sent > 300, watch.sent
    assert not watch.faults, watch.told()


def test_no_query_brings_a_page_down(scene):
    watch = Watch(scene)
    for address in inside():
        method = "GET" if RULES[address.name].get else "POST"
        for name in QUERIED:
            query = urlencode(dict.fromkeys(QUERIES, ODD[name]))
            watch.send(f"{address.name}?{name}", method, f"{address.url(scene)}?{query}")
    assert watch.sent > 100
    assert not watch.faults, watch.told()


def test_no_header_brings_a_page_down(scene):
    watch = Watch(scene)
    for address in inside():
        method = "GET" if RULES[address.name].get else "POST"
        for headers in HEADERS:
            what = f"{address.name} {headers}"
            watch.send(what, method, address.url(scene), headers=headers)
    assert not watch.faults, watch.told()


def test_the_watch_sees_a_fault(scene, monkeypatch):
    """The positive control: a page that breaks, and one that stores and then says no."""
    watch = Watch(scene)

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("backlog.views.board.reading.Board", broken)
    watch.send("board", "GET", reverse("board", args=[scene.world.workspace.slug]))
    monkeypatch.setattr("sprintboard.health.look_at_database", lambda: stores_and_says_no(scene))
    watch.send("readyz", "GET", "/readyz")
    assert sorted(watch.faults) == ["GET board: 500", "GET readyz: 503, and stored"]


def stores_and_says_no(scene: Scene) -> tuple[str, str]:
    with arranging():
        Workspace.objects.filter(pk=scene.world.workspace.pk).update(seq=10_000)
    return "down", "down"
