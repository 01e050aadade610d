"""The list of sprints and the page where one gets its goal and dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from backlog import actions, planning
from backlog.models import Sprint
from tests.factories import make_sprint, make_task, make_tasks

NOVEMBER = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november(monkeypatch):
    monkeypatch.setattr("activity.clock.system_now", lambda: NOVEMBER)


@pytest.fixture
def mia(northwind, client_of):
    return client_of(northwind.mia)


@pytest.fixture
def planned(northwind):
    return actions.ensure_sprints(northwind.workspace, by=northwind.mia)


def url(name, *args):
    return reverse(name, args=["northwind", *args])


def typed(sprint, **changes):
    data = {
        "goal": sprint.goal,
        "goal_measure": sprint.goal_measure,
        "goal_target": "",
        "starts_on": sprint.starts_on,
        "ends_on": sprint.ends_on,
        "version": sprint.version,
    }
    return data | changes


@pytest.mark.parametrize("count", [5, 200])
def test_the_list_asks_the_database_four_times_however_full_it_is(
    northwind, planned, mia, count, django_assert_max_num_queries
):
    make_tasks(northwind.workspace, count, points=3, sprint=planned[0])
    make_tasks(northwind.workspace, count, promised_sprint=planned[1], origin_name="Sam W")
    with django_assert_max_num_queries(4):
        planning.read_sprints(northwind.mia)
    with django_assert_max_num_queries(4 + 5):  # session, user, membership and the frame
        assert mia.get(url("sprints")).status_code == 200


def test_each_state_says_what_matters_about_it(northwind, mia):
    done, todo = northwind.column("done"), northwind.column("todo")
    closed = make_sprint(
        northwind.workspace, 12, starts_on=date(2026, 11, 5), ends_on=date(2026, 11, 18),
        state="closed", committed_points=10, goal="Say who we are",
    )  # fmt: skip
    make_task(northwind.workspace, points=8, sprint=closed, column=done)
    active = make_sprint(
        northwind.workspace, 13, starts_on=date(2026, 11, 19), ends_on=date(2026, 12, 2),
        state="active", committed_points=10, goal_measure="booth meetings", goal_target=40,
    )  # fmt: skip
    make_task(northwind.workspace, points=3, sprint=active, column=done)
    make_task(northwind.workspace, points=4, sprint=active, column=todo, is_unplanned=True)
    ahead = make_sprint(northwind.workspace, 14)
    make_task(northwind.workspace, "Battle card", promised_sprint=ahead, origin_name="Kenji Mori")
    sprints = planning.read_sprints(northwind.mia)
    assert sprints.running is not None
    assert (sprints.running.points, sprints.running.done, sprints.running.unplanned) == (7, 3, 4)
    assert [(row.sprint.number, row.done) for row in sprints.closed] == [(12, 8)]
    assert [task.title for task in sprints.planned[0].promises] == ["Battle card"]
    page = mia.get(url("sprints")).content.decode()
    for words in ("Booth meetings", "of 40", "Battle card", "Kenji", "Say who we are", "3 of 7"):
        assert words in page


def test_closed_sprints_are_paged_by_their_number(northwind, mia):
    first = date(2024, 1, 4)
    for number in range(1, 26):
        start = first + timedelta(days=14 * number)
        make_sprint(
            northwind.workspace, number, starts_on=start, ends_on=start + timedelta(days=13),
            state="closed",
        )  # fmt: skip
    sprints = planning.read_sprints(northwind.mia)
    assert (len(sprints.closed), sprints.older) == (20, 6)
    older = planning.read_sprints(northwind.mia, before=6)
    assert [row.sprint.number for row in older.closed] == [5, 4, 3, 2, 1]
    assert older.older is None
    assert "?before=6" in mia.get(url("sprints")).content.decode()
    assert mia.get(url("sprints") + "?before=x").status_code == 400


def test_goal_measure_and_dates_are_edited(planned, mia):
    later = planned[1].ends_on
    data = typed(
        planned[0], goal="Win the fair", goal_measure="meetings", goal_target="40",
        ends_on=planned[0].ends_on + timedelta(days=2),
    )  # fmt: skip
    response = mia.post(url("sprint_edit", planned[0].number), data)
    assert response["Location"] == url("sprints")
    sprint = Sprint.objects.get(pk=planned[0].pk)
    assert (sprint.goal, sprint.goal_measure, sprint.goal_target) == (
        "Win the fair",
        "meetings",
        40,
    )
    assert Sprint.objects.get(pk=planned[1].pk).ends_on == later + timedelta(days=2)


def test_dates_that_cannot_be_come_back_with_what_was_typed(planned, mia):
    data = typed(planned[1], goal="Kept", starts_on=planned[0].starts_on)
    response = mia.post(url("sprint_edit", planned[1].number), data)
    assert response.status_code == 422
    assert 'value="Kept"' in response.content.decode()
    assert "ends later than that" in response.content.decode()


def test_who_saves_second_sees_both_and_decides(northwind, planned, mia):
    actions.edit_sprint(planned[0], by=northwind.lena, version=1, goal="Hers")
    data = typed(planned[0], goal="Mine")
    response = mia.post(url("sprint_edit", planned[0].number), data)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Hers" in page
    assert 'value="Mine"' in page
    assert 'name="version" value="2"' in page
    assert Sprint.objects.get(pk=planned[0].pk).goal == "Hers"


@pytest.mark.parametrize("role", ["sam", "grace"])
def test_others_read_the_list_and_edit_nothing(northwind, planned, client_of, role):
    client = client_of(northwind.people[role])
    page = client.get(url("sprints")).content.decode()
    assert "/edit/" not in page
    assert client.get(url("sprint_edit", planned[0].number)).status_code == 403
    assert client.post(url("sprint_edit", planned[0].number), {}).status_code == 403


def test_a_sprint_that_is_not_there_is_not_found(planned, mia):
    for number in (999, 10**12):
        assert mia.get(url("sprint_edit", number)).status_code == 404


def test_a_sprint_that_runs_is_not_offered_to_be_started_again(northwind, planned, mia):
    first = planned[0]
    actions.start_sprint(first, by=northwind.mia, version=first.version)

    answer = mia.get(url("sprint_start", first.number))
    assert (answer.status_code, answer.url) == (302, url("board"))


def test_who_may_not_start_the_next_sprint_yet_is_led_to_closing_the_running_one(
    northwind, planned, mia
):
    first, second = planned[:2]
    actions.start_sprint(first, by=northwind.mia, version=first.version)

    page = mia.get(url("sprint_start", second.number)).content.decode()
    assert f'class="btn btn-primary" href="{url("sprint_close", first.number)}"' in page
