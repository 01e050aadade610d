"""The tracker is computed from the answer and the tasks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from activity.changes import SYSTEM, change
from backlog import actions as backlog
from backlog.models import Task
from requests_intake import actions, reading
from requests_intake.models import Request, RequestTask
from requests_intake.tracker import stage, status_line, tracker
from tests.arranging import arranging
from tests.factories import make_task


def seen(request: Request, reader=None) -> list[tuple[str, str, str]]:
    fresh = Request.objects.tracked().get(pk=request.pk)
    return [(step.key, step.state, step.note) for step in tracker(fresh, reader)]


def line(request: Request) -> str:
    return status_line(Request.objects.tracked().get(pk=request.pk))


@pytest.fixture
def request_(northwind, ask):
    return ask(northwind.sam)


@pytest.fixture
def task(northwind, request_, sprint):
    actions.plan_request(request_, by=northwind.mia, words="In 14.", version=1, sprint=sprint)
    return Task.objects.get()


def on_board(task: Task, world, category: str) -> Task:
    task.refresh_from_db()
    return backlog.move_task(
        task, by=world.mia, version=task.version, column=world.column(category)
    )


@pytest.fixture
def running(northwind, task, sprint):
    backlog.pull_task(task, by=northwind.mia, version=task.version, sprint=sprint)
    backlog.start_sprint(sprint, by=northwind.mia, version=1)
    return task


def test_a_waiting_request_shows_when_its_answer_is_due(northwind, request_):
    assert seen(request_, northwind.sam) == [
        ("submitted", "now", "10 Dec, by you"),
        ("answered", "", "due Mon 14 Dec, 16:00"),
        ("planned", "", ""),
        ("in_progress", "", ""),
        ("delivered", "", ""),
    ]
    assert line(request_) == "Answer due Mon 14 Dec, 16:00"


def test_an_accepted_request_has_no_date_yet(northwind, request_):
    actions.accept_request(request_, by=northwind.mia, words="Yes.", version=1)
    assert seen(request_)[:3] == [
        ("submitted", "done", "10 Dec, by Sam"),
        ("answered", "now", "10 Dec, by Mia"),
        ("planned", "", "no date yet"),
    ]
    assert line(request_) == "Accepted, no date yet"


def test_a_no_ends_the_tracker_with_its_reason(northwind, request_):
    actions.decline_request(
        request_, by=northwind.mia, words="No.", version=1, reason="over_budget"
    )
    assert seen(request_) == [
        ("submitted", "done", "10 Dec, by Sam"),
        ("declined", "no", "10 Dec, over budget"),
    ]
    assert line(request_) == "Declined: over budget"


def test_a_promise_names_its_sprint(task, request_):
    assert seen(request_)[2] == ("planned", "now", "Sprint 14, until 30 Dec")
    assert line(request_) == "Planned for sprint 14, until 30 Dec"


def test_work_in_progress_names_who_does_it(northwind, running, request_):
    running.refresh_from_db()
    backlog.edit_task(running, by=northwind.mia, version=running.version, assignee=northwind.lena)
    on_board(running, northwind, "doing")
    assert seen(request_)[3] == ("in_progress", "now", "Lena, since 10 Dec")
    assert line(request_) == "Lena, since 10 Dec"


def test_what_is_done_is_delivered_at_once_on_the_tracker(northwind, running, request_):
    on_board(running, northwind, "done")
    steps = seen(request_)
    assert {state for _key, state, _note in steps} == {"done"}
    assert steps[2] == ("planned", "done", "Sprint 14")
    assert steps[-1] == ("delivered", "done", "10 Dec, 20 days early")
    assert line(request_) == "Delivered 10 Dec"


def test_a_broken_promise_says_by_how_much(northwind, running, request_, thursday):
    thursday.move_to(datetime(2026, 12, 31, 12, 0, tzinfo=UTC))
    on_board(running, northwind, "done")
    assert seen(request_)[-1][2] == "31 Dec, 1 day late"


def test_leaving_done_takes_it_back_and_says_why(northwind, running, request_, thursday):
    on_board(running, northwind, "done")
    actions.follow_work()
    thursday.shift(timedelta(days=1))
    on_board(running, northwind, "review")
    actions.follow_work()
    assert seen(request_)[3] == (
        "in_progress",
        "now",
        f"{running.key} is back in Review since 11 Dec",
    )


def test_a_carried_over_task_says_so(northwind, running, request_, sprint):
    sprint.refresh_from_db()
    on_board(running, northwind, "doing")
    with change(northwind.workspace, by=SYSTEM) as record:
        backlog.end_sprint(sprint, by=SYSTEM, record=record)
    assert seen(request_)[2][2] == "Sprint 15, until 13 Jan; moved on once"


def test_a_promise_of_a_sprint_that_ended_without_it_is_none(northwind, task, request_, sprint):
    backlog.start_sprint(sprint, by=northwind.mia, version=1)
    sprint.refresh_from_db()
    with change(northwind.workspace, by=SYSTEM) as record:
        backlog.end_sprint(sprint, by=SYSTEM, record=record)
    assert seen(request_)[2] == ("planned", "", "no date yet")


def test_several_tasks_are_counted(northwind, running, request_, sprint):
    other = make_task(northwind.workspace, "The other half", sprint=sprint)
    with arranging():
        RequestTask.objects.create(workspace=northwind.workspace, request=request_, task=other)
    on_board(running, northwind, "done")
    assert line(request_) == "1 of 2 tasks done"


def test_archived_tasks_count_only_when_they_were_done(northwind, task, request_):
    backlog.archive_task(task, by=northwind.mia, version=task.version)
    assert stage(Request.objects.tracked().get()) == "answered"
    assert not Request.objects.with_all_done().exists()


def test_a_question_to_me_stands_above_what_i_asked_later(northwind, ask):
    asked = ask(northwind.sam)
    ask(northwind.sam, "A newer one")
    actions.ask_back(asked, by=northwind.mia, words="Which slides?", version=asked.version)
    rows = reading.my_requests(northwind.sam)
    assert [row.request.key for row in rows] == ["REQ-1", "REQ-2"]


def test_my_requests_cost_the_same_however_many(northwind, ask, sprint, django_assert_num_queries):
    for place in range(6):
        request = ask(northwind.sam, title=f"Idea {place}")
        actions.plan_request(request, by=northwind.mia, words="Yes", version=1, sprint=sprint)
    for limit in (1, 6):
        with django_assert_num_queries(3):
            rows = reading.my_requests(northwind.sam, limit)
        assert len(rows) == limit
    assert rows[0].request.title == "Idea 5"
    assert rows[0].stage == "planned"


def test_the_readings_of_the_homes(northwind, fjord, ask, thursday):
    first, second = ask(northwind.sam), ask(northwind.chiara)
    assert reading.waiting(northwind.workspace, 1) == [first]
    assert reading.overdue(northwind.workspace) == []
    thursday.shift(timedelta(days=10))
    assert reading.overdue(northwind.workspace) == [first, second]
    assert reading.waiting(fjord.workspace) == []


def test_what_reviews_read(northwind, running, request_):
    assert not Request.objects.delivered_by_tasks([running.pk]).exists()
    on_board(running, northwind, "done")
    assert list(Request.objects.delivered_by_tasks([running.pk])) == [request_]
    assert date(2026, 12, 10) == running.created_at.date()


def test_a_row_says_you_to_the_rep_who_is_asked(northwind, ask):
    request = ask(northwind.sam, title="A price list")
    actions.ask_back(request, by=northwind.mia, words="For whom?", version=request.version)
    asked = Request.objects.tracked().get(pk=request.pk)
    assert status_line(asked, northwind.sam) == "Marketing asks you something"
    assert status_line(asked, northwind.mia) == "Marketing asks Sam something"


def test_a_no_for_another_reason_names_none(northwind, ask):
    request = ask(northwind.sam, title="A price list")
    actions.decline_request(
        request, by=northwind.mia, words="Finance said no.", version=1, reason="other"
    )
    assert line(request) == "Declined"
