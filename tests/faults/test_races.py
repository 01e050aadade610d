"""F20 to F23, F28, F29: many at once, in processes of their own; each race has its control."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from tests.faults.figures import scale
from tests.faults.worlds import World, at_once, finished, only

pytestmark = [pytest.mark.faults, pytest.mark.faults_quick, pytest.mark.alone]

WITHOUT_IMMEDIATE = ("tests.faults.unsafe.without_immediate",)


# F20: eight processes write SQLite ------------------------------------------------------------


@only("sqlite")
def test_f20_processes_that_write_at_once_never_find_the_file_locked(world: World, figures):
    each = scale(20, 100)
    line = figures("F20", "8 processes make tasks in one SQLite file")
    line.stopwatch()
    before = world.play("count_rows")
    found = world.play("write_tasks", each=each)
    line.stop()
    after = world.play("count_rows")

    assert found["errors"] == {}
    assert after["tasks"] - before["tasks"] == 8 * each
    assert after["seq"] - before["seq"] == after["activities"] - before["activities"] == 8 * each
    assert found["slowest"] <= 10
    line.tried = 8 * each
    line.remarks = f"longest wait {found['slowest']:.2f} s, no write found the file locked"
    unsafe = finished(world.hand("write_tasks", each=20, seams=WITHOUT_IMMEDIATE))
    failed = sum(unsafe["errors"].values())
    line.control = f"transactions that begin as readers: {failed} of 160 found it locked"
    assert failed > 0, "this way of writing loses nothing: the test shows nothing"


# F21: a hundred people move one card ----------------------------------------------------------


def test_f21_of_a_hundred_moves_of_one_card_one_wins(world: World, figures):
    line = figures("F21", f"100 people move one card at once ({world.kind})")
    line.stopwatch()
    found = world.play("move_the_same_task", task=world.scene["task"], threads=100)

    assert found["outcomes"] == {"moved": 1, "Stale": 99}
    assert (found["versions"], found["events"]) == (1, 1)
    line.tried, line.seconds = 100, round(found["slowest"], 2)
    assert line.seconds <= scale(quick=10, full=2)
    unsafe = world.play("unsafe_move_the_same_task", task=world.scene["task"], threads=100)
    line.control = f"read, check, save: {unsafe['outcomes']['moved']} winners"
    assert unsafe["outcomes"]["moved"] > 1, "this race cannot be lost: the test shows nothing"


# F22: a hundred people move a hundred cards to one place --------------------------------------


def test_f22_of_a_hundred_cards_moved_to_one_place_each_has_its_own(world: World, figures):
    line = figures("F22", f"100 people move 100 cards before one card at once ({world.kind})")
    found = world.play("move_into_one_place", threads=100)

    assert found["outcomes"] == {"moved": 100}
    assert (found["landed"], found["places"], found["events"]) == (100, 100, 100)
    assert found["gapless"]
    assert found["anchor_is_last"]
    assert found["as_told"]  # whoever comes last lies directly before the card
    line.tried, line.seconds = 100, round(found["slowest"], 2)
    line.remarks = "all landed, in one order, which is that of the events"
    unsafe = world.play("unsafe_move_into_one_place", threads=100)
    line.control = f"read the gap, then save: {unsafe['places']} places for 100 cards"
    assert unsafe["places"] < 100, "this race cannot be lost: the test shows nothing"


# F23: numbers in the order of their commits ---------------------------------------------------


def test_f23_a_reader_of_the_numbers_misses_nothing(world: World, figures):
    each = scale(100, 2_500)
    line = figures("F23", f"8 processes write, one reads what is newer ({world.kind})")
    line.stopwatch()
    found = world.play("follow_numbers", each=each)
    line.stop()
    assert found["seen"] == found["written"] == 8 * each
    assert found["gapless"]
    line.tried = 8 * each
    line.remarks = "each number once, in order, without a gap"
    if world.kind == "postgresql":  # SQLite has one writer at a time: its ids come in order
        unsafe = world.play("unsafe_follow_ids", each=100)
        lost = unsafe["written"] - unsafe["seen"]
        line.control = f"id > last: {lost} of {unsafe['written']} lost"
        assert lost > 0, "this way of reading loses nothing: the test shows nothing"


# F28: the same form again and again -----------------------------------------------------------


def test_f28_a_form_sent_fifty_times_is_one_request(world: World, figures):
    line = figures("F28", f"one form posted 50 times at once ({world.kind})")
    sam = world.visitor(world.web(), "sam")
    form = {
        "title": "Slides for dairies",
        "submission_id": uuid.uuid4(),
        "requester": world.scene["sam"],
    }
    line.stopwatch()
    answers = at_once(50, lambda n: sam.post("/w/northwind/requests/new/", **form))
    line.stop()

    assert Counter(answer.status for answer in answers) == {302: 50}
    assert {answer.headers["location"] for answer in answers} == {
        "/w/northwind/requests/REQ-1/receipt/"
    }
    assert world.play("count_rows")["submissions"] == [str(form["submission_id"])]
    slowest = max(answer.seconds for answer in answers)
    line.tried = 50
    line.remarks = f"50 times the same receipt, the slowest after {slowest:.1f} s"
    unsafe = world.play("unsafe_submit", threads=50)
    line.control = f"look, then write: {unsafe['outcomes']['written']} rows"
    assert unsafe["outcomes"]["written"] > 1, "this race cannot be lost: the test shows nothing"


# F29: everybody closes the sprint -------------------------------------------------------------


def test_f29_of_twenty_who_close_a_sprint_one_does(world: World, figures):
    line = figures("F29", f"20 close a sprint at once, then 20 publish ({world.kind})")
    stack = world.web()
    people = [world.visitor(stack, first) for first in ("mia", "lena")]
    path = "/w/northwind/sprints/1/close/"
    form = {"carry_to": "next", "version": world.scene["sprint_version"]}
    line.stopwatch()
    answers = at_once(20, lambda n: people[n % 2].post(path, **form))

    assert Counter(answer.status for answer in answers) == {302: 1, 409: 19}
    assert all("Sprint 1 is closed already" in one.text for one in answers if one.status == 409)
    drafted = world.play("draft")
    path = "/w/northwind/reviews/1/publish/"
    form = {"send": "now", "version": drafted["version"]}
    answers = at_once(20, lambda n: people[n % 2].post(path, **form))
    assert Counter(answer.status for answer in answers) == {302: 1, 409: 19}
    line.stop()

    rows = world.play("count_rows")
    assert rows["reviews"] == 1
    assert sorted(rows["mails"].values()) == [1, 1, 1]  # Sam, Chiara and Grace
    line.tried = 40
    line.remarks = "1 review, 1 mail for each of 3 readers; 38 times 409"
    unsafe = world.play("unsafe_close", threads=20)
    line.control = f"look, then close: {unsafe['outcomes']['closed']} of 20 closed it"
    assert unsafe["outcomes"]["closed"] > 1, "this race cannot be lost: the test shows nothing"
