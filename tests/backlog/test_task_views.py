"""The pages of a task: reading, making, editing, moving and putting away, by whom and how."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity import clock
from backlog import actions
from backlog.models import Deliverable, Sprint, Task
from people.models import Membership
from tests.arranging import arranging
from tests.factories import World, make_sprint, make_task, make_tasks


@pytest.fixture
def running(northwind: World) -> Sprint:
    return make_sprint(northwind.workspace, state="active", committed_points=50)


@pytest.fixture
def task(northwind: World, running: Sprint) -> Task:
    return make_task(northwind.workspace, "One-page flyer", sprint=running, points=3)


@pytest.fixture
def mia(northwind: World, client_of: Any) -> Client:
    return client_of(northwind.mia)


def to(name: str, task: Task, *more: object) -> str:
    return reverse(name, args=[task.workspace.slug, task.key, *more])


def edited(task: Task, **fields: object) -> dict[str, object]:
    return {"title": task.title, "version": task.version, **fields}


HTMX = {"HX-Request": "true", "HX-Target": "div#board-live"}


# Who may ----------------------------------------------------------------------------------------


def writes(task: Task) -> list[tuple[str, dict[str, object]]]:
    version = {"version": task.version}
    return [
        (reverse("new_task", args=[task.workspace.slug]), {"title": "New"}),
        (to("task_edit", task), edited(task, title="Changed")),
        (to("task_move", task), {**version, "backlog": 1}),
        (to("task_archive", task), version),
        (to("task_restore", task), {}),
        (to("task_deliverables", task), {"label": "PDF", "url": "https://example.com/a.pdf"}),
    ]


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_change_nothing(northwind, task, client_of, name):
    client = client_of(getattr(northwind, name))
    for address, data in writes(task):
        assert client.post(address, data).status_code == 403, address
    task.refresh_from_db()
    assert (task.title, task.version, task.archived_at) == ("One-page flyer", 1, None)
    assert Task.objects.count() == 1
    assert not Deliverable.objects.exists()


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_read_a_task_without_its_tools(northwind, task, client_of, name):
    page = client_of(getattr(northwind, name)).get(to("task", task)).content.decode()
    assert "One-page flyer" in page
    for tool in ("task_edit", "task_move", "task_archive", "task_deliverables"):
        assert to(tool, task) not in page


def test_a_task_of_another_workspace_does_not_exist(northwind, fjord, task, client_of):
    ola = client_of(fjord.ola)
    foreign = reverse("task", args=["fjord", task.key])
    assert ola.get(foreign).status_code == 404
    for address, data in writes(task):
        assert ola.post(address, data).status_code == 404, address
    # nor by its number under the own key
    assert ola.get(reverse("task", args=["fjord", f"FJ-{task.number}"])).status_code == 404


@pytest.mark.parametrize(
    "key", ["NW-999", "XX-1", "NW", "NW-", "NW-x", "NW-²", "NW-9999999999999999"]
)
def test_what_is_no_key_is_a_404(northwind, mia, key):
    assert mia.get(reverse("task", args=["northwind", key])).status_code == 404


def test_a_key_is_found_whatever_its_capitals(northwind, task, mia):
    assert mia.get(reverse("task", args=["northwind", task.key.lower()])).status_code == 200


# Reading ----------------------------------------------------------------------------------------


def test_the_drawer_is_the_same_content_without_the_frame(northwind, task, mia):
    drawer = mia.get(to("task", task), headers={"HX-Request": "true"}).content.decode()
    page = mia.get(to("task", task)).content.decode()
    assert "<html" not in drawer
    assert "drawer-body" in drawer
    assert "<html" in page
    for text in ("One-page flyer", "What is it", "Why it exists", "What it made", "Activity"):
        assert text in drawer
        assert text in page


def test_the_drawer_closes_to_the_page_below(northwind, task, mia):
    board = reverse("board", args=["northwind"])
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{board}"}
    page = mia.get(to("task", task), headers=headers).content.decode()
    assert f'href="{board}" data-drawer-close' in page
    headers["HX-Current-URL"] = "https://evil.example/w/northwind/board/"
    assert "evil" not in mia.get(to("task", task), headers=headers).content.decode()
    headers["HX-Current-URL"] = "http://["
    assert mia.get(to("task", task), headers=headers).status_code == 200


def test_what_happened_is_told_in_words_and_in_the_readers_zone(
    northwind, running, task, client_of
):
    moved = actions.move_task(task, by=northwind.mia, version=1, column=northwind.column("doing"))
    actions.edit_task(moved, by=northwind.lena, version=2, title="Two-page flyer")
    page = client_of(northwind.sam).get(to("task_activity", task)).content.decode()
    assert "<b>Mia</b> moved it to Doing" in page
    assert "<b>Lena</b> edited it: title" in page
    assert page.index("<b>Lena</b> edited") < page.index("<b>Mia</b> moved")
    local = clock.now().astimezone(northwind.sam.user.zone)
    assert f"{local:%H}:" in page.split("edited it")[1].split("</time>")[0]


def test_a_description_is_shown_as_it_was_cleaned(northwind, running, mia):
    made = actions.create_task(
        northwind.workspace,
        by=northwind.mia,
        title="Flyer",
        description="**bold** <script>alert(1)</script>",
    )
    page = mia.get(to("task", made)).content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page


def test_the_page_of_a_task_costs_the_same_whatever_happened(northwind, running, task, mia):
    mia.get(to("task", task))
    with CaptureQueriesContext(connection) as few:
        mia.get(to("task", task))
    version = 1
    for number in range(30):
        column = northwind.column("doing" if number % 2 else "review")
        actions.move_task(task, by=northwind.mia, version=version, column=column)
        version += 1
    for number in range(20):
        actions.add_deliverable(
            task, by=northwind.lena, label=f"L{number}", url="https://a.example/"
        )
    make_tasks(northwind.workspace, 195, sprint=running)
    with CaptureQueriesContext(connection) as many:
        mia.get(to("task", task))
    assert len(many) == len(few)
    assert len(many) - FRAME <= 6


# Session, user, membership, and the two of the frame (requests waiting, other workspaces)
FRAME = 5


@pytest.mark.parametrize("name", ["task_edit", "task_move"])
def test_the_forms_of_a_task_cost_the_same_however_full_the_sprint_is(
    northwind, running, task, mia, name
):
    make_tasks(northwind.workspace, 4, sprint=running)
    mia.get(to(name, task))
    with CaptureQueriesContext(connection) as few:
        mia.get(to(name, task))
    make_tasks(northwind.workspace, 195, sprint=running)
    with CaptureQueriesContext(connection) as many:
        mia.get(to(name, task))
    assert len(many) == len(few)
    assert len(many) - FRAME <= 6


# Making -----------------------------------------------------------------------------------------


def test_a_new_task_goes_to_the_top_of_the_backlog(northwind, mia):
    make_task(northwind.workspace, "Older")
    address = reverse("new_task", args=["northwind"])
    answer = mia.post(address, {"title": "  Press   kit ", "at_top": "on", "labels": "fair, print"})
    assert answer.status_code == 302
    made = Task.objects.get(title="Press kit")
    assert Task.objects.backlog().first() == made
    assert {label.name for label in made.labels.all()} == {"fair", "print"}


def test_a_new_task_in_the_running_sprint_asks_why(northwind, running, mia):
    address = reverse("new_task", args=["northwind"])
    data = {"title": "Press kit", "points": 2, "sprint": running.pk}
    refused = mia.post(address, data)
    assert refused.status_code == 422
    assert "Say why the task cannot wait" in refused.content.decode()
    assert 'value="Press kit"' in refused.content.decode()
    assert not Task.objects.exists()

    doing = northwind.column("doing")
    accepted = mia.post(address, {**data, "reason": "The fair moved", "column": doing.pk})
    assert accepted["Location"] == reverse("board", args=["northwind"])
    made = Task.objects.get()
    assert (made.sprint, made.column, made.is_unplanned) == (running, doing, True)
    assert made.unplanned_reason == "The fair moved"


def test_beyond_the_allowance_something_goes_out_or_a_word_is_said(northwind, running, task, mia):
    address = reverse("new_task", args=["northwind"])
    data = {"title": "Film", "points": 20, "sprint": running.pk, "reason": "The board wants it"}
    refused = mia.post(address, data).content.decode()
    assert "Swap something out" in refused
    offered = refused.split('name="swap_out"')[1].split("</select>")[0]
    assert task.title in offered
    assert mia.post(address, {**data, "swap_out": task.pk}).status_code == 302
    task.refresh_from_db()
    assert task.sprint is None
    assert Task.objects.get(title="Film").sprint == running


def test_what_was_typed_is_kept_when_it_cannot_be_saved(northwind, mia):
    address = reverse("new_task", args=["northwind"])
    page = mia.post(address, {"title": "", "description": "My long text", "points": "-3"})
    assert page.status_code == 422
    assert "My long text" in page.content.decode()
    assert not Task.objects.exists()


def test_a_form_offers_nothing_of_another_workspace(northwind, fjord, mia):
    foreign = fjord.workspace.columns.first()
    address = reverse("new_task", args=["northwind"])
    assert mia.get(f"{address}?column={foreign.pk}&sprint=abc").status_code == 200
    page = mia.post(address, {"title": "Flyer", "assignee": fjord.ola.pk})
    assert page.status_code == 422
    assert not Task.objects.exists()


# Editing ----------------------------------------------------------------------------------------


def test_an_edit_is_saved_and_leads_back(northwind, task, mia):
    board = reverse("board", args=["northwind"])
    data = edited(task, title="Two-page flyer", points=5, assignee=northwind.lena.pk, next=board)
    assert mia.post(to("task_edit", task), data)["Location"] == board
    task.refresh_from_db()
    assert (task.title, task.points, task.assignee, task.version) == (
        "Two-page flyer",
        5,
        northwind.lena,
        2,
    )


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/w/fjord/board/", "javascript:alert(1)"]
)
def test_an_edit_leads_nowhere_else(northwind, task, mia, wanted):
    answer = mia.post(to("task_edit", task), edited(task, next=wanted))
    assert answer["Location"] == task.get_absolute_url()


def test_an_edit_on_top_of_anothers_is_not_saved_and_shows_both(northwind, task, mia):
    actions.edit_task(task, by=northwind.lena, version=1, title="Lena's title", points=8)
    answer = mia.post(to("task_edit", task), edited(task, title="Mia's title", points=3))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Lena changed this task" in page
    assert "Lena&#x27;s title" in page
    assert 'value="Mia&#x27;s title"' in page
    task.refresh_from_db()
    assert task.title == "Lena's title"
    assert 'name="version" value="2"' in page  # saving again is a choice that works
    assert (
        mia.post(to("task_edit", task), {"title": "Mia's title", "version": 2}).status_code == 302
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("points", "101"),
        ("points", "many"),
        ("due_on", "yesterday"),
        ("cost", "-1"),
        ("impact", "9"),
        ("assignee", "999999"),
        ("labels", "x" * 41),
        ("version", "x"),
    ],
)
def test_bad_input_is_told_and_kept(northwind, task, mia, field, value):
    answer = mia.post(to("task_edit", task), edited(task, **{field: value, "description": "Kept"}))
    assert answer.status_code == 422
    assert "Kept" in answer.content.decode()
    task.refresh_from_db()
    assert task.version == 1


# Moving -----------------------------------------------------------------------------------------


def test_a_card_moves_by_a_plain_form(northwind, task, mia):
    doing = northwind.column("doing")
    make_task(northwind.workspace, sprint=task.sprint, column=doing)
    answer = mia.post(
        to("task_move", task), {"version": 1, "column": doing.pk, "place": "bottom"}, follow=True
    )
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == reverse("board", args=["northwind"])
    assert f"{task.key} moved to Doing, position 2 of 2." in page
    task.refresh_from_db()
    assert task.column == doing


def test_a_card_moves_to_the_top_unless_told_otherwise(northwind, task, mia):
    doing = northwind.column("doing")
    other = make_task(northwind.workspace, sprint=task.sprint, column=doing)
    mia.post(to("task_move", task), {"version": 1, "column": doing.pk})
    task.refresh_from_db()
    assert task.position < other.position


def test_htmx_gets_the_board_and_a_sentence_with_an_undo(northwind, task, mia):
    doing = northwind.column("doing")
    answer = mia.post(to("task_move", task), {"version": 1, "column": doing.pk}, headers=HTMX)
    toast = json.loads(answer["HX-Trigger"])["toast"]
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.strip().startswith("<div")
    assert 'id="board-live"' in page
    assert f'id="task-{task.pk}"' in page
    assert toast["text"] == f"{task.key} moved to Doing, position 1 of 1."

    undone = mia.post(toast["undo"], headers=HTMX)
    task.refresh_from_db()
    assert task.column == northwind.column("todo")
    assert "is back in To do" in json.loads(undone["HX-Trigger"])["toast"]["text"]


def test_an_undo_restores_the_place_between_the_others(northwind, running, mia):
    first, second, third = make_tasks(northwind.workspace, 3, sprint=running)
    data = {"version": 1, "column": northwind.column("done").pk}
    answer = mia.post(to("task_move", second), data, headers=HTMX)
    mia.post(json.loads(answer["HX-Trigger"])["toast"]["undo"])
    order = list(Task.objects.filter(sprint=running).ranked())
    assert order == [first, second, third]
    assert {task.column for task in order} == {northwind.column("todo")}


def test_a_full_column_is_said_and_never_forbidden(northwind, task, mia):
    review = northwind.column("review")
    make_tasks(northwind.workspace, 2, sprint=task.sprint, column=review)
    answer = mia.post(to("task_move", task), {"version": 1, "column": review.pk}, headers=HTMX)
    assert "Review is at its limit." in json.loads(answer["HX-Trigger"])["toast"]["text"]
    late = make_task(northwind.workspace, sprint=task.sprint)
    answer = mia.post(to("task_move", late), {"version": 1, "column": review.pk}, headers=HTMX)
    assert "Review is over its limit." in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_whoever_is_second_is_told_who_was_first_and_where_the_card_is(northwind, task, mia):
    actions.move_task(task, by=northwind.lena, version=1, column=northwind.column("review"))
    data = {"version": 1, "column": northwind.column("done").pk}
    plain = mia.post(to("task_move", task), data)
    told = f"{task.key} stays in Review: Lena moved it first."
    assert plain.status_code == 409
    assert told in plain.content.decode()
    swapped = mia.post(to("task_move", task), data, headers=HTMX)
    assert swapped.status_code == 409
    assert json.loads(swapped["HX-Trigger"])["toast"]["text"] == told
    review = swapped.content.decode().split('data-category="review"')[1].split("</section>")[0]
    assert f'id="task-{task.pk}"' in review
    task.refresh_from_db()
    assert task.column == northwind.column("review")


def test_whoever_is_second_is_told_who_moved_it_even_if_others_edited_it_since(
    northwind, task, mia
):
    actions.move_task(task, by=northwind.lena, version=1, column=northwind.column("review"))
    actions.edit_task(task, by=northwind.mia, version=2, points=8)
    data = {"version": 1, "column": northwind.column("done").pk}
    answer = mia.post(to("task_move", task), data, headers=HTMX)
    assert "Lena moved it first." in json.loads(answer["HX-Trigger"])["toast"]["text"]
    answer = mia.post(to("task_move", task), {**data, "version": 2}, headers=HTMX)
    assert "Mia changed it first." in json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_a_card_goes_beside_its_new_neighbour(northwind, running, mia):
    first, second, third = make_tasks(northwind.workspace, 3, sprint=running)
    column = northwind.column("todo").pk
    mia.post(to("task_move", third), {"version": 1, "column": column, "before": second.key})
    assert list(Task.objects.filter(sprint=running).ranked()) == [first, third, second]
    mia.post(to("task_move", first), {"version": 1, "column": column, "after": third.key})
    assert list(Task.objects.filter(sprint=running).ranked()) == [third, first, second]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"column": "x"},
        {"version": 1},
        {"version": "x", "column": 1},
        {"version": 1, "column": 999_999},
        {"version": 1, "backlog": 1, "sprint": 1, "place": "sideways"},
        {"version": 1, "backlog": 1, "reason": "x" * 300},
    ],
)
def test_a_move_that_makes_no_sense_is_refused_in_words(northwind, task, mia, data):
    assert mia.post(to("task_move", task), data).status_code == 422
    answer = mia.post(to("task_move", task), data, headers=HTMX)
    assert answer.status_code == 422
    assert json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_a_neighbour_that_is_gone_is_told(northwind, task, mia):
    data = {"version": 1, "column": northwind.column("doing").pk, "before": "NW-777"}
    page = mia.post(to("task_move", task), data)
    assert page.status_code == 422
    assert "NW-777 is not here any more." in page.content.decode()


def test_a_card_goes_back_to_the_backlog_and_can_be_taken_back(northwind, task, mia):
    answer = mia.post(to("task_move", task), {"version": 1, "backlog": 1}, headers=HTMX)
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast["text"] == f"{task.key} moved to the backlog."
    assert f'id="task-{task.pk}"' not in answer.content.decode()
    mia.post(toast["undo"])
    task.refresh_from_db()
    assert task.sprint is not None


def test_a_card_goes_to_the_next_sprint(northwind, task, mia):
    coming = make_sprint(northwind.workspace, 14)
    answer = mia.post(to("task_move", task), {"version": 1, "sprint": coming.pk}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == f"{task.key} moved to sprint 14."
    task.refresh_from_db()
    assert task.sprint == coming


def test_a_task_enters_the_running_sprint_only_with_a_reason(northwind, running, mia):
    waiting = make_task(northwind.workspace, "Waiting")
    data = {"version": 1, "sprint": running.pk}
    refused = mia.post(to("task_move", waiting), data)
    assert refused.status_code == 422
    assert "Say why the task cannot wait" in refused.content.decode()
    assert mia.post(to("task_move", waiting), {**data, "reason": "It burns"}).status_code == 302
    waiting.refresh_from_db()
    assert (waiting.sprint, waiting.is_unplanned) == (running, True)


def test_the_move_page_offers_all_that_the_menu_does(northwind, task, mia):
    make_sprint(northwind.workspace, 14)
    page = mia.get(to("task_move", task)).content.decode()
    for column in northwind.workspace.columns.all():
        assert f'name="column" value="{column.pk}"' in page
    for word in ("Top", "Bottom", "Sprint 14", "Back to the backlog"):
        assert word in page


# Putting away -----------------------------------------------------------------------------------


def test_a_task_is_archived_and_restored(northwind, mia):
    task = make_task(northwind.workspace)
    answer = mia.post(to("task_archive", task), {"version": 1})
    assert answer["Location"] == reverse("backlog", args=["northwind"])
    task.refresh_from_db()
    assert task.archived_at is not None
    page = mia.get(to("task", task)).content.decode()
    assert "This task was archived" in page
    assert to("task_edit", task) not in page
    mia.post(to("task_restore", task))
    task.refresh_from_db()
    assert task.archived_at is None


def test_an_old_version_archives_nothing(northwind, mia):
    task = make_task(northwind.workspace)
    actions.edit_task(task, by=northwind.lena, version=1, points=5)
    assert mia.post(to("task_archive", task), {"version": 1}).status_code == 409
    task.refresh_from_db()
    assert task.archived_at is None


def test_a_done_card_of_the_running_sprint_is_not_archived(northwind, running, mia):
    task = make_task(northwind.workspace, sprint=running, column=northwind.column("done"))
    answer = mia.post(to("task_archive", task), {"version": 1})
    assert answer.status_code == 422
    assert "counts in sprint 13" in answer.content.decode()


# What it made -----------------------------------------------------------------------------------


def test_a_link_is_added_and_removed(northwind, task, mia):
    mia.post(to("task_deliverables", task), {"label": "Flyer", "url": "https://example.com/a.pdf"})
    link = Deliverable.objects.get()
    page = mia.get(to("task", task)).content.decode()
    assert 'href="https://example.com/a.pdf" rel="noopener nofollow"' in page
    mia.post(to("deliverable_remove", task, link.pk))
    assert not Deliverable.objects.exists()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", "x" * 600])
def test_a_link_that_is_none_is_refused_and_kept_for_mending(northwind, task, mia, url):
    answer = mia.post(to("task_deliverables", task), {"label": "My flyer", "url": url})
    assert answer.status_code == 422
    assert 'value="My flyer"' in answer.content.decode()
    assert not Deliverable.objects.exists()


def test_a_link_is_removed_only_from_its_own_task(northwind, fjord, task, mia, client_of):
    other = make_task(northwind.workspace)
    with arranging():
        link = Deliverable.objects.create(
            workspace=northwind.workspace, task=other, label="x", url="https://a.example/"
        )
    assert mia.post(to("deliverable_remove", task, link.pk)).status_code == 404
    address = to("deliverable_remove", other, link.pk)
    assert client_of(fjord.ola).post(address).status_code == 404
    assert client_of(northwind.sam).post(address).status_code == 403
    assert Deliverable.objects.exists()


def test_who_was_deactivated_meanwhile_changes_nothing(northwind, task, mia):
    with arranging():
        Membership.objects.filter(pk=northwind.mia.pk).update(is_active=False)
    assert mia.post(to("task_edit", task), edited(task, title="No")).status_code == 404


def test_a_page_that_says_what_it_shows_gets_what_it_lacks(northwind, mia):
    sprint = make_sprint(northwind.workspace, state="active")
    moved, _other = make_tasks(northwind.workspace, 2, sprint=sprint)
    seq = mia.get(reverse("board", args=["northwind"])).context["workspace"].seq
    told = {**HTMX, "X-Since": str(seq)}
    values = {"version": 1, "column": northwind.column("doing").pk, "place": "top"}

    answer = mia.post(to("task_move", moved), values, headers=told)
    page = answer.content.decode()
    assert f'data-card="task-{moved.pk}" data-column="{values["column"]}"' in page
    assert page.count("data-card=") == 1
    assert 'id="board-live"' not in page
    assert int(answer.headers["X-Seq"]) > seq
    assert "toast" in answer.headers["HX-Trigger"]

    late = mia.post(to("task_move", moved), values, headers=told)
    assert late.status_code == 409
    assert f'data-card="task-{moved.pk}"' in late.content.decode()


@pytest.mark.parametrize("since", ["", "-1", "x", "9" * 30])
def test_a_page_that_says_no_number_gets_the_whole_board(northwind, mia, since):
    sprint = make_sprint(northwind.workspace, state="active")
    task = make_task(northwind.workspace, sprint=sprint)
    values = {"version": 1, "column": northwind.column("doing").pk, "place": "top"}
    answer = mia.post(to("task_move", task), values, headers={**HTMX, "X-Since": since})
    assert 'id="board-live"' in answer.content.decode()
