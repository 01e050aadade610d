"""The pages for what went wrong: they say what is kept, and need nothing that may be broken."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

PAGES = [
    "400.html",
    "403.html",
    "404.html",
    "409.html",
    "413.html",
    "429.html",
    "500.html",
    "503.html",
]


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_needs_no_database_no_request_and_no_context(name):
    page = render_to_string(name)  # without the `db` fixture any query fails

    assert page.startswith("<!doctype html>")
    assert page.count("<h1") == 1
    assert "style=" not in page
    assert "importmap" not in page


@pytest.mark.parametrize("name", ["400.html", "413.html", "500.html", "503.html"])
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
