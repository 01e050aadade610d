"""The drafted words: good English, the goal first, nothing that the facts do not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from reviews import wording
from reviews.facts import (
    Answer,
    Answers,
    Asked,
    Carried,
    Done,
    Facts,
    Goal,
    Group,
    Link,
    Next,
    Points,
)

BOOTH = Goal("Make the fair count", "booth meetings booked", 80, 96)
EMPTY = Facts(
    number=13,
    starts_on=date(2026, 12, 3),
    ends_on=date(2026, 12, 16),
    started_at=None,
    closed_at=datetime(2026, 12, 16, 23, 0, tzinfo=UTC),
    goal=Goal(),
    points=Points(),
    tasks_done=0,
)


def asked(title, name="Sam Whitfield", key="REQ-1", **more):
    return Asked(key, title, name, 1, **more)


def carried(title, to_sprint=14, key="NW-1"):
    return Carried(key, title, to_sprint=to_sprint)


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal(), ""),
        (Goal("Make the fair count."), "The goal was: Make the fair count."),
        (
            replace(BOOTH, actual=None),
            "The goal was 80 booth meetings booked; the count is not in yet.",
        ),
        (BOOTH, "Goal met: 96 of 80 booth meetings booked."),
        (replace(BOOTH, actual=80), "Goal met: 80 of 80 booth meetings booked."),
        (replace(BOOTH, actual=0), "Goal missed: 0 of 80 booth meetings booked."),
        (Goal("Sell", "", 5, 4), "Goal missed: 4 of 5."),
        (Goal("100 %", "100 % of visitors", 3, 3), "Goal met: 3 of 3 100 % of visitors."),
    ],
)
def test_the_verdict_says_what_is_known(goal, expected):
    assert wording.verdict_sentence(goal) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Sprint 13: 0 tasks done"),
        ({"tasks_done": 1}, "Sprint 13: 1 task done"),
        ({"tasks_done": 2}, "Sprint 13: 2 tasks done"),
        ({"goal": BOOTH, "tasks_done": 1}, "Sprint 13: goal met, 1 task done"),
        (
            {"goal": BOOTH, "asked": (asked("Flyer"),)},
            "Sprint 13: goal met, and one thing you asked for",
        ),
        (
            {"goal": replace(BOOTH, actual=1), "asked": (asked("A"), asked("B"))},
            "Sprint 13: goal missed, and 2 things you asked for",
        ),
        ({"asked": (asked("A"),)}, "Sprint 13: one thing you asked for is done"),
        ({"asked": (asked("A"), asked("B"))}, "Sprint 13: 2 things you asked for are done"),
    ],
)
def test_the_subject_fits_what_happened(changes, expected):
    assert wording.subject(replace(EMPTY, **changes)) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((), ""),
        ((carried("Case study"),), "One thing slipped: “Case study” moves to sprint 14."),
        (
            (carried("Case study", None),),
            "One thing slipped: “Case study” is back in the backlog.",
        ),
        ((carried("A"), carried("B")), "2 things slipped and move to sprint 14."),
        ((carried("A", None), carried("B", None)), "2 things slipped and are back in the backlog."),
    ],
)
def test_what_slipped_is_said(items, expected):
    assert wording.slipped_sentence(items) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "No task was finished."),
        ({"tasks_done": 1}, "1 task done."),
        (
            {"tasks_done": 12, "points": Points(committed=60, done=58, done_of_committed=55)},
            "12 tasks done: 55 of 60 committed points.",
        ),
        (
            {"tasks_done": 1, "points": Points(committed=1, done=1, done_of_committed=1)},
            "1 task done: 1 of 1 committed point.",
        ),
        (
            {"goal": BOOTH, "asked": (asked("Flyer"),), "carried": (carried("Case study"),)},
            "Goal met: 96 of 80 booth meetings booked. “Flyer”, which Sam asked for, is done. "
            "One thing slipped: “Case study” moves to sprint 14.",
        ),
        (
            {"goal": BOOTH, "asked": (asked("Flyer"), asked("Film"))},
            "Goal met: 96 of 80 booth meetings booked. "
            "2 things that you asked for are done, among them “Flyer”.",
        ),
    ],
)
def test_the_lead_says_the_most_important_first(changes, expected):
    assert wording.lead(replace(EMPTY, **changes)) == expected


def test_the_lead_keeps_its_limit_whatever_people_wrote():
    long = "An extraordinarily long title about everything " * 4
    facts = replace(
        EMPTY,
        goal=Goal(long * 2),
        asked=(asked(long), asked(long)),
        carried=(carried(long),),
        tasks_done=3,
    )
    lead = wording.lead(facts)
    assert 0 < len(lead) <= wording.LEAD_LIMIT
    assert len(wording.subject(facts)) <= wording.SUBJECT_LIMIT


def test_a_sprint_that_went_as_planned_teaches_nothing_by_itself():
    facts = replace(
        EMPTY,
        tasks_done=3,
        points=Points(committed=10, done=10, done_of_committed=10, unplanned=2, allowance=2),
        answered=Answers(4, 4, 2),
    )
    assert wording.learnings(facts) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"carried": (carried("A"), carried("B"), carried("C"))},
            "Not finished: “A”, “B” and “C”.",
        ),
        (
            {"points": Points(unplanned=12, allowance=8)},
            "12 unplanned points came in, more than the 8 we allow for.",
        ),
        (
            {"points": Points(unplanned=1, allowance=0)},
            "1 unplanned point came in, more than the 0 we allow for.",
        ),
        ({"answered": Answers(3, 4, 2)}, "1 request waited longer for an answer than agreed."),
        ({"answered": Answers(1, 4, 2)}, "3 requests waited longer for an answer than agreed."),
    ],
)
def test_learnings_are_what_the_numbers_say(changes, expected):
    assert wording.learnings(replace(EMPTY, **changes)) == expected


@pytest.mark.parametrize(
    ("sprint", "expected"),
    [
        (None, ""),
        (
            Next(14, "Turn meetings into visits.", date(2026, 12, 17), date(2026, 12, 30)),
            "Sprint 14 runs from 17 to 30 December: Turn meetings into visits.",
        ),
        (
            Next(15, "", date(2026, 12, 31), date(2027, 1, 13)),
            "Sprint 15 runs from 31 December to 13 January.",
        ),
    ],
)
def test_what_comes_next(sprint, expected):
    assert wording.next_up(sprint) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C", "D"], "A, B, C and D"),
        (["A", "B", "C", "D", "E", "F"], "A, B, C, D and 2 more"),
    ],
)
def test_lists_read_like_sentences(words, expected):
    assert wording.listed(words) == expected


def test_what_sales_asked_for_stands_in_the_mail_then_the_largest_work():
    link = (Link("Open", "https://files.example/"),)
    facts = replace(
        EMPTY,
        asked=(asked("Flyer", key="REQ-1", tasks=("NW-1",)),),
        groups=(
            Group(
                "Fair",
                95,
                21,
                100,
                (
                    Done("NW-1", "Flyer", 8),
                    Done("NW-2", "Booth", 5),
                    Done("NW-3", "Film", 3, links=link),
                    Done("NW-4", "Roster", 4),
                    Done("NW-5", "Tidying", 1),
                ),
            ),
        ),
        answers=tuple(Answer(f"REQ-{n}", "Idea", "Sam", 1, "accept", "Yes") for n in range(2, 9)),
    )
    assert wording.marks(facts) == dict.fromkeys(
        [
            "asked-REQ-1",
            "task-NW-3",
            "task-NW-2",
            "task-NW-4",
            "answer-REQ-2",
            "answer-REQ-3",
            "answer-REQ-4",
            "answer-REQ-5",
        ],
        "highlighted",
    )
