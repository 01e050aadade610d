"""Frozen facts: what goes into the database comes out the same, for years."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from reviews.facts import (
    FACTS_VERSION,
    Answer,
    Answers,
    Asked,
    Before,
    Carried,
    Done,
    Facts,
    Goal,
    Group,
    Link,
    Next,
    Points,
    UnknownFactsError,
    from_json,
    to_json,
)

LINK = Link("Open the PDF", "https://files.example/flyer.pdf")
FULL = Facts(
    number=13,
    starts_on=date(2026, 12, 3),
    ends_on=date(2026, 12, 16),
    started_at=datetime(2026, 12, 3, 8, 30, tzinfo=UTC),
    closed_at=datetime(2026, 12, 16, 23, 0, 0, 123456, tzinfo=UTC),
    goal=Goal("Make the fair count", "booth meetings booked", 80, 96),
    points=Points(60, 58, 55, 7, 3, 12, 5),
    tasks_done=2,
    groups=(
        Group("Fair", 95, 8, 80, (Done("NW-1", "Flyer", 8, "Mia", "Print", True, (LINK,)),)),
        Group("", None, 2, 20, (Done("NW-2", "Tidying", None),)),
    ),
    asked=(Asked("REQ-1", "Flyer", "Sam Whitfield", 3, ("NW-1",), (LINK,)),),
    carried=(Carried("NW-3", "Case study", 5, 14, ("Chiara Bianchi",), (4,)),),
    answers=(Answer("REQ-2", "Advert", "Sam", 3, "decline", "No", "over_budget", None, "Mia"),),
    answered=Answers(12, 13, 2),
    before=Before(3, 52, 93, 3),
    next=Next(14, "Turn meetings into visits", date(2026, 12, 17), date(2026, 12, 30)),
)


def test_facts_survive_the_journey_through_json():
    assert from_json(json.loads(json.dumps(to_json(FULL)))) == FULL


def test_facts_without_a_next_sprint_survive_too():
    bare = replace(FULL, next=None, started_at=None, groups=(), before=Before())
    assert from_json(json.loads(json.dumps(to_json(bare)))) == bare


def test_facts_that_are_older_than_a_field_get_its_default():
    data = to_json(FULL)
    del data["before"]
    data["answered"].pop("days")
    assert from_json(data).before == Before()
    assert from_json(data).answered == Answers(12, 13, 0)


def test_a_field_that_is_gone_does_not_break_old_facts():
    assert from_json({**to_json(FULL), "forgotten": 1}) == FULL


def test_facts_of_a_newer_build_are_refused():
    with pytest.raises(UnknownFactsError):
        from_json(to_json(FULL), FACTS_VERSION + 1)


def test_facts_cannot_be_changed():
    with pytest.raises(AttributeError):
        FULL.number = 14


@pytest.mark.parametrize(
    ("target", "actual", "verdict"),
    [(80, 96, "met"), (80, 80, "met"), (80, 79, "missed"), (80, None, ""), (None, 5, "")],
)
def test_the_verdict_is_what_the_numbers_say(target, actual, verdict):
    assert Goal("", "", target, actual).verdict == verdict


def test_each_item_has_a_name_of_its_own():
    assert FULL.item_ids == {
        "task-NW-1",
        "task-NW-2",
        "asked-REQ-1",
        "carried-NW-3",
        "answer-REQ-2",
    }


def test_the_share_done_is_rounded_down_so_that_100_means_all():
    assert FULL.done_share == 91
    assert replace(FULL, points=Points(committed=200, done_of_committed=199)).done_share == 99
    assert replace(FULL, points=Points()).done_share is None
