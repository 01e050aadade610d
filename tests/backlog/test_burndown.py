"""The burndown: each day as it ended, in the workspace's zone; its last point is what stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity.changes import SYSTEM
from activity.models import Activity
from backlog import actions, burndown, metrics
from backlog.burndown_chart import Chart
from backlog.models import Sprint, Task
from reviews import actions as reviews
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Clock:
    """The hour in Stockholm, as the program sees it."""

    def __init__(self, monkeypatch):
        self.now = datetime(2026, 12, 3, 9, tzinfo=STOCKHOLM)
        monkeypatch.setattr("activity.clock.system_now", lambda: self.now.astimezone(UTC))

    def at(self, month, day, hour=12, minute=0):
        self.now = datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM)


@pytest.fixture
def at(monkeypatch):
    return Clock(monkeypatch).at


@pytest.fixture
def mia(northwind):
    return northwind.mia


def begin(world, points=(5, 3, 2), **dates):
    """Start a sprint with tasks of these points."""
    sprint = make_sprint(world.workspace, **dates)
    tasks = [make_task(world.workspace, f"Of {n}", points=n, sprint=sprint) for n in points]
    return actions.start_sprint(sprint, by=world.mia, version=sprint.version), tasks


def move(world, task, category):
    task = Task.objects.get(pk=task.pk)
    column = world.column(category)
    return actions.move_task(task, by=world.mia, version=task.version, column=column)


def edit(world, task, **fields):
    task = Task.objects.get(pk=task.pk)
    return actions.edit_task(task, by=world.mia, version=task.version, **fields)


def by_day(found):
    """Return what was in the sprint and what was done, by day of the month."""
    return {day.on.day: (day.scope, day.done) for day in found.days if day.scope is not None}


def read(sprint):
    found = burndown.read(Sprint.objects.get(pk=sprint.pk))
    assert found is not None
    return found


def test_each_day_ends_with_what_was_done_by_then(northwind, at):
    at(12, 3)
    sprint, (five, three, _two) = begin(northwind)
    at(12, 4)
    move(northwind, five, "doing")
    at(12, 7)
    move(northwind, five, "done")
    move(northwind, three, "done")
    at(12, 9)

    found = read(sprint)

    assert found.start == (10, 0)
    assert by_day(found) == {
        3: (10, 0), 4: (10, 0), 5: (10, 0), 6: (10, 0), 7: (10, 8), 8: (10, 8), 9: (10, 8),
    }  # fmt: skip
    assert [day.on.day for day in found.days] == list(range(3, 17))


def test_the_plan_rests_on_weekends_and_ends_at_nothing(northwind, at):
    at(12, 3)
    sprint, _tasks = begin(northwind)

    plan = [(day.on.day, round(day.plan, 6), day.is_off) for day in read(sprint).days]

    assert plan == [
        (3, 9.0, False), (4, 8.0, False), (5, 8.0, True), (6, 8.0, True), (7, 7.0, False),
        (8, 6.0, False), (9, 5.0, False), (10, 4.0, False), (11, 3.0, False), (12, 3.0, True),
        (13, 3.0, True), (14, 2.0, False), (15, 1.0, False), (16, 0.0, False),
    ]  # fmt: skip


def test_a_sprint_of_a_weekend_is_planned_over_its_days_off(northwind, at):
    at(12, 5)
    sprint, _tasks = begin(northwind, (4,), starts_on=date(2026, 12, 5), ends_on=date(2026, 12, 6))
    assert [day.plan for day in read(sprint).days] == [2.0, 0.0]


def test_a_reopened_card_goes_back_up(northwind, at):
    at(12, 3)
    sprint, (five, *_) = begin(northwind)
    move(northwind, five, "done")
    at(12, 4)
    move(northwind, five, "review")
    assert by_day(read(sprint)) == {3: (10, 5), 4: (10, 0)}


def test_other_points_count_from_the_day_they_were_given(northwind, at):
    at(12, 3)
    sprint, (five, three, two) = begin(northwind)
    move(northwind, five, "done")
    at(12, 4)
    edit(northwind, five, points=8)
    edit(northwind, five, title="Not about points")
    at(12, 7)
    actions.bulk_edit(northwind.workspace, by=northwind.mia, task_ids=[three.pk, two.pk], points=1)
    found = read(sprint)
    assert by_day(found) == {3: (10, 5), 4: (13, 8), 5: (13, 8), 6: (13, 8), 7: (10, 8)}
    assert sorted((change.kind, change.points) for change in found.changes) == [
        ("points", -2), ("points", -1), ("points", 3),
    ]  # fmt: skip
    assert not found.is_near


def test_what_came_in_and_went_out_is_told_with_its_reason(northwind, at):
    at(12, 3)
    sprint, (five, _three, two) = begin(northwind)
    loose = make_task(northwind.workspace, "From the backlog", points=1)
    at(12, 4)
    actions.pull_task(
        loose, by=northwind.mia, version=1, sprint=sprint, reason="A fair", over_reason="Yes"
    )
    at(12, 7)
    actions.return_task(five, by=northwind.mia, version=five.version, reason="Too big")
    actions.archive_task(two, by=northwind.mia, version=two.version)
    at(12, 8)
    actions.create_task(
        northwind.workspace, by=northwind.mia, title="New", points=2, sprint=sprint,
        column=northwind.column("done"), reason="A rep waits", over_reason="Yes",
    )  # fmt: skip
    found = read(sprint)
    assert by_day(found) == {
        3: (10, 0), 4: (11, 0), 5: (11, 0), 6: (11, 0), 7: (4, 0), 8: (6, 2),
    }  # fmt: skip
    assert [(one.kind, one.title, one.points, one.why) for one in found.changes] == [
        ("in", "New", 2, "A rep waits"),
        ("out", "Of 2", -2, ""),
        ("out", "Of 5", -5, "Too big"),
        ("in", "From the backlog", 1, "A fair"),
    ]
    assert (found.unplanned, found.allowance, found.kept) == (3, 2, 0)


def test_what_another_sprint_does_is_not_ours(northwind, at):
    at(12, 3)
    sprint, _tasks = begin(northwind)
    later = make_sprint(
        northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30)
    )
    other = make_task(northwind.workspace, points=20)
    actions.pull_task(other, by=northwind.mia, version=1, sprint=later)
    edit(northwind, other, points=30)
    assert by_day(read(sprint)) == {3: (10, 0)}


# In Stockholm the clocks go forward on 29 March 2026 and back on 25 October
@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (10, 26, 24)])
def test_a_day_is_a_day_of_the_workspace_however_long(northwind, at, month, day, hours):
    first = date(2026, month, day) - timedelta(days=2)
    at(month, first.day)
    sprint, (five, three, two) = begin(
        northwind, starts_on=first, ends_on=first + timedelta(days=4)
    )
    at(month, day, 0, 0)
    move(northwind, five, "done")  # at the very first second of the day
    at(month, day, 23, 59)
    move(northwind, three, "done")
    at(month, day + 1, 0, 0)
    move(northwind, two, "done")

    found = read(sprint)

    assert by_day(found) == {
        first.day: (10, 0), first.day + 1: (10, 0), day: (10, 8), day + 1: (10, 10),
    }  # fmt: skip
    midnight = datetime(2026, month, day, tzinfo=STOCKHOLM)
    noon = midnight.astimezone(UTC) + timedelta(hours=hours / 2)
    assert burndown.share_of_day(noon, northwind.workspace) == pytest.approx(0.5)


def test_a_closed_sprint_ends_with_what_its_end_recorded(northwind, at):
    at(12, 3)
    sprint, (five, three, _two) = begin(northwind)
    move(northwind, five, "done")
    edit(northwind, three, points=4)
    at(12, 17, 0, 1)
    reviews.close_sprint(sprint, by=northwind.mia)
    at(12, 20)
    edit(northwind, three, points=40)  # in the next sprint, where it was carried to

    found = read(sprint)
    ended = Activity.objects.get(verb="sprint_ended").data

    assert (found.done, found.left) == (ended["done_points"], ended["unfinished_points"]) == (5, 6)
    assert found.finding == "6 points were not done"
    assert found.cycle == metrics.CycleTime(None, 0, 1)


def test_a_sprint_that_ended_by_itself_has_no_day_more(northwind, at):
    at(12, 3)
    sprint, _tasks = begin(northwind)
    at(12, 17, 0, 1)
    reviews.close_sprint(sprint, by=SYSTEM)
    assert read(sprint).days[-1].on == date(2026, 12, 16)


def test_what_was_done_before_the_start_was_done_at_the_start(northwind, at):
    at(12, 3)
    sprint = make_sprint(northwind.workspace)
    done = northwind.column("done")
    for points in (1, 2, 4):
        make_task(northwind.workspace, f"Of {points}", points=points, sprint=sprint, column=done)
    sprint = actions.start_sprint(sprint, by=northwind.mia, version=sprint.version)
    at(12, 4)
    move(northwind, Task.objects.get(points=2), "doing")
    found = read(sprint)
    assert (found.start, by_day(found)) == ((7, 7), {3: (7, 7), 4: (7, 5)})


def test_an_older_bulk_edit_is_told_by_what_came_after_it(northwind, at):
    at(12, 3)
    sprint, tasks = begin(northwind)
    at(12, 4)
    ids = [task.pk for task in tasks]
    actions.bulk_edit(northwind.workspace, by=northwind.mia, task_ids=ids, points=7)
    at(12, 7)
    edit(northwind, tasks[0], points=1)
    with arranging():
        row = Activity.objects.get(verb="tasks_edited")
        del row.data["points"]
        row.save()
    found = read(sprint)
    assert by_day(found)[4] == (21, 0)
    assert by_day(found)[7] == (15, 0)
    assert found.is_near


def test_a_start_that_was_not_recorded_is_not_made_up(northwind):
    assert burndown.read(make_sprint(northwind.workspace, state="active")) is None


@pytest.mark.parametrize(
    ("day", "done", "words"),
    [
        (3, 0, "On plan, 13 days left"),
        (7, 0, "2 points behind plan, 9 days left"),
        (7, 2, "On plan, 9 days left"),
        (7, 3, "On plan, 9 days left"),
        (7, 4, "1 point ahead of plan, 9 days left"),
        (10, 10, "Everything is done, 6 days left"),
        (15, 9, "On plan, 1 day left"),
        (16, 8, "1 point behind plan, last day"),
        (18, 9, "1 point left, 2 days over"),
    ],
)
def test_the_title_says_the_finding(northwind, at, day, done, words):
    at(12, 3, 0, 1)
    sprint, tasks = begin(northwind, [1] * 10)
    at(12, day)
    for task in tasks[:done]:
        move(northwind, task, "done")
    assert read(sprint).finding == words


def test_days_from_the_start_of_work_to_done_are_the_median(northwind, at):
    at(12, 3)
    _sprint, tasks = begin(northwind, [1, 2, 3, 4])
    one, two, three, four = tasks
    for task in (one, two, three):
        move(northwind, task, "doing")
    at(12, 4)
    move(northwind, one, "done")
    move(northwind, three, "todo")  # its work begins anew
    move(northwind, four, "done")  # it went straight there
    at(12, 6)
    move(northwind, two, "done")
    move(northwind, three, "review")
    at(12, 6, 18)
    move(northwind, three, "done")
    at(12, 7)
    move(northwind, two, "doing")
    at(12, 8)
    move(northwind, two, "done")  # reopened, and done again: five days

    done = {task.pk: task.done_at for task in Task.objects.exclude(done_at=None)}

    assert metrics.cycle_time(northwind.workspace, done) == metrics.CycleTime(1.0, 3, 1)


STEP = st.tuples(
    st.sampled_from(
        ["move", "points", "bulk", "create", "return", "archive", "pull", "archive many", "wait"]
    ),
    st.integers(0, 20),
    st.integers(0, 3),
    st.none() | st.integers(0, 13),
)


def act(world, sprint, clock, verb, which, category, points):
    """Do one thing to the board, where it is allowed."""
    mia, space = world.mia, world.workspace
    column = space.columns.all()[category]
    why = {"reason": "It cannot wait", "over_reason": "We agreed"}
    tasks = list(Task.objects.current().filter(sprint=sprint).order_by("pk"))
    if verb == "wait":
        clock.now += timedelta(hours=7 * (which + 1))
    elif verb == "create":
        actions.create_task(
            space, by=mia, title="New", points=points, sprint=sprint, column=column, **why
        )
    elif verb == "pull":
        loose = make_task(space, points=points)
        actions.pull_task(loose, by=mia, version=1, sprint=sprint, **why)
    elif tasks:
        task = tasks[which % len(tasks)]
        pair = [task.pk, tasks[0].pk]
        if verb == "move":
            actions.move_task(task, by=mia, version=task.version, column=column)
        elif verb == "points":
            actions.edit_task(task, by=mia, version=task.version, points=points)
        elif verb == "bulk":
            actions.bulk_edit(space, by=mia, task_ids=pair, points=points)
        elif not any(one.is_done for one in Task.objects.filter(pk__in=pair)):
            if verb == "return":
                actions.return_task(task, by=mia, version=task.version)
            elif verb == "archive":
                actions.archive_task(task, by=mia, version=task.version)
            else:
                actions.bulk_archive(space, by=mia, task_ids=pair)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, max_size=14))
def test_the_last_point_is_what_the_board_says(northwind, monkeypatch, steps):
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(patch)
        with arranging():
            Activity.objects.all().delete()
            Task.objects.all().delete()
            Sprint.objects.all().delete()
            northwind.workspace.seq = 0
            northwind.workspace.save()
        sprint, _tasks = begin(northwind)
        for step in steps:
            act(northwind, sprint, clock, *step)

        found, told = read(sprint), metrics.sprint_progress(sprint)

        assert (found.scope, found.done, found.left) == (
            told.total_points, told.done, told.remaining,
        )  # fmt: skip
        assert (found.review, found.kept, found.unplanned) == (
            told.review, told.done_of_committed, told.unplanned,
        )  # fmt: skip
        assert found.scope == found.start[0] + sum(change.points for change in found.changes)


@pytest.mark.parametrize("amount", [5, 200])
def test_a_burndown_costs_four_queries_however_much_happened(northwind, at, amount):
    at(12, 3)
    sprint = make_sprint(northwind.workspace)
    tasks = make_tasks(northwind.workspace, amount, sprint=sprint, points=1)
    sprint = actions.start_sprint(sprint, by=northwind.mia, version=sprint.version)
    for task in tasks[:20]:
        move(northwind, task, "done")
    sprint = Sprint.objects.select_related("workspace").get(pk=sprint.pk)
    with CaptureQueriesContext(connection) as made:
        found = burndown.read(sprint)
    assert found.left == amount - min(amount, 20)
    assert len(made) == 4


def test_the_drawing_ends_where_the_numbers_do(northwind, at):
    at(12, 3, 0, 0)
    sprint, (five, *_) = begin(northwind)
    at(12, 4, 12)
    move(northwind, five, "done")
    chart = Chart(read(sprint))
    # 14 slots between 32 and 618; noon of the second day; 5 of 10 points, the grid ends at 10
    assert chart.highest == 10
    assert chart.last == (f"{32 + 586 / 14 * 1.5:.1f}", f"{18 + 224 / 2:.1f}")
    assert chart.actual.split()[-1] == ",".join(chart.last)
    assert chart.plan.split()[-1] == "618.0,242.0"
    assert len(chart.days_off) == 4
    assert chart.scope == ""


def test_the_page_tells_it_in_words_and_as_a_table(northwind, at, client_of):
    at(12, 3)
    sprint, (five, *_) = begin(northwind)
    at(12, 7)
    move(northwind, five, "done")
    page = client_of(northwind.sam).get(f"/w/northwind/sprints/{sprint.number}/burndown/")
    html = page.content.decode()
    assert "<h1>Burndown of sprint 13</h1>" in html
    assert "2 points ahead of plan, 9 days left" in html
    assert "<title id=" in html
    assert "<desc id=" in html
    assert html.count("<tr") == 1 + 1 + 14


def test_the_dialog_gets_the_picture_without_the_frame(northwind, at, client_of):
    at(12, 3)
    sprint, _tasks = begin(northwind)
    address = f"/w/northwind/sprints/{sprint.number}/burndown/"
    part = client_of(northwind.sam).get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<svg" in part
    assert "<html" not in part
    assert "<form" not in part


def test_a_planned_sprint_says_when_it_begins(northwind, client_of):
    make_sprint(northwind.workspace, 14)
    page = client_of(northwind.sam).get("/w/northwind/sprints/14/burndown/")
    assert page.status_code == 200
    assert "Thursday 3 December" in page.content.decode()


def test_the_head_of_the_board_the_sprints_and_the_review_lead_to_it(northwind, at, client_of):
    at(12, 3)
    sprint, _tasks = begin(northwind)
    link = f'href="/w/northwind/sprints/{sprint.number}/burndown/"'
    mia = client_of(northwind.mia)
    for page in ("board/", "sprints/"):
        assert link in mia.get(f"/w/northwind/{page}").content.decode(), page
    at(12, 16, 17)
    reviews.draft_words(reviews.close_sprint(sprint, by=northwind.mia))
    for page in ("sprints/", f"reviews/{sprint.number}/"):
        assert link in mia.get(f"/w/northwind/{page}").content.decode(), page
