"""My work: what is mine, wherever it lies, with what is due first on top."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activity import clock
from backlog import actions as backlog
from requests_intake import actions as intake
from requests_intake.models import Request
from reviews import actions as reviews
from sprintboard.my_work import Entry, Kind, MyWork, Place
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

# A Wednesday
TODAY = date(2026, 12, 9)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    noon = datetime(2026, 12, 9, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
    monkeypatch.setattr("activity.clock.system_now", lambda: noon)


def ask(world, rep, title, number, due=timedelta(days=1)):
    request = intake.submit_request(
        world.workspace,
        by=rep,
        submission_id=f"00000000-0000-0000-0000-{number:012d}",
        title=title,
    )
    with arranging():
        Request.objects.filter(pk=request.pk).update(answer_due_at=clock.now() + due)
    return request


def shown(member):
    """Return what the page shows: each group with its titles."""
    return {
        group.when: [
            (entry.task or entry.request or entry.impediment or entry.review).__str__()
            for entry in group.entries
        ]
        for group in MyWork(member).groups
    }


@pytest.mark.parametrize(
    ("days", "place"),
    [
        (-1, Place.LATE),
        (0, Place.TODAY),
        (1, Place.THIS_WEEK),
        (4, Place.THIS_WEEK),  # Sunday
        (5, Place.NEXT_WEEK),
        (11, Place.NEXT_WEEK),
        (12, Place.LATER),
    ],
)
def test_a_day_stands_in_its_part_of_the_page(days, place):
    assert Entry(Kind.TASK, TODAY + timedelta(days=days)).stands(TODAY) == place


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Europe/Stockholm", "America/Los_Angeles"])
def test_days_are_the_workspace_s_wherever_the_reader_is(northwind, zone):
    at = ask(northwind, northwind.sam, "This afternoon", 1)
    with arranging():
        Request.objects.filter(pk=at.pk).update(
            answer_due_at=datetime(2026, 12, 9, 16, tzinfo=UTC)  # Thursday 5:00 in Auckland
        )
    with timezone.override(zone):
        assert shown(northwind.mia) == {Place.TODAY: ["This afternoon"]}


@pytest.mark.parametrize(
    ("due", "place"),
    [
        (datetime(2026, 10, 24, 21, 30, tzinfo=UTC), Place.LATE),  # 23:30 in summer time
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), Place.TODAY),  # 0:30 in summer time
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), Place.TODAY),  # 23:30 in winter time
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), Place.NEXT_WEEK),  # 0:30 on Monday
    ],
)
def test_the_day_on_which_the_clocks_change_is_one_day(northwind, monkeypatch, due, place):
    asked = ask(northwind, northwind.sam, "Flyer", 1)
    with arranging():
        Request.objects.filter(pk=asked.pk).update(answer_due_at=due)
    sunday = datetime(2026, 10, 25, 11, tzinfo=UTC)
    monkeypatch.setattr("activity.clock.system_now", lambda: sunday)
    with timezone.override("America/Chicago"):
        assert shown(northwind.mia) == {place: ["Flyer"]}


def test_a_marketer_finds_tasks_of_sprints_and_backlog_and_what_waits_for_an_answer(northwind):
    mia, space = northwind.mia, northwind.workspace
    running = make_sprint(space, 13, state="active")
    planned = make_sprint(space, 14)
    make_task(space, "Backlog", assignee=mia)
    make_task(space, "Planned", assignee=mia, sprint=planned)
    make_task(space, "Running", assignee=mia, sprint=running)
    make_task(space, "Was due", assignee=mia, sprint=running, due_on=TODAY - timedelta(days=2))
    make_task(space, "Friday", assignee=mia, due_on=TODAY + timedelta(days=2))
    make_task(space, "Lena's", assignee=northwind.lena)
    make_task(space, "Ready", assignee=mia, sprint=running, column=northwind.column("done"))
    make_task(space, "Put away", assignee=mia, archived_at=clock.now())
    ask(northwind, northwind.sam, "Tomorrow", 1)
    ask(northwind, northwind.chiara, "Long overdue", 2, due=timedelta(days=-3))

    assert shown(mia) == {
        "late": ["Long overdue", "Was due"],
        "this_week": ["Tomorrow", "Friday"],
        "sprint": ["Running", "Planned"],
        "backlog": ["Backlog"],
    }
    assert MyWork(mia).late == 2


def test_a_rep_finds_his_requests_and_the_question_that_waits_for_him(northwind):
    sam = northwind.sam
    ask(northwind, sam, "Not answered", 1)
    asked = ask(northwind, sam, "What do you mean", 2)
    declined = ask(northwind, sam, "A stadium", 3)
    ask(northwind, northwind.chiara, "Chiara's", 4)
    intake.ask_back(asked, by=northwind.mia, words="Which fair?", version=asked.version)
    with arranging():
        Request.objects.filter(pk=declined.pk).update(state="declined")

    work = MyWork(sam)

    assert shown(sam) == {"waiting": ["What do you mean"]}
    assert [tracked.request.title for tracked in work.requests] == [
        "What do you mean", "Not answered",
    ]  # fmt: skip


def test_a_manager_finds_late_answers_impediments_and_the_review_to_publish(northwind):
    grace, mia = northwind.grace, northwind.mia
    sprint = make_sprint(northwind.workspace)
    sprint = backlog.start_sprint(sprint, by=mia, version=sprint.version)
    blocked = make_task(northwind.workspace, "Invitations", sprint=sprint)
    backlog.block_task(blocked, by=mia, reason="No list", owner=grace)
    other = make_task(northwind.workspace, "Not hers", sprint=sprint)
    backlog.block_task(other, by=mia, reason="No printer", owner=mia)
    ask(northwind, northwind.sam, "Long overdue", 1, due=timedelta(days=-1))
    ask(northwind, northwind.sam, "Still time", 2)
    reviews.close_sprint(sprint, by=mia)

    found = {entry.kind for entry in MyWork(grace).entries}
    titles = [title for titles in shown(grace).values() for title in titles]

    assert found == {Kind.ANSWER, Kind.IMPEDIMENT, Kind.REVIEW}
    assert "Long overdue" in titles
    assert "Still time" not in titles
    assert "No list" in titles
    assert "No printer" not in titles


def test_for_sales_a_draft_does_not_exist(northwind):
    sprint = make_sprint(northwind.workspace)
    sprint = backlog.start_sprint(sprint, by=northwind.mia, version=sprint.version)
    reviews.close_sprint(sprint, by=northwind.mia)
    assert MyWork(northwind.sam).entries == []


def test_an_answer_is_due_on_the_readers_own_day(northwind, client_of):
    ask(northwind, northwind.sam, "Due at noon in Stockholm tomorrow", 1)
    page = client_of(northwind.mia).get("/w/northwind/my-work/").content.decode()
    assert "This week" in page
    assert "<b>10</b>" in page


@pytest.mark.parametrize("name", ["mia", "sam", "grace"])
def test_who_has_nothing_is_told_what_will_stand_here(northwind, client_of, name):
    page = client_of(northwind.people[name]).get("/w/northwind/my-work/")
    assert page.status_code == 200
    assert "stand" in page.content.decode()


@pytest.mark.parametrize(("name", "cost"), [("mia", 4), ("sam", 5), ("grace", 4)])
def test_it_costs_the_same_however_much_it_is(northwind, name, cost):
    member, mia = northwind.people[name], northwind.mia
    running = make_sprint(northwind.workspace, 13, state="active")

    def fill(amount, first):
        tasks = make_tasks(northwind.workspace, amount, sprint=running, assignee=member)
        backlog.block_task(tasks[0], by=mia, reason="No list", owner=member)
        ask(northwind, northwind.sam, "Overdue", first, due=timedelta(days=-1))

    def count():
        with CaptureQueriesContext(connection) as made:
            work = MyWork(member)
            assert work.groups
            _ = work.requests
        return len(made)

    fill(5, 1)
    assert count() == cost
    fill(200, 2)
    assert count() == cost
