"""The numbers of sprints."""

from datetime import UTC, date, datetime

import pytest

from backlog import actions, metrics
from backlog.models import Sprint
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task, make_tasks


@pytest.fixture
def at(monkeypatch):
    def set_clock(instant):
        monkeypatch.setattr("activity.clock.system_now", lambda: instant)

    set_clock(datetime(2026, 12, 7, 12, tzinfo=UTC))
    return set_clock


@pytest.fixture
def sprint(northwind, at):
    return make_sprint(
        northwind.workspace, 13, state="active", committed_points=51, committed_tasks=3
    )


def closed_sprint(northwind, number, done, unfinished=0):
    sprint = make_sprint(northwind.workspace, number, state="closed")
    column = northwind.column("done")
    make_task(northwind.workspace, points=done, sprint=sprint, column=column)
    make_task(northwind.workspace, points=unfinished, sprint=sprint)


def test_velocity_is_what_the_last_three_closed_sprints_did(
    northwind, sprint, django_assert_num_queries
):
    for number, done in ((9, 100), (10, 54), (11, 61), (12, 58)):
        closed_sprint(northwind, number, done, unfinished=8)
    make_task(northwind.workspace, points=99, sprint=sprint, column=northwind.column("done"))
    with django_assert_num_queries(1):
        velocity = metrics.velocity(northwind.workspace)
    assert velocity.points == [54, 61, 58]
    assert velocity.numbers == [10, 11, 12]
    assert velocity.average == pytest.approx(57.67, abs=0.01)


def test_velocity_of_a_new_workspace_is_nothing(northwind):
    assert metrics.velocity(northwind.workspace) == metrics.Velocity(0.0, [], [])


def test_what_another_workspace_did_is_not_ours(northwind, fjord):
    closed_sprint(fjord, 1, 40)
    assert metrics.velocity(northwind.workspace).points == []


def test_progress_sums_points_by_category(northwind, sprint, django_assert_num_queries):
    for category, points in (("todo", 5), ("doing", 8), ("review", 3), ("done", 13)):
        column = northwind.column(category)
        make_task(northwind.workspace, points=points, sprint=sprint, column=column)
    make_task(northwind.workspace, points=2, sprint=sprint, is_unplanned=True)
    make_task(northwind.workspace, points=None, sprint=sprint)
    make_task(northwind.workspace, points=50, sprint=sprint, archived_at=sprint.started_at)
    with arranging():
        sprint.tasks.filter(points=50).update(archived_at="2026-12-05T00:00Z")
    with django_assert_num_queries(1):
        progress = metrics.sprint_progress(sprint)
    assert (progress.todo, progress.doing, progress.review, progress.done) == (7, 8, 3, 13)
    assert (progress.total_points, progress.remaining) == (31, 18)
    assert (progress.tasks, progress.tasks_done, progress.committed) == (6, 1, 51)
    assert (progress.unplanned, progress.allowance) == (2, 10)


@pytest.mark.parametrize(
    ("instant", "day", "left"),
    [
        (datetime(2026, 12, 2, 12, tzinfo=UTC), 0, 14),
        (datetime(2026, 12, 2, 23, 30, tzinfo=UTC), 1, 13),  # the 3rd in Stockholm
        (datetime(2026, 12, 7, 12, tzinfo=UTC), 5, 9),
        (datetime(2026, 12, 16, 12, tzinfo=UTC), 14, 0),
        (datetime(2026, 12, 20, 12, tzinfo=UTC), 14, 0),
    ],
)
def test_days_are_those_of_the_workspaces_calendar(northwind, sprint, at, instant, day, left):
    at(instant)
    days = metrics.sprint_days(sprint, sprint.workspace.today())
    assert (days.count, days.number, days.left) == (14, day, left)


@pytest.mark.parametrize(
    ("today", "number", "left"),
    [
        (date(2026, 12, 3), 1, 13),
        (date(2026, 12, 10), 8, 6),
        (date(2026, 12, 16), 14, 0),
        (date(2026, 12, 1), 0, 15),
        (date(2026, 12, 20), 14, 0),
    ],
)
def test_days_are_counted_by_the_calendar(northwind, today, number, left):
    days = metrics.sprint_days(make_sprint(northwind.workspace, state="active"), today)
    assert (days.number, days.left, days.count) == (number, left, 14)
    assert len(days.ticks) == 14


def test_a_ruler_shows_days_off_and_today(northwind):
    week = make_sprint(northwind.workspace, ends_on=date(2026, 12, 9), state="active")
    days = metrics.sprint_days(week, date(2026, 12, 7))
    assert days.ticks == ["past", "past", "off past", "off past", "today", "", ""]


def test_room_for_unplanned_work_is_a_share_of_the_commitment(northwind, sprint):
    make_task(northwind.workspace, points=4, sprint=sprint, is_unplanned=True)
    room = metrics.unplanned_room(sprint)
    assert (room.allowance, room.used, room.left) == (10, 4, 6)
    make_task(northwind.workspace, points=40, sprint=sprint, is_unplanned=True)
    assert metrics.unplanned_room(sprint).left == 0


def test_capacity_lists_marketers_and_whoever_still_has_work(
    northwind, sprint, django_assert_num_queries
):
    gone = make_member(northwind.workspace, "Jonas Weber", "marketer")
    make_member(northwind.workspace, "Priya Nair", "marketer")
    with arranging():
        type(gone).objects.filter(shown_name__in=["Jonas Weber", "Priya Nair"]).update(
            is_active=False
        )
    actions.set_capacity(sprint, by=northwind.mia, member=northwind.lena, points=12, note="away")
    make_tasks(northwind.workspace, 2, points=7, sprint=sprint, assignee=northwind.lena)
    make_task(northwind.workspace, points=3, sprint=sprint, assignee=gone)
    make_task(northwind.workspace, points=9, assignee=northwind.mia)
    with django_assert_num_queries(1):
        people = metrics.capacity_by_person(sprint)
    assert [(p.member.first_name, p.points, p.note, p.taken, p.over) for p in people] == [
        ("Jonas", None, "", 3, 0),
        ("Lena", 12, "away", 14, 2),
        ("Mia", None, "", 0, 0),
    ]


def test_a_sprint_ends_when_its_last_day_is_over_in_the_workspace(northwind, sprint):
    assert sprint.ends_at == datetime(2026, 12, 16, 23, tzinfo=UTC)
    late = Sprint(
        workspace=northwind.workspace, starts_on=date(2026, 3, 20), ends_on=date(2026, 4, 2)
    )
    assert late.ends_at == datetime(2026, 4, 2, 22, tzinfo=UTC)
