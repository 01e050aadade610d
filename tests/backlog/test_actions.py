"""The verbs of tasks, the board, sprints and planning."""

import itertools
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections

from activity.changes import SYSTEM, Stale, change
from activity.models import Activity
from backlog import actions
from backlog.models import Capacity, Category, Channel, Column, Label, Sprint, SprintState, Task
from campaigns.models import Campaign
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task, make_tasks


@pytest.fixture
def mia(northwind):
    return northwind.mia


@pytest.fixture
def running(northwind):
    """A running sprint with a commitment of 20 points."""
    sprint = make_sprint(northwind.workspace, 13)
    for title, points in (("Booth layout", 13), ("Invitations", 7)):
        make_task(northwind.workspace, title, points=points, sprint=sprint)
    return actions.start_sprint(sprint, by=northwind.mia, version=sprint.version)


@pytest.fixture(autouse=True)
def _in_november(monkeypatch):
    """The sprints of the factories lie in December 2026."""
    monkeypatch.setattr("activity.clock.system_now", lambda: NOVEMBER)


NOVEMBER = datetime(2026, 11, 30, 8, tzinfo=UTC)


def code_of(caught):
    error = caught.value
    return error.code if hasattr(error, "code") else next(iter(error.error_dict.values()))[0].code


def last_activity(workspace):
    return Activity.objects.filter(workspace=workspace).latest("seq")


def ids(queryset):
    return [task.pk for task in queryset.ranked()]


# Making and editing --------------------------------------------------------------------------


def test_a_task_gets_the_next_number_the_first_column_and_the_end_of_the_backlog(northwind, mia):
    first = actions.create_task(northwind.workspace, by=mia, title="  One-page \n flyer ")
    second = actions.create_task(northwind.workspace, by=mia, title="Film")
    top = actions.create_task(northwind.workspace, by=mia, title="Urgent", at_top=True)
    assert (first.title, first.key, first.column.category) == ("One-page flyer", "NW-1", "todo")
    assert (second.number, first.created_by) == (2, mia)
    assert list(Task.objects.backlog()) == [top, first, second]
    told = last_activity(northwind.workspace)
    assert (told.verb, told.data["key"], told.actor) == ("task_created", "NW-3", mia)


def test_every_field_of_a_task_is_kept(northwind, mia):
    with arranging():
        channel = Channel.objects.create(workspace=northwind.workspace, name="Web", position=0)
        campaign = Campaign.objects.create(workspace=northwind.workspace, name="Kestrel")
    task = actions.create_task(
        northwind.workspace,
        by=mia,
        title="Flyer",
        description="**Bold** <script>alert(1)</script>",
        channel=channel,
        campaign=campaign,
        assignee=northwind.lena,
        points=5,
        impact=4,
        effort=2,
        due_on=date(2026, 12, 10),
        cost=800,
        labels=["Print", "print ", "Fair"],
    )
    stored = Task.objects.get(pk=task.pk)
    assert "<strong>Bold</strong>" in stored.description_html
    assert "<script" not in stored.description_html
    assert (stored.channel, stored.campaign, stored.assignee) == (channel, campaign, northwind.lena)
    assert (stored.points, stored.impact, stored.effort, stored.cost) == (5, 4, 2, 800)
    assert [label.name for label in stored.labels.all()] == ["Fair", "Print"]


@pytest.mark.parametrize(
    "title", ["", "   ", "x" * 201, "a\x00b", "a\u202eb", "\u200b\u2060", "\ud800"]
)
def test_a_title_that_nobody_could_read_is_refused(northwind, mia, title):
    with pytest.raises(ValidationError) as caught:
        actions.create_task(northwind.workspace, by=mia, title=title)
    assert "title" in caught.value.message_dict
    assert not Task.objects.exists()


def test_a_title_is_stored_composed_and_counted_in_characters(northwind, mia):
    task = actions.create_task(northwind.workspace, by=mia, title="e\u0301 👩‍👩‍👧 Ω" + "x" * 190)
    assert task.title.startswith("é 👩‍👩‍👧 Ω")


@pytest.mark.parametrize("fields", [{"points": 101}, {"impact": 6}, {"effort": 0}, {"cost": -1}])
def test_a_number_out_of_its_bounds_is_refused(northwind, mia, fields):
    with pytest.raises(ValidationError) as caught:
        actions.create_task(northwind.workspace, by=mia, title="Flyer", **fields)
    assert set(caught.value.message_dict) == set(fields)


@pytest.mark.parametrize("role", ["sam", "grace"])
def test_only_marketers_make_tasks(northwind, role):
    with pytest.raises(PermissionDenied):
        actions.create_task(northwind.workspace, by=northwind.people[role], title="Flyer")
    assert not Task.objects.exists()


def test_foreign_things_are_unknown(northwind, fjord, mia):
    task = make_task(northwind.workspace)
    sprint = make_sprint(northwind.workspace, 13, state="active", started_at=NOVEMBER)
    mine = make_task(northwind.workspace, sprint=sprint)
    with arranging():
        campaign = Campaign.objects.create(workspace=fjord.workspace, name="Theirs")
        channel = Channel.objects.create(workspace=fjord.workspace, name="Web", position=0)
    foreign_sprint, foreign_task = make_sprint(fjord.workspace, 1), make_task(fjord.workspace)
    foreign = fjord.column("doing")
    edit = {"by": mia, "version": 1}
    for call in (
        lambda: actions.edit_task(task, **edit, assignee=fjord.ola),
        lambda: actions.edit_task(task, **edit, campaign=campaign),
        lambda: actions.edit_task(task, **edit, channel=channel),
        lambda: actions.create_task(northwind.workspace, by=mia, title="x", sprint=foreign_sprint),
        lambda: actions.create_task(northwind.workspace, by=mia, title="x", channel=channel),
        lambda: actions.pull_task(task, **edit, sprint=foreign_sprint),
        lambda: actions.move_task(mine, **edit, column=foreign),
        lambda: actions.rank_task(task, **edit, before=foreign_task),
        lambda: actions.bulk_edit(
            northwind.workspace, by=mia, task_ids=[task.pk, foreign_task.pk], points=3
        ),
        lambda: actions.promise_task(task, by=mia, sprint=foreign_sprint),
        lambda: actions.set_capacity(sprint, by=mia, member=fjord.ola, points=3),
    ):
        with pytest.raises(ValidationError) as caught:
            call()
        assert code_of(caught) == "unknown"
    assert Task.objects.get(pk=task.pk).version == 1


def test_a_member_of_another_workspace_cannot_write_here(northwind, fjord):
    with pytest.raises(PermissionDenied):
        actions.create_task(northwind.workspace, by=fjord.ola, title="Mine now")


def test_work_is_not_given_to_somebody_who_left(northwind, mia):
    gone = make_member(northwind.workspace, "Jonas Weber", "marketer")
    with arranging():
        gone.is_active = False
        gone.save()
    with pytest.raises(ValidationError) as caught:
        actions.create_task(northwind.workspace, by=mia, title="Flyer", assignee=gone)
    assert "assignee" in caught.value.message_dict


def test_pasted_lines_become_tasks_in_their_order_and_one_activity(northwind, mia):
    made = actions.create_tasks(northwind.workspace, by=mia, titles=["a", " ", "b", "c"], points=2)
    assert [(task.title, task.number, task.points) for task in made] == [
        ("a", 1, 2), ("b", 2, 2), ("c", 3, 2),
    ]  # fmt: skip
    assert list(Task.objects.backlog()) == made
    assert northwind.workspace.seq == 1
    assert last_activity(northwind.workspace).data["ids"] == [task.pk for task in made]


def test_more_than_a_hundred_lines_are_refused_whole(northwind, mia):
    with pytest.raises(ValidationError) as caught:
        actions.create_tasks(northwind.workspace, by=mia, titles=["x"] * 101)
    assert code_of(caught) == "too_many"
    assert not Task.objects.exists()


def test_an_edit_grows_the_version_and_tells_what_changed(northwind, mia):
    task = make_task(northwind.workspace, points=3)
    edited = actions.edit_task(task, by=mia, version=1, points=5, title=task.title)
    assert (edited.points, edited.version) == (5, 2)
    told = last_activity(northwind.workspace).data
    assert (told["changed"], told["was"], told["points"]) == (["points"], {"points": 3}, 5)


def test_an_edit_that_changes_nothing_is_no_activity(northwind, mia):
    task = make_task(northwind.workspace)
    assert actions.edit_task(task, by=mia, version=1, title=task.title).version == 1
    assert northwind.workspace.seq == 0


def test_who_saves_on_top_of_anothers_change_is_told(northwind, mia):
    task = make_task(northwind.workspace)
    actions.edit_task(task, by=northwind.lena, version=1, title="Hers")
    with pytest.raises(Stale) as caught:
        actions.edit_task(task, by=mia, version=1, title="Mine")
    assert caught.value.current.title == "Hers"
    assert Task.objects.get(pk=task.pk).title == "Hers"


def test_labels_are_words_of_the_workspace(northwind, mia):
    task = make_task(northwind.workspace)
    actions.edit_task(task, by=mia, version=1, labels=["Print", "Fair"])
    actions.edit_task(task, by=mia, version=2, labels=["fair"])
    assert [label.name for label in task.labels.all()] == ["Fair"]
    assert Label.objects.count() == 2
    with pytest.raises(ValidationError):
        actions.edit_task(task, by=mia, version=3, labels=[str(n) for n in range(11)])


def test_many_tasks_are_edited_in_one_step_and_one_activity(northwind, mia):
    tasks = make_tasks(northwind.workspace, 3)
    edited = actions.bulk_edit(
        northwind.workspace, by=mia, task_ids=[task.pk for task in tasks], assignee=mia, points=8
    )
    assert {(task.points, task.assignee_id, task.version) for task in Task.objects.all()} == {
        (8, mia.pk, 2)
    }
    assert len(edited) == 3
    assert northwind.workspace.seq == 1


def test_an_archived_task_leaves_its_list_and_comes_back_on_top(northwind, mia):
    other, task = make_tasks(northwind.workspace, 2)
    actions.archive_task(task, by=mia, version=1)
    assert list(Task.objects.backlog()) == [other]
    with pytest.raises(ValidationError) as caught:
        actions.edit_task(task, by=mia, version=2, title="x")
    assert code_of(caught) == "archived"
    actions.restore_task(task, by=mia)
    assert list(Task.objects.backlog()) == [task, other]


def test_many_tasks_are_archived_in_one_step(northwind, mia, running):
    tasks = [*make_tasks(northwind.workspace, 2), running.tasks.first()]
    actions.bulk_archive(northwind.workspace, by=mia, task_ids=[task.pk for task in tasks])
    assert Task.objects.current().count() == 1
    assert last_activity(northwind.workspace).verb == "tasks_archived"


def test_what_is_done_in_the_running_sprint_stays_until_that_is_over(northwind, mia, running):
    task = running.tasks.first()
    task = actions.move_task(task, by=mia, version=1, column=northwind.column("done"))
    with pytest.raises(ValidationError) as caught:
        actions.archive_task(task, by=mia, version=task.version)
    assert code_of(caught) == "done_in_sprint"


def test_deliverables_are_links_of_the_web(northwind, mia):
    task = make_task(northwind.workspace)
    made = actions.add_deliverable(task, by=mia, label="PDF", url="https://example.com/a.pdf")
    for url in ("javascript:alert(1)", "ftp://example.com/x", "nonsense", ""):
        with pytest.raises(ValidationError):
            actions.add_deliverable(task, by=mia, label="PDF", url=url)
    assert list(task.deliverables.all()) == [made]
    actions.remove_deliverable(made, by=mia)
    assert not task.deliverables.exists()
    with pytest.raises(ValidationError):
        actions.remove_deliverable(made, by=mia)


def test_whoever_backs_a_request_changes_the_origin_on_the_card(northwind):
    task = make_task(northwind.workspace)
    actions.set_origin(task, by=northwind.sam, name="Sam Whitfield", backers=4, value=180_000)
    task.refresh_from_db()
    assert (task.origin_first_name, task.origin_backers, task.version) == ("Sam", 4, 1)


# Order and board -----------------------------------------------------------------------------


def test_a_task_is_ranked_by_its_neighbours(northwind, mia):
    a, b, c = make_tasks(northwind.workspace, 3)
    actions.rank_task(c, by=mia, version=1, before=a)
    assert ids(Task.objects.backlog()) == [c.pk, a.pk, b.pk]
    assert last_activity(northwind.workspace).data["before"] == a.key
    actions.rank_task(c, by=mia, version=2, after=a)
    assert ids(Task.objects.backlog()) == [a.pk, c.pk, b.pk]
    actions.rank_task(c, by=mia, version=3, bottom=True)
    assert ids(Task.objects.backlog()) == [a.pk, b.pk, c.pk]
    actions.rank_task(c, by=mia, version=4, top=True)
    assert ids(Task.objects.backlog()) == [c.pk, a.pk, b.pk]


def test_a_task_that_is_there_already_is_left_alone(northwind, mia):
    a, b, c = make_tasks(northwind.workspace, 3)
    for place in ({"after": a}, {"before": c}):
        assert actions.rank_task(b, by=mia, version=1, **place).version == 1
    for place in ({"top": True}, {"before": b}):
        assert actions.rank_task(a, by=mia, version=1, **place).version == 1
    assert northwind.workspace.seq == 0


def test_when_a_gap_is_used_up_the_neighbours_step_aside(northwind, mia):
    first, second, *others = make_tasks(northwind.workspace, 40)
    for task in others:
        actions.rank_task(task, by=mia, version=1, after=first)
    expected = [first.pk, *(task.pk for task in reversed(others)), second.pk]
    assert ids(Task.objects.backlog()) == expected
    assert Task.objects.values("position").distinct().count() == 40


def test_a_card_moves_to_a_column_and_the_log_names_its_neighbour(northwind, mia, running):
    first, second = running.tasks.ranked()
    doing, done = northwind.column("doing"), northwind.column("done")
    first = actions.move_task(first, by=mia, version=1, column=doing)
    assert (first.column, first.version, first.entered_column_at) == (doing, 2, NOVEMBER)
    second = actions.move_task(second, by=mia, version=1, column=doing, before=first)
    told = last_activity(northwind.workspace).data
    assert (told["key"], told["before"], told["column"]) == (second.key, first.key, doing.pk)
    second = actions.move_task(second, by=mia, version=2, column=done, to_end=True)
    assert second.done_at == NOVEMBER
    second = actions.move_task(second, by=mia, version=3, column=doing)
    assert second.done_at is None


def test_a_move_to_where_the_card_is_changes_nothing(northwind, mia, running):
    task = running.tasks.ranked().first()
    seq = northwind.workspace.seq
    moved = actions.move_task(task, by=mia, version=1, column=northwind.column("todo"))
    assert moved.version == 1
    assert Activity.objects.filter(workspace=northwind.workspace, seq__gt=seq + 1).count() == 0


def test_only_cards_of_the_running_sprint_move(northwind, mia):
    planned = make_sprint(northwind.workspace, 13)
    for task in (make_task(northwind.workspace), make_task(northwind.workspace, sprint=planned)):
        with pytest.raises(ValidationError) as caught:
            actions.move_task(task, by=mia, version=1, column=northwind.column("doing"))
        assert code_of(caught) == "not_running"


def test_a_move_is_cheap(northwind, mia, running, django_assert_max_num_queries):
    first, second = running.tasks.ranked()
    make_tasks(northwind.workspace, 50, sprint=running)
    second.workspace = northwind.workspace
    doing = northwind.column("doing")
    with django_assert_max_num_queries(8 + 2):  # the test's own transaction adds a savepoint
        second = actions.move_task(second, by=mia, version=1, column=doing, after=first)
    with django_assert_max_num_queries(8 + 2):
        actions.move_task(second, by=mia, version=2, column=doing, before=first)


# Sprints -------------------------------------------------------------------------------------


def test_a_new_workspace_gets_columns_channels_and_six_weeks_of_sprints(northwind, mia):
    with arranging():
        Column.objects.all().delete()
    actions.set_up_board(northwind.workspace, by=mia, first_sprint_on=date(2026, 12, 3))
    assert [(c.category, c.wip_limit) for c in northwind.workspace.columns.all()] == [
        ("todo", None), ("doing", 5), ("review", 3), ("done", None),
    ]  # fmt: skip
    assert northwind.workspace.channels.count() == 9
    edges = list(Sprint.objects.planned().values_list("number", "starts_on", "ends_on"))
    assert edges == [
        (1, date(2026, 12, 3), date(2026, 12, 16)),
        (2, date(2026, 12, 17), date(2026, 12, 30)),
        (3, date(2026, 12, 31), date(2027, 1, 13)),
    ]
    with pytest.raises(ValidationError):
        actions.set_up_board(northwind.workspace, by=mia, first_sprint_on=date(2026, 12, 3))


def test_sprints_keep_their_calendar_days_across_the_change_of_clocks(northwind, mia, monkeypatch):
    march = datetime(2026, 3, 20, 23, 30, tzinfo=UTC)  # already the 21st in Stockholm
    monkeypatch.setattr("activity.clock.system_now", lambda: march)
    made = actions.ensure_sprints(northwind.workspace, by=mia)
    assert made[0].starts_on == date(2026, 3, 21)
    assert {len(sprint.days()) for sprint in made} == {14}
    for earlier, later in itertools.pairwise(made):
        assert later.starts_on == earlier.ends_on + timedelta(days=1)
    assert made[0].ends_at.utcoffset() == timedelta(hours=2)
    assert made[0].ends_at.hour == 0


def test_making_sprints_twice_makes_them_once(northwind):
    assert actions.ensure_sprints(northwind.workspace, by=SYSTEM)
    assert actions.ensure_sprints(northwind.workspace, by=SYSTEM) == []


def test_after_a_long_silence_the_rhythm_goes_on_without_sprints_that_are_over(northwind):
    make_sprint(
        northwind.workspace, 5, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 14),
        state="closed",
    )  # fmt: skip
    made = actions.ensure_sprints(northwind.workspace, by=SYSTEM)
    assert (made[0].number, made[0].starts_on) == (6, date(2026, 11, 19))
    assert made[0].ends_on >= NOVEMBER.date()


def test_the_sweep_finds_by_state_who_is_short_of_sprints(northwind, fjord):
    actions.sweep()
    assert Sprint.objects.filter(workspace=northwind.workspace).count() >= 3
    assert Sprint.objects.filter(workspace=fjord.workspace).count() >= 3
    before = Activity.objects.count()
    actions.sweep()
    assert Activity.objects.count() == before


def test_one_workspace_in_trouble_does_not_hold_up_the_others(northwind, fjord, monkeypatch):
    from backlog.actions import sprints

    make = sprints.make_sprints

    def broken(record, **fields):
        if record.workspace.pk == northwind.workspace.pk:
            raise RuntimeError
        return make(record, **fields)

    monkeypatch.setattr(sprints, "make_sprints", broken)
    actions.sweep()
    assert not Sprint.objects.filter(workspace=northwind.workspace).exists()
    assert Sprint.objects.filter(workspace=fjord.workspace).count() >= 3


@pytest.mark.parametrize("year", [1, 9999])
def test_no_sprint_is_moved_off_the_calendar(northwind, mia, year):
    first = actions.ensure_sprints(northwind.workspace, by=mia)[0]
    days = {"starts_on": date(year, 12, 20), "ends_on": date(year, 12, 31)}
    with pytest.raises(ValidationError) as caught:
        actions.edit_sprint(first, by=mia, version=1, **days)
    assert "starts_on" in caught.value.message_dict


def test_later_sprints_follow_when_one_gets_longer(northwind, mia):
    first, second, third = actions.ensure_sprints(northwind.workspace, by=mia)[:3]
    longer = first.ends_on + timedelta(days=3)
    actions.edit_sprint(first, by=mia, version=1, goal="  Win   the fair", ends_on=longer)
    moved = Sprint.objects.get(pk=third.pk)
    assert Sprint.objects.get(pk=first.pk).goal == "Win the fair"
    assert Sprint.objects.get(pk=second.pk).starts_on == longer + timedelta(days=1)
    assert len(moved.days()) == 14
    with pytest.raises(Stale):
        actions.edit_sprint(first, by=mia, version=1, goal="Mine")


def test_sprints_do_not_overlap_and_have_an_order(northwind, mia):
    first, second = actions.ensure_sprints(northwind.workspace, by=mia)[:2]
    with pytest.raises(ValidationError) as caught:
        actions.edit_sprint(second, by=mia, version=1, starts_on=first.ends_on)
    assert "starts_on" in caught.value.message_dict
    with pytest.raises(ValidationError) as caught:
        actions.edit_sprint(first, by=mia, version=1, ends_on=first.starts_on - timedelta(days=1))
    assert "ends_on" in caught.value.message_dict


def test_a_start_freezes_the_commitment_and_lists_it(northwind, mia, running):
    assert (running.state, running.committed_points, running.committed_tasks) == ("active", 20, 2)
    told = Activity.objects.get(verb="sprint_started").data
    assert told["tasks"] == [
        list(row) for row in running.tasks.ranked().values_list("pk", "points")
    ]
    with pytest.raises(ValidationError) as caught:
        actions.start_sprint(running, by=mia, version=1)
    assert code_of(caught) == "already_started"
    with pytest.raises(ValidationError) as caught:
        actions.start_sprint(
            make_sprint(
                northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30)
            ),
            by=mia,
            version=1,
        )
    assert code_of(caught) == "another_is_active"


def test_a_sprint_whose_last_day_is_over_does_not_start(northwind, mia):
    late = make_sprint(
        northwind.workspace, 12, starts_on=date(2026, 11, 5), ends_on=date(2026, 11, 18)
    )
    with pytest.raises(ValidationError) as caught:
        actions.start_sprint(late, by=mia, version=1)
    assert code_of(caught) == "already_over"


@pytest.mark.parametrize("role", ["sam", "grace"])
def test_only_marketers_start_sprints(northwind, role):
    sprint = make_sprint(northwind.workspace)
    with pytest.raises(PermissionDenied):
        actions.start_sprint(sprint, by=northwind.people[role], version=1)
    assert Sprint.objects.get(pk=sprint.pk).is_planned


def end(sprint, member, **options):
    with change(sprint.workspace, by=member) as record:
        return actions.end_sprint(sprint, by=member, record=record, **options)


def test_what_is_not_done_goes_to_the_next_sprint_in_its_column(northwind, mia, running):
    first, second = running.tasks.ranked()
    actions.move_task(first, by=mia, version=1, column=northwind.column("done"))
    actions.move_task(second, by=mia, version=1, column=northwind.column("review"))
    ended = end(running, mia)
    second.refresh_from_db()
    assert ended.done == [first]
    assert ended.unfinished == [second]
    assert ended.next_sprint is not None
    assert (second.sprint, second.carried) == (ended.next_sprint, 1)
    assert second.column.category == Category.REVIEW
    assert Sprint.objects.get(pk=running.pk).state == SprintState.CLOSED
    assert Task.objects.get(pk=first.pk).sprint == running
    with pytest.raises(ValidationError) as caught:
        end(running, mia)
    assert code_of(caught) == "not_running"


def test_what_is_not_done_may_go_back_to_the_backlog(northwind, mia, running):
    task = running.tasks.ranked().first()
    actions.move_task(task, by=mia, version=1, column=northwind.column("doing"))
    end(running, SYSTEM, carry_to="backlog")
    assert {(t.carried, t.column.category) for t in Task.objects.backlog()} == {(1, "todo")}
    assert Task.objects.backlog().count() == 2


def test_a_closed_sprint_does_not_change_any_more(northwind, mia, running):
    task = running.tasks.ranked().first()
    done = actions.move_task(task, by=mia, version=1, column=northwind.column("done"))
    end(running, mia)
    for call in (
        lambda: actions.edit_task(done, by=mia, version=done.version, points=1),
        lambda: actions.return_task(done, by=mia, version=done.version),
        lambda: actions.create_task(northwind.workspace, by=mia, title="x", sprint=running),
        lambda: actions.edit_sprint(running, by=mia, version=3, goal="Another"),
        lambda: actions.set_capacity(running, by=mia, member=mia, points=3),
        lambda: actions.set_capacities(running, by=mia, capacities=[(mia, None, "")]),
    ):
        with pytest.raises(ValidationError) as caught:
            call()
        assert code_of(caught) == "closed_sprint"


# Planning and the scope guard ----------------------------------------------------------------


def test_a_planned_sprint_takes_tasks_without_a_word(northwind, mia):
    sprint, task = make_sprint(northwind.workspace), make_task(northwind.workspace, points=90)
    pulled = actions.pull_task(task, by=mia, version=1, sprint=sprint)
    assert (pulled.sprint, pulled.is_unplanned, pulled.version) == (sprint, False, 2)
    back = actions.return_task(task, by=mia, version=2)
    assert back.sprint is None


def test_a_returned_task_is_on_top_of_the_backlog(northwind, mia):
    sprint = make_sprint(northwind.workspace)
    other = make_task(northwind.workspace)
    task = make_task(northwind.workspace, sprint=sprint)
    actions.return_task(task, by=mia, version=1)
    assert list(Task.objects.backlog()) == [task, other]


def test_the_running_sprint_asks_why(northwind, mia, running):
    task = make_task(northwind.workspace, points=3)
    with pytest.raises(ValidationError) as caught:
        actions.pull_task(task, by=mia, version=1, sprint=running, reason="  ")
    assert code_of(caught) == "reason_needed"
    pulled = actions.pull_task(task, by=mia, version=1, sprint=running, reason="Fair moved")
    assert (pulled.is_unplanned, pulled.unplanned_reason) == (True, "Fair moved")
    assert Sprint.objects.get(pk=running.pk).committed_points == 20


def test_beyond_the_allowance_something_goes_out_or_a_reason_is_given(northwind, mia, running):
    """20 % of 20 points are 4."""
    make_task(northwind.workspace, points=2, sprint=running, is_unplanned=True)
    task, other = make_tasks(northwind.workspace, 2, points=3)
    pull = {"by": mia, "version": 1, "sprint": running, "reason": "Fair moved"}
    with pytest.raises(ValidationError) as caught:
        actions.pull_task(task, **pull)
    assert code_of(caught) == "over_allowance"
    swapped = running.tasks.filter(is_unplanned=False).ranked().first()
    actions.pull_task(task, **pull, swap_out=swapped)
    assert Task.objects.get(pk=swapped.pk).sprint is None
    pulled = actions.pull_task(other, **pull, over_reason="The board asked")
    told = last_activity(northwind.workspace).data
    assert pulled.sprint == running
    assert (told["over_reason"], told["unplanned"]) == ("The board asked", True)


def test_what_is_done_cannot_be_swapped_out(northwind, mia, running):
    done = running.tasks.ranked().first()
    actions.move_task(done, by=mia, version=1, column=northwind.column("done"))
    with pytest.raises(ValidationError):
        actions.pull_task(
            make_task(northwind.workspace), by=mia, version=1, sprint=running, reason="x",
            swap_out=done,
        )  # fmt: skip


def test_what_was_committed_comes_back_as_planned_work(northwind, mia, running):
    task = running.tasks.ranked().first()
    actions.return_task(task, by=mia, version=1, reason="by mistake")
    back = actions.pull_task(task, by=mia, version=2, sprint=running)
    assert (back.sprint, back.is_unplanned) == (running, False)


def test_a_task_made_in_the_running_sprint_passes_the_same_guard(northwind, mia, running):
    with pytest.raises(ValidationError):
        actions.create_task(northwind.workspace, by=mia, title="x", sprint=running)
    task = actions.create_task(
        northwind.workspace, by=mia, title="x", sprint=running, reason="Fair moved",
        column=northwind.column("doing"),
    )  # fmt: skip
    assert (task.is_unplanned, task.column.category) == (True, "doing")


def test_what_is_done_stays(northwind, mia, running):
    task = running.tasks.ranked().first()
    actions.move_task(task, by=mia, version=1, column=northwind.column("done"))
    with pytest.raises(ValidationError) as caught:
        actions.return_task(task, by=mia, version=2)
    assert code_of(caught) == "already_done"


def test_capacity_is_kept_once_for_a_person(northwind, mia):
    sprint = make_sprint(northwind.workspace)
    actions.set_capacity(sprint, by=mia, member=northwind.lena, points=12)
    actions.set_capacity(sprint, by=mia, member=northwind.lena, points=8, note="away 2 days")
    assert [(c.points, c.note) for c in Capacity.objects.all()] == [(8, "away 2 days")]
    with pytest.raises(ValidationError):
        actions.set_capacity(sprint, by=mia, member=northwind.lena, points=101)


def test_a_promise_names_a_sprint(northwind, mia):
    task, sprint = make_task(northwind.workspace), make_sprint(northwind.workspace)
    assert actions.promise_task(task, by=mia, sprint=sprint).promised_sprint == sprint
    assert actions.promise_task(task, by=mia, sprint=None).promised_sprint is None


# Many at once --------------------------------------------------------------------------------

THREADS = 20


def at_once(calls):
    """Run the calls in threads that start together; return what each returned or raised."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        start.wait()
        try:
            results[place] = call()
        except Exception as error:  # noqa: BLE001  the outcome is what the test looks at
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


@pytest.fixture
def shared(transactional_db, request):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    return request.getfixturevalue("northwind")


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_move_one_card_one_wins_and_the_others_are_told(shared):
    sprint = make_sprint(shared.workspace, state="active", started_at=NOVEMBER)
    task = make_task(shared.workspace, sprint=sprint)
    targets = itertools.cycle([shared.column("doing"), shared.column("review")])

    def mover(column):
        return lambda: actions.move_task(task, by=shared.mia, version=1, column=column)

    results = at_once([mover(next(targets)) for _ in range(THREADS)])
    won = [result for result in results if isinstance(result, Task)]
    assert len(won) == 1
    assert sum(isinstance(result, Stale) for result in results) == THREADS - 1
    assert Task.objects.get(pk=task.pk).version == 2
    assert Activity.objects.filter(verb="task_moved").count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_and_the_version_more_than_one_would_win(shared):
    """The positive control: the same race by read-then-write shows lost updates."""
    task = make_task(shared.workspace)
    seen = threading.Barrier(THREADS)

    def careless():
        row = Task.objects.get(pk=task.pk)
        seen.wait()
        with arranging():
            Task.objects.filter(pk=task.pk).update(version=row.version + 1)
        return row

    results = at_once([careless] * THREADS)
    assert sum(isinstance(result, Task) for result in results) > 1
    assert Task.objects.get(pk=task.pk).version == 2


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_twenty_cards_moved_into_one_column_at_once_make_one_order(shared):
    sprint = make_sprint(shared.workspace, state="active", started_at=NOVEMBER)
    anchor, *tasks = make_tasks(shared.workspace, THREADS + 1, sprint=sprint)
    doing = shared.column("doing")
    with arranging():
        Task.objects.filter(pk=anchor.pk).update(column=doing)

    def mover(task):
        return lambda: actions.move_task(task, by=shared.mia, version=1, column=doing, after=anchor)

    results = at_once([mover(task) for task in tasks])
    assert all(isinstance(result, Task) for result in results), results
    order = ids(Task.objects.filter(column=doing))
    assert order[0] == anchor.pk
    assert len(order) == THREADS + 1
    assert len(set(Task.objects.values_list("position", flat=True))) == THREADS + 1
    replayed = [anchor.key]
    for moved in Activity.objects.filter(verb="task_moved").order_by("seq"):
        before = moved.data["before"]
        place = replayed.index(before) if before else len(replayed)
        replayed.insert(place, moved.data["key"])
    keys = {task.pk: f"NW-{task.number}" for task in Task.objects.all()}
    assert replayed == [keys[task_id] for task_id in order]
