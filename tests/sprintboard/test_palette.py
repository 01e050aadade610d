"""The palette's search, what it offers each role, and the switch of the single keys."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import clock
from backlog import actions as backlog
from campaigns.models import Campaign
from requests_intake import actions as intake
from reviews.models import Review
from sprintboard.finding import MOST, find
from sprintboard.keys import sections
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks
from tests.reviews.scenes import facts_for, review_of

SEARCH, KEYS = "/w/northwind/search/", "/w/northwind/keys/"
HTMX = {"HX-Request": "true"}


def ask(member, title):
    return intake.submit_request(
        member.workspace, by=member, submission_id=uuid.uuid4(), title=title
    )


def titles(member, typed):
    return [one.title for one in find(member, typed)]


@pytest.fixture
def mia(northwind, client_of):
    return client_of(northwind.mia)


def test_words_find_tasks_requests_campaigns_and_people(northwind):
    make_task(northwind.workspace, "Flyer for the Milan fair")
    make_task(northwind.workspace, "Banner")
    ask(northwind.sam, "Slides for Milan")
    with arranging():
        Campaign.objects.create(workspace=northwind.workspace, name="Milan fair")
    assert titles(northwind.sam, "milan") == [
        "Flyer for the Milan fair", "Slides for Milan", "Milan fair",
    ]  # fmt: skip
    assert titles(northwind.sam, "MIL fai") == ["Flyer for the Milan fair", "Milan fair"]
    assert titles(northwind.sam, "chiara") == [northwind.chiara.shown_name]
    assert titles(northwind.sam, "nothing of the kind") == []


def test_the_newest_of_many_come_first(northwind):
    newest = make_tasks(northwind.workspace, 9, title="Flyer")[:2:-1]
    assert [one.key for one in find(northwind.mia, "fly")] == [task.key for task in newest]
    assert find(northwind.mia, "f") == []


def test_a_key_or_a_number_comes_first_whatever_the_titles_say(northwind):
    tasks = make_tasks(northwind.workspace, 12)
    asked = ask(northwind.sam, "Slides")
    third = tasks[2]
    make_task(northwind.workspace, f"What {third.key} left over")
    for typed in (third.key, third.key.lower(), str(third.number)):
        assert find(northwind.mia, typed)[0].key == third.key
    assert [one.key for one in find(northwind.mia, asked.key.lower())] == [asked.key]
    assert find(northwind.mia, "FJ-3") == []


def test_an_archived_task_is_found_by_its_key_alone(northwind):
    task = make_task(northwind.workspace, "Old walls")
    backlog.archive_task(task, by=northwind.mia, version=1)
    assert titles(northwind.mia, "walls") == []
    assert [one.note for one in find(northwind.mia, task.key)] == ["Archived"]


def test_nobody_finds_what_another_workspace_has(northwind, fjord):
    task = make_task(fjord.workspace, "A sign for the door")
    assert find(northwind.mia, "sign") == find(northwind.mia, fjord.ola.shown_name) == []
    assert find(northwind.mia, str(task.number)) == []


def test_a_draft_of_a_review_is_found_by_those_who_may_read_it(northwind):
    review_of(northwind, facts_for(northwind))
    with arranging():
        Review.objects.update(subject="The fair counts", published_at=None)
    assert (
        titles(northwind.mia, "fair counts") == titles(northwind.mia, "13") == ["The fair counts"]
    )
    assert titles(northwind.sam, "fair counts") == []
    with arranging():
        Review.objects.update(published_at=clock.now())
    assert titles(northwind.sam, "fair counts") == ["The fair counts"]


ODD = ("%", "_", "'", "\\", "a & b | !c", ":*", "'':*", "-", "—", "😀", "1" * 99, "x " * 49)


def test_odd_input_finds_something_or_nothing(northwind, mia):
    make_task(northwind.workspace, "Ninety % of a & b, 'quoted' \\ twice")
    for typed in ODD:
        assert mia.get(SEARCH, {"q": typed}, headers=HTMX).status_code == 200, typed


def test_what_is_too_long_or_no_text_is_said(mia):
    for typed in ("x" * 101, "\x00"):
        for headers in ({}, HTMX):
            assert mia.get(SEARCH, {"q": typed}, headers=headers).status_code == 400
    assert "This address asks for something" in mia.get(SEARCH, {"q": "\x00"}).content.decode()


def test_signs_in_words_are_looked_for_as_they_are(northwind):
    make_task(northwind.workspace, "Ninety per cent")
    assert titles(northwind.mia, "N%t") == titles(northwind.mia, "N_nety") == []


def test_the_results_are_few_and_cost_few_queries_however_many_there_are(northwind, mia):
    counted = []
    for amount in (5, 200):
        make_tasks(northwind.workspace, amount, title="Flyer")
        mia.get(SEARCH, {"q": "flyer"}, headers=HTMX)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = mia.get(SEARCH, {"q": "flyer"}, headers=HTMX)
        counted.append(len(queries))
        assert answer.content.decode().count('role="option"') <= MOST
    assert counted[0] == counted[1] <= 3 + 5  # session, person, member; one for each kind


def test_no_part_of_the_palette_holds_a_token(northwind, mia):
    make_task(northwind.workspace, "Flyer")
    for query in ({}, {"q": "flyer"}):
        answer = mia.get(SEARCH, query, headers=HTMX)
        assert "csrf" not in answer.content.decode().lower()
        assert "HX-Request" in answer["Vary"]
        assert "no-store" in answer["Cache-Control"]


def test_the_palette_offers_each_role_what_it_may_do(northwind, client_of):
    make_sprint(northwind.workspace, 14, state="planned")
    offered = {
        name: client_of(getattr(northwind, name)).get(SEARCH, headers=HTMX).content.decode()
        for name in ("mia", "lena", "sam", "grace")
    }
    assert [name for name, page in offered.items() if "New task" in page] == ["mia", "lena"]
    assert [name for name, page in offered.items() if "Plan sprint 14" in page] == ["mia", "lena"]
    assert [name for name, page in offered.items() if "Invite people" in page] == ["mia"]
    assert [name for name, page in offered.items() if "Send an idea" in page] == [
        "mia", "lena", "sam",
    ]  # fmt: skip


def test_the_search_is_a_page_without_scripts(northwind, mia):
    task = make_task(northwind.workspace, "Flyer")
    page = mia.get(SEARCH, {"q": "flyer"}).content.decode()
    assert f'href="{task.get_absolute_url()}"' in page
    assert 'href="/w/northwind/tasks/new/"' in page


def test_single_keys_are_switched_off_for_the_person_in_every_workspace(northwind, mia):
    assert 'data-single-keys="off"' not in mia.get(SEARCH).content.decode()
    assert mia.post(KEYS, {"single_keys": "off"}).status_code == 302
    assert 'data-single-keys="off"' in mia.get(SEARCH).content.decode()
    northwind.mia.user.refresh_from_db()
    assert northwind.mia.user.single_keys is False
    sheet = mia.post(KEYS, {"single_keys": "on"}, headers=HTMX).content.decode()
    assert "Single keys are on." in sheet
    assert "<html" not in sheet
    assert mia.post(KEYS, {"single_keys": "perhaps"}).status_code == 422
    northwind.mia.user.refresh_from_db()
    assert northwind.mia.user.single_keys is True


def test_the_sheet_lists_what_a_role_can_use(northwind):
    pages = {
        name: [one.page for one in sections(getattr(northwind, name))] for name in ("mia", "sam")
    }
    assert pages == {"mia": ["", "board", "backlog", "planning", "triage"], "sam": ["", "board"]}


def test_only_what_can_be_pressed_by_accident_counts_as_single(northwind):
    single = {
        " or ".join(" ".join(way) for way in key.ways)
        for section in sections(northwind.mia)
        for key in section.keys
        if key.single
    }
    assert {"G B", "?", "/", "M", "J or K"} <= single
    assert not {"mod K", "Alt ↑ or Alt ↓", "← ↑ → ↓", "Esc", "Enter"} & single
