"""The checklist of a task: its verbs, its forms, and the numbers on the card."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from activity.models import Activity
from backlog import actions, board
from backlog.actions.checklist import MOST_STEPS
from backlog.models import ChecklistItem, Task
from tests.factories import make_sprint, make_task

HTMX = {"HX-Request": "true"}


@pytest.fixture
def task(northwind):
    return make_task(northwind.workspace)


@pytest.fixture
def steps(northwind, task):
    return actions.add_checklist(task, by=northwind.mia, lines=["Ask", "Write", "Print"])


def texts(task):
    return [step.text for step in task.checklist.all()]


def counted(task):
    """Return the numbers on the card, which must be those of the list."""
    task.refresh_from_db()
    found = list(task.checklist.values_list("done", flat=True))
    assert (task.checklist_done, task.checklist_total) == (sum(found), len(found))
    return task.checklist_done, task.checklist_total


def address(name, task, *more):
    return reverse(name, args=["northwind", task.key, *more])


# Verbs -----------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_each_line_is_a_step(northwind, task):
    lines = [
        "Talk to two reps",
        "",
        "  - [ ] Copy  ",
        "* Layout",
        "- [x] Print",
        "[1] stays",
        "-5",
    ]
    actions.add_checklist(task, by=northwind.lena, lines=lines)
    assert texts(task) == ["Talk to two reps", "Copy", "Layout", "Print", "[1] stays", "-5"]

    actions.add_checklist(task, by=northwind.mia, lines=["Last"])
    assert texts(task)[-1] == "Last"
    assert counted(task) == (0, 7)
    happened = Activity.objects.about(task).first()
    assert (happened.verb, happened.data["key"]) == ("checklist_added", task.key)
    assert (happened.data["done"], happened.data["total"]) == (0, 7)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "required"),
        (["x" * 201], "max_length"),
        (["a\x00"], "control"),
        (["x"] * (MOST_STEPS + 1), "too_many"),
    ],
)
def test_what_is_no_step_is_refused(northwind, task, lines, code):
    with pytest.raises(ValidationError) as caught:
        actions.add_checklist(
            task, by=northwind.mia, lines=["Good", *lines] if lines else ["", "- "]
        )
    if code != "max_length":
        assert [error.code for error in caught.value.error_dict["lines"]] == [code]
    assert counted(task) == (0, 0)


@pytest.mark.both_databases
def test_a_tick_says_who_and_when(northwind, task, steps):
    step = actions.tick(steps[1], by=northwind.lena, done=True)
    step.refresh_from_db()
    assert step.done
    assert step.done_by == northwind.lena
    assert step.done_at is not None
    assert counted(task) == (1, 3)

    actions.tick(step, by=northwind.mia, done=True)
    assert Activity.objects.about(task).filter(verb="checklist_ticked").count() == 1

    back = actions.tick(step, by=northwind.mia, done=False)
    assert (back.done_by, back.done_at) == (None, None)
    assert counted(task) == (0, 3)
    assert Activity.objects.about(task).first().verb == "checklist_unticked"


def test_a_step_gets_other_words(northwind, task, steps):
    actions.rename_step(steps[0], by=northwind.mia, text=" Ask  Sam ")
    assert texts(task) == ["Ask Sam", "Write", "Print"]
    with pytest.raises(ValidationError):
        actions.rename_step(steps[0], by=northwind.mia, text="")
    with pytest.raises(ValidationError):
        actions.rename_step(steps[0], by=northwind.mia, text="x" * 201)


@pytest.mark.both_databases
def test_steps_change_places_and_stay_at_the_ends(northwind, task, steps):
    actions.move_step(steps[2], by=northwind.mia, up=True)
    assert texts(task) == ["Ask", "Print", "Write"]
    actions.move_step(steps[0], by=northwind.mia, up=False)
    assert texts(task) == ["Print", "Ask", "Write"]
    before = Activity.objects.about(task).count()
    actions.move_step(steps[2], by=northwind.mia, up=True)
    actions.move_step(steps[1], by=northwind.mia, up=False)
    assert texts(task) == ["Print", "Ask", "Write"]
    assert Activity.objects.about(task).count() == before


@pytest.mark.both_databases
def test_a_step_is_taken_off_and_the_card_counts_the_rest(northwind, task, steps):
    actions.tick(steps[0], by=northwind.mia, done=True)
    actions.tick(steps[1], by=northwind.mia, done=True)
    actions.remove_step(steps[0], by=northwind.mia)
    assert texts(task) == ["Write", "Print"]
    assert counted(task) == (1, 2)
    with pytest.raises(ValidationError):
        actions.remove_step(steps[0], by=northwind.mia)


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_marketers_alone_keep_the_list(northwind, task, steps, who):
    by = northwind.people[who]
    for verb in (
        lambda: actions.add_checklist(task, by=by, lines=["Mine"]),
        lambda: actions.tick(steps[0], by=by, done=True),
        lambda: actions.rename_step(steps[0], by=by, text="Mine"),
        lambda: actions.move_step(steps[0], by=by, up=False),
        lambda: actions.remove_step(steps[0], by=by),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    assert texts(task) == ["Ask", "Write", "Print"]


def test_an_archived_task_keeps_its_list_as_it_was(northwind, task, steps):
    actions.archive_task(task, by=northwind.mia, version=task.version)
    with pytest.raises(ValidationError) as caught:
        actions.tick(steps[0], by=northwind.mia, done=True)
    assert caught.value.code == "archived"


def test_a_tick_makes_nobodys_edit_stale(northwind, task, steps):
    actions.tick(steps[0], by=northwind.lena, done=True)
    edited = actions.edit_task(task, by=northwind.mia, version=task.version, title="Other")
    assert edited.checklist_done == 1


# The card --------------------------------------------------------------------------------------


def test_the_card_shows_how_far_the_list_has_come(northwind):
    sprint = make_sprint(northwind.workspace, 13, state="active")
    task = make_task(northwind.workspace, sprint=sprint)
    plain = board.draw_card(board.card_rows(sprint)[0], board.CardDays())
    steps = actions.add_checklist(task, by=northwind.mia, lines=["Ask", "Write"])
    actions.tick(steps[0], by=northwind.mia, done=True)
    card = board.draw_card(board.card_rows(sprint)[0], board.CardDays())
    assert "1/2" in card
    assert "1 of 2 steps done" in card
    assert "Checklist:" not in plain


# Forms -----------------------------------------------------------------------------------------


def test_steps_are_pasted_ticked_changed_moved_and_removed_by_plain_forms(
    northwind, task, client_of
):
    mia = client_of(northwind.mia)
    added = mia.post(address("task_checklist", task), {"lines": "Ask\r\nWrite\r\n\r\nPrint"})
    assert added["Location"] == f"{task.get_absolute_url()}#checklist"
    ask, write, _print = task.checklist.all()
    for name, step, body in (
        ("step_tick", ask, {"done": "1"}),
        ("step_rename", write, {"text": "Write it"}),
        ("step_move", write, {"way": "up"}),
        ("step_remove", ask, {}),
    ):
        assert mia.post(address(name, task, step.pk), body).status_code == 302
    assert texts(task) == ["Write it", "Print"]
    page = mia.get(task.get_absolute_url()).content.decode()
    assert "0 of 2" in page
    assert 'role="checkbox" aria-checked="false"' in page


def test_others_read_the_list(northwind, task, steps, client_of):
    page = client_of(northwind.sam).get(task.get_absolute_url()).content.decode()
    assert "Write" in page
    assert "0 of 3" in page
    assert 'role="checkbox"' not in page
    assert "Add steps" not in page


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("", "Write a step."),
        ("Good\n" + "x" * 201, "201"),
        ("x\n" * 101, "A checklist has at most 100 steps."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_list_that_is_refused_is_still_there(
    northwind, task, client_of, lines, sentence, headers
):
    answer = client_of(northwind.mia).post(
        address("task_checklist", task), {"lines": lines}, headers=headers
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert lines.strip() in page
    assert ("<html" in page) == (not headers)
    assert not ChecklistItem.objects.exists()


def test_htmx_gets_the_list_alone(northwind, task, steps, client_of):
    tick = address("step_tick", task, steps[0].pk)
    page = client_of(northwind.mia).post(tick, {"done": "1"}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert 'id="checklist"' in page
    assert "1 of 3" in page


@pytest.mark.parametrize(
    ("name", "body"),
    [("step_tick", {"done": "2"}), ("step_move", {"way": "left"}), ("step_rename", {"text": " "})],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nonsense_is_refused_in_words(northwind, task, steps, client_of, name, body, headers):
    answer = client_of(northwind.mia).post(address(name, task, steps[0].pk), body, headers=headers)
    assert answer.status_code == 422
    assert texts(task) == ["Ask", "Write", "Print"]


def test_a_step_of_another_task_is_missing(northwind, fjord, task, steps, client_of):
    other = make_task(northwind.workspace)
    mia = client_of(northwind.mia)
    assert mia.post(address("step_remove", other, steps[0].pk)).status_code == 404
    assert client_of(fjord.ola).post(address("step_remove", task, steps[0].pk)).status_code == 404
    assert Task.objects.get(pk=task.pk).checklist_total == 3
