"""Waiting: for other tasks and for things from outside, what the card shows of it, no circles."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from activity.changes import Stale
from activity.models import Activity
from backlog import actions, board
from backlog.actions.waiting import MOST_WAITS
from backlog.models import Task, Wait
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

HTMX = {"HX-Request": "true"}
DAY = date(2026, 12, 3)


@pytest.fixture
def running(northwind):
    return make_sprint(northwind.workspace, state="active", committed_points=50)


@pytest.fixture
def tasks(northwind, running):
    """Three tasks: NW-1, NW-2 and NW-3."""
    return make_tasks(northwind.workspace, 3, sprint=running)


def fresh(task):
    return Task.objects.select_related("workspace", "sprint", "column").get(pk=task.pk)


def shown(task):
    """Return what the card says of what it waits for, which must be what the rows say."""
    task = fresh(task)
    waits = [wait for wait in task.waits.for_rows() if not wait.is_over]
    numbers = [wait.other.number for wait in waits if wait.other]
    days = [wait.until for wait in waits if wait.until]
    kept = (task.wait_count, task.wait_number, task.wait_until)
    assert kept == (len(waits), numbers[0] if numbers else None, min(days, default=None))
    return kept


def move(northwind, task, category):
    task = fresh(task)
    column = northwind.column(category)
    return actions.move_task(task, by=northwind.lena, version=task.version, column=column)


def code_of(caught):
    error = caught.value
    if hasattr(error, "error_dict"):
        return next(iter(error.error_dict.values()))[0].code
    return error.code


# Verbs -----------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_task_waits_for_several_things(northwind, tasks):
    first, second, third = tasks
    actions.add_wait(first, by=northwind.lena, thing=" Printer ", until=DAY)
    actions.add_wait(first, by=northwind.lena, other=third)
    actions.add_wait(first, by=northwind.mia, other=second)
    actions.add_wait(first, by=northwind.mia, thing="Translation", until=DAY - timedelta(days=1))
    assert shown(first) == (4, 3, DAY - timedelta(days=1))
    assert fresh(first).version == 1  # nobody's edit is stale
    told = Activity.objects.about(first).order_by("seq").first()
    assert (told.verb, told.data["thing"], told.data["until"]) == (
        "wait_added",
        "Printer",
        "2026-12-03",
    )


def test_a_wait_is_over_while_the_other_task_is_done(northwind, tasks):
    first, second, third = tasks
    actions.add_wait(first, by=northwind.lena, other=second)
    actions.add_wait(first, by=northwind.lena, other=third)
    move(northwind, second, "doing")
    assert shown(first)[0] == 2
    move(northwind, second, "done")
    assert shown(first) == (1, 3, None)
    told = Activity.objects.about(first).first()
    assert (told.verb, told.data["other"]) == ("wait_over", "NW-2")
    move(northwind, second, "review")
    assert shown(first) == (2, 2, None)
    assert Activity.objects.about(first).first().verb == "wait_back"


def test_a_day_that_has_come_ends_nothing(northwind, tasks):
    wait = actions.add_wait(tasks[0], by=northwind.lena, thing="Printer", until=DAY)
    row = board.card_rows(fresh(tasks[0]).sprint)[0]
    before = board.render_card(row, DAY - timedelta(days=1))
    assert "waits until 3 Dec" in before
    assert "was to come 3 Dec" in board.render_card(row, DAY)
    assert shown(tasks[0])[0] == 1
    actions.end_wait(wait, by=northwind.mia)
    assert shown(tasks[0]) == (0, None, None)
    assert Activity.objects.about(tasks[0]).first().verb == "wait_ended"


def test_what_was_ended_can_be_taken_back(northwind, tasks):
    wait = actions.add_wait(tasks[0], by=northwind.lena, other=tasks[1])
    actions.end_wait(wait, by=northwind.mia)
    actions.end_wait(wait, by=northwind.mia)
    assert Activity.objects.filter(verb="wait_ended").count() == 1
    actions.reopen_wait(wait, by=northwind.mia)
    assert shown(tasks[0]) == (1, 2, None)
    actions.end_wait(wait, by=northwind.mia)
    actions.add_wait(tasks[1], by=northwind.mia, other=tasks[0])
    with pytest.raises(ValidationError) as caught:
        actions.reopen_wait(wait, by=northwind.mia)
    assert code_of(caught) == "cycle"


@pytest.mark.both_databases
def test_no_task_waits_for_itself_however_long_the_way(northwind, tasks):
    first, second, third = tasks
    with pytest.raises(ValidationError) as caught:
        actions.add_wait(first, by=northwind.lena, other=first)
    assert code_of(caught) == "itself"
    actions.add_wait(first, by=northwind.lena, other=second)
    wait = actions.add_wait(second, by=northwind.lena, other=third)
    with pytest.raises(ValidationError) as caught:
        actions.add_wait(third, by=northwind.lena, other=first)
    assert caught.value.messages == [
        "NW-3 cannot wait for NW-1: NW-1 waits for NW-2, NW-2 waits for NW-3. "
        "None of them could begin."
    ]
    actions.end_wait(wait, by=northwind.lena)
    actions.add_wait(third, by=northwind.lena, other=first)


def test_what_is_done_still_counts_for_a_circle(northwind, tasks):
    first, second, _third = tasks
    actions.add_wait(first, by=northwind.lena, other=second)
    move(northwind, second, "done")
    with pytest.raises(ValidationError) as caught:
        actions.add_wait(second, by=northwind.lena, other=first)
    assert code_of(caught) == "cycle"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "one_thing"),
        ({"thing": "Printer", "until": None}, "required"),
        ({"thing": "", "until": DAY}, "required"),
        ({"thing": "x" * 121, "until": DAY}, "max_length"),
        ({"thing": "a\x00", "until": DAY}, "control"),
        ({"thing": "Printer", "until": date(1900, 1, 1)}, "day_range"),
    ],
)
def test_what_is_no_wait_is_refused(northwind, tasks, asked, code):
    with pytest.raises(ValidationError) as caught:
        actions.add_wait(tasks[0], by=northwind.lena, **asked)
    if code != "day_range":
        assert code_of(caught) == code
    assert not Wait.objects.exists()


def test_what_cannot_be_waited_for_is_refused(northwind, fjord, tasks, running):
    done = make_task(northwind.workspace, sprint=running, column=northwind.column("done"))
    away = make_task(northwind.workspace)
    actions.archive_task(away, by=northwind.lena, version=1)
    foreign = make_task(fjord.workspace)
    actions.add_wait(tasks[0], by=northwind.lena, other=tasks[1])
    for other, code in (
        (done, "already_done"),
        (away, "already_done"),
        (foreign, "unknown"),
        (tasks[1], "twice"),
    ):
        with pytest.raises(ValidationError) as caught:
            actions.add_wait(tasks[0], by=northwind.lena, other=other)
        assert code_of(caught) == code
    for who in (northwind.sam, northwind.grace):
        with pytest.raises(PermissionDenied):
            actions.add_wait(tasks[0], by=who, other=tasks[2])
    with arranging():
        for number in range(MOST_WAITS - 1):
            Wait.objects.create(
                workspace=northwind.workspace, task=tasks[0], thing=f"Thing {number}", until=DAY
            )
    with pytest.raises(ValidationError) as caught:
        actions.add_wait(tasks[0], by=northwind.lena, other=tasks[2])
    assert code_of(caught) == "too_many"


def test_what_is_waited_for_is_said_otherwise(northwind, tasks):
    first, second, third = tasks
    wait = actions.add_wait(first, by=northwind.lena, thing="Printer", until=DAY)
    later = DAY + timedelta(days=4)
    wait = actions.edit_wait(wait, by=northwind.mia, version=1, thing="Printer", until=later)
    assert shown(first) == (1, None, later)
    told = Activity.objects.about(first).first()
    assert (told.verb, told.data["until"]) == ("wait_edited", later.isoformat())
    assert told.data["was"]["until"] == DAY.isoformat()
    with pytest.raises(Stale):
        actions.edit_wait(wait, by=northwind.lena, version=1, other=second)
    wait = actions.edit_wait(wait, by=northwind.lena, version=2, other=second)
    assert shown(first) == (1, 2, None)
    actions.edit_wait(wait, by=northwind.lena, version=3, other=second)
    assert Activity.objects.filter(verb="wait_edited").count() == 2  # nothing was changed
    actions.add_wait(third, by=northwind.lena, other=first)
    with pytest.raises(ValidationError) as caught:
        actions.edit_wait(wait, by=northwind.lena, version=3, other=third)
    assert code_of(caught) == "cycle"
    actions.end_wait(wait, by=northwind.lena)
    with pytest.raises(ValidationError) as caught:
        actions.edit_wait(wait, by=northwind.lena, version=4, thing="Printer", until=DAY)
    assert code_of(caught) == "ended"
    with pytest.raises(PermissionDenied):
        actions.edit_wait(wait, by=northwind.sam, version=4, thing="Printer", until=DAY)


# Pages -----------------------------------------------------------------------------------------


def address(name, task, *more):
    return reverse(name, args=["northwind", task.key, *more])


def test_a_plain_form_and_its_undo(northwind, client_of, tasks):
    first, second, _third = tasks
    lena = client_of(northwind.lena)
    asked = lena.get(address("task_waits", first)).content.decode()
    assert '<option value="NW-2">' in asked
    answer = lena.post(address("task_waits", first), {"other": "nw-2"})
    assert (answer.status_code, answer.url) == (302, address("task", first))
    page = lena.get(answer.url).content.decode()
    assert "NW-1 waits." in page
    assert address("task", second) in page
    assert f'data-key="{first.key}"' in page
    assert "Waits for this" in lena.get(address("task", second)).content.decode()
    wait = Wait.objects.get()
    assert lena.post(address("wait_end", first, wait.pk)).status_code == 302
    assert shown(first)[0] == 0
    assert lena.post(address("wait_reopen", first, wait.pk)).status_code == 302
    assert shown(first)[0] == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"other": "NW-999"}, "There is no task NW-999 here."),
        ({"other": "NW-1"}, "A task cannot wait for itself."),
        ({"thing": "The printer"}, "Say on which day it should come."),
        ({"thing": "The printer", "until": "soon"}, "There is no such day."),
        ({}, "Say what it waits for"),
        ({"other": "NW-2", "thing": "The printer", "until": "2026-12-03"}, "Say what it waits for"),
    ],
)
def test_what_will_not_do_comes_back_with_what_was_typed(northwind, client_of, tasks, typed, words):
    lena = client_of(northwind.lena)
    for headers in ({}, HTMX):
        answer = lena.post(address("task_waits", tasks[0]), typed, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert words in page
        assert all(f'value="{value}"' in page for value in typed.values())
    assert page.lstrip().startswith('<section id="task-waits"')


def test_in_the_drawer_the_part_is_answered(northwind, client_of, tasks):
    lena = client_of(northwind.lena)
    typed = {"thing": "The printer", "until": "2026-12-03"}
    added = lena.post(address("task_waits", tasks[0]), typed, headers=HTMX)
    assert "The printer" in added.content.decode()
    assert "Undo" not in added.content.decode()
    assert "wait" in added.headers["HX-Trigger"]
    wait = Wait.objects.get()
    undone = lena.post(
        address("wait_end", tasks[0], wait.pk),
        headers={**HTMX, "HX-Target": "div#board-live"},
    )
    assert 'id="board-live"' in undone.content.decode()


def test_a_wait_is_changed_where_it_stands_with_a_way_back(northwind, client_of, tasks):
    wait = actions.add_wait(tasks[0], by=northwind.lena, thing="The printer", until=DAY)
    lena, there = client_of(northwind.lena), address("wait_edit", tasks[0], wait.pk)
    for headers in ({}, HTMX):
        form = lena.get(there, headers=headers).content.decode()
        assert 'value="The printer"' in form
        assert 'value="2026-12-03"' in form
    typed = {"thing": "The printer", "until": "2026-12-08", "version": 1}
    answer = lena.post(there, typed, headers=HTMX)
    assert "Tue 8 Dec" in answer.content.decode()
    undo = json.loads(answer.headers["HX-Trigger"])["toast"]["undo"]
    late = lena.post(there, {**typed, "other": "", "thing": "Ink"}, headers=HTMX)
    assert late.status_code == 409
    assert 'value="Ink"' in late.content.decode()
    assert "The printer, Tue 8 Dec" in late.content.decode()
    assert lena.post(undo, follow=True).status_code == 200
    assert shown(tasks[0])[2] == DAY
    board_s = {**HTMX, "HX-Target": "div#board-live"}
    on_board = lena.post(undo, {"version": "3"}, headers=board_s)
    assert on_board.status_code == 409
    assert (
        "Somebody changed this meanwhile"
        in json.loads(on_board.headers["HX-Trigger"])["toast"]["text"]
    )
    assert lena.post(there, {"other": "NW-1", "version": 3}, headers=HTMX).status_code == 422
    assert lena.post(there, {"other": "NW-2", "version": 3}).status_code == 302
    actions.end_wait(wait, by=northwind.lena)
    assert lena.post(there, typed, headers=HTMX).status_code == 422
    assert client_of(northwind.sam).get(there).status_code == 403


def test_a_refusal_is_said_where_the_person_is(northwind, client_of, tasks):
    wait = actions.add_wait(tasks[0], by=northwind.lena, other=tasks[1])
    actions.end_wait(wait, by=northwind.lena)
    actions.add_wait(tasks[1], by=northwind.lena, other=tasks[0])
    lena = client_of(northwind.lena)
    back = address("wait_reopen", tasks[0], wait.pk)
    assert "cannot wait for" in lena.post(back).content.decode()
    for headers in (HTMX, {**HTMX, "HX-Target": "div#board-live"}):
        answer = lena.post(back, headers=headers)
        assert answer.status_code == 422
        assert "cannot wait for" in answer.headers["HX-Trigger"]
    assert lena.post(address("wait_end", tasks[1], wait.pk)).status_code == 404
    assert client_of(northwind.sam).post(back).status_code == 403


def test_a_card_names_one_wait_and_counts_the_others(northwind, tasks):
    actions.add_wait(tasks[0], by=northwind.lena, thing="Printer", until=DAY)
    actions.add_wait(tasks[0], by=northwind.lena, other=tasks[1])
    drawn = board.render_card(board.card_rows(fresh(tasks[0]).sprint)[0], date(2026, 12, 1))
    assert "waits for NW-2" in drawn
    assert "+1" in drawn
