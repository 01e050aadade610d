"""The read of the board: cards that are functions of their row, sums, and the fragment's ETag."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from activity import clock
from backlog import actions, metrics
from backlog import board as reading
from backlog.models import Column, Sprint, Task
from campaigns.models import Campaign
from people.actions import update_profile
from people.models import Membership
from tests.arranging import arranging
from tests.factories import World, make_sprint, make_task, make_tasks

TODAY = date(2026, 12, 8)


@pytest.fixture
def running(northwind: World) -> Sprint:
    return make_sprint(northwind.workspace, state="active", committed_points=50)


def board_address(world: World) -> str:
    return reverse("board", args=[world.workspace.slug])


def columns_address(world: World) -> str:
    return reverse("board_columns", args=[world.workspace.slug])


def row_of(task: Task) -> reading.CardRow:
    return next(row for row in reading.card_rows(task.sprint) if row.pk == task.pk)


def colourful_task(world: World, sprint: Sprint, **fields: object) -> Task:
    with arranging():
        campaign = Campaign.objects.create(workspace=world.workspace, name="Kestrel launch")
    return make_task(
        world.workspace,
        "Battle card <b>P9</b>",
        sprint=sprint,
        campaign=campaign,
        assignee=world.lena,
        points=3,
        due_on=TODAY + timedelta(days=1),
        origin_name="Kenji Mori",
        origin_backers=3,
        origin_value=220_000,
        comment_count=7,
        file_count=2,
        checklist_total=5,
        checklist_done=3,
        is_unplanned=True,
        blocked_reason="CRM must send the account list",
        blocked_on=TODAY - timedelta(days=3),
        blocked_owner=world.grace,
        wait_count=1,
        wait_until=TODAY + timedelta(days=2),
        **fields,
    )


def test_a_remembered_card_equals_one_drawn_afresh(northwind, running):
    row = row_of(colourful_task(northwind, running))
    first = reading.render_card(row, TODAY)
    again = reading.render_card(row, TODAY)
    assert again is first  # it came from memory
    assert again == reading.draw_card(row, row.days(TODAY))


def test_a_card_changes_with_each_column_of_its_row(northwind, running):
    row = row_of(colourful_task(northwind, running))
    drawn = reading.draw_card(row, row.days(TODAY))
    # where it lies is not in the card: an open page moves it as it is
    unseen = {"column_id", "category", "workspace_slug"}
    others = {
        "pk": 9_999,
        "number": 9_999,
        "version": 77,
        "title": "Another",
        "points": 8,
        "due_on": None,
        "is_unplanned": False,
        "carried": 2,
        "channel_id": 9_999,
        "campaign_id": 9_999,
        "campaign": "Water Week",
        "campaign_hue": 235,
        "assignee_id": 9_999,
        "assignee_name": "Somebody Else",
        "assignee_initials": "SE",
        "assignee_role": "sales",
        "assignee_hue": 300,
        "origin_name": "Sam Whitfield",
        "origin_backers": 9,
        "origin_value": 1,
        "comment_count": 8,
        "file_count": 3,
        "checklist_total": 6,
        "checklist_done": 4,
        "blocked_reason": "",
        "blocked_on": TODAY,
        "blocked_owner": "Somebody Else",
        "is_escalated": True,
        "wait_count": 2,
        "wait_number": 9_999,
        "wait_until": TODAY + timedelta(days=9),
        "workspace_key": "XX",
        "currency": "USD",
    }
    assert set(others) | unseen == set(row._fields)
    for name, value in others.items():
        changed = row._replace(**{name: value})
        assert reading.draw_card(changed, row.days(TODAY)) != drawn, name


def test_a_row_holds_plain_values_of_one_type_each(northwind, running):
    colourful_task(northwind, running)
    make_task(northwind.workspace, sprint=running)
    kinds = [
        {type(value) for value in column}
        for column in zip(*reading.card_rows(running), strict=True)
    ]
    for found in kinds:
        assert len(found - {type(None)}) <= 1
        assert found <= {str, int, bool, date, type(None)}


def test_a_card_in_another_language_is_another_card(northwind, running):
    row = row_of(colourful_task(northwind, running))
    english = reading.render_card(row, TODAY)
    with translation.override("de"):
        assert reading.render_card(row, TODAY) is not english


def test_a_card_escapes_what_people_typed(northwind, running):
    drawn = reading.draw_card(row_of(colourful_task(northwind, running)), reading.CardDays())
    assert "Battle card &lt;b&gt;P9&lt;/b&gt;" in drawn
    assert "<b>P9" not in drawn


def test_a_card_holds_no_form_and_no_token(northwind, running, client_of):
    colourful_task(northwind, running)
    page = client_of(northwind.mia).get(columns_address(northwind)).content.decode()
    assert "NW-1" in page
    assert "<form" not in page
    assert "csrf" not in page


@pytest.mark.parametrize(
    ("days", "words"),
    [(-1, "1 day late"), (-3, "3 days late"), (0, "Today"), (1, "Tomorrow"), (4, "Sat 12")],
)
def test_the_alarm_of_a_card_follows_the_workspaces_today(northwind, running, days, words):
    task = make_task(northwind.workspace, sprint=running, due_on=TODAY + timedelta(days=days))
    assert words in reading.render_card(row_of(task), TODAY)


def test_what_presses_is_marked_so_that_a_done_card_hides_it(northwind, running):
    task = make_task(northwind.workspace, sprint=running, due_on=TODAY - timedelta(days=2))
    assert '<span class="chip chip-bad" data-open>' in reading.render_card(row_of(task), TODAY)


def test_a_card_says_who_in_sales_asked_and_what_hangs_on_it(northwind, running):
    drawn = reading.draw_card(row_of(colourful_task(northwind, running)), reading.CardDays())
    assert "From <b>Kenji</b> in Sales, 3 more back it" in drawn
    assert "€220k" in drawn


@pytest.mark.parametrize(
    ("cards", "state", "words"),
    [
        (4, "", "<span data-count>4</span> of 5"),
        (5, "at", "<span data-count>5</span> of 5"),
        (6, "over", "<span data-count>6</span> of 5"),
    ],
)
def test_a_column_says_how_it_stands_to_its_limit(
    northwind, running, client_of, cards, state, words
):
    make_tasks(northwind.workspace, cards, sprint=running, column=northwind.column("doing"))
    page = client_of(northwind.sam).get(board_address(northwind)).content.decode()
    assert words in page
    assert ('data-state="at"' in page) is (state == "at")
    assert ('data-state="over"' in page) is (state == "over")


def test_the_sums_of_the_head_are_those_of_the_metrics(northwind, running):
    for category, points in (("todo", 2), ("doing", 3), ("review", 5), ("done", 8)):
        make_task(
            northwind.workspace, sprint=running, column=northwind.column(category), points=points
        )
    make_task(northwind.workspace, sprint=running, points=13, is_unplanned=True)
    done = northwind.column("done")
    make_task(northwind.workspace, sprint=running, column=done, points=4, is_unplanned=True)
    make_task(northwind.workspace, sprint=running, points=21, archived_at=clock.now())
    totals = reading.Board(northwind.workspace).totals
    progress = metrics.sprint_progress(running)
    assert totals is not None
    assert (totals.done, totals.review, totals.doing) == (12, 5, 3)
    assert totals.done_of_committed == progress.done_of_committed == 8
    assert (totals.done, totals.review, totals.doing, totals.unplanned) == (
        progress.done,
        progress.review,
        progress.doing,
        progress.unplanned,
    )
    assert (totals.committed, totals.allowance) == (progress.committed, progress.allowance)


def test_the_board_shows_the_running_sprint_in_columns(northwind, running, client_of):
    doing = northwind.column("doing")
    task = make_task(northwind.workspace, "Press kit", sprint=running, column=doing)
    page = client_of(northwind.sam).get(board_address(northwind)).content.decode()
    assert running.goal in page
    column = page.split(f'data-column-id="{doing.pk}"')[1].split("</section>")[0]
    assert f'id="task-{task.pk}"' in column
    assert 'data-category="doing"' in page


def test_a_column_that_goes_while_the_board_is_read_is_no_fault(northwind, running):
    task = make_task(northwind.workspace, sprint=running)
    board = reading.Board(northwind.workspace)
    assert len(board.rows) == 1
    with arranging():
        gone, other = Column.objects.filter(workspace=northwind.workspace)[:2]
        Task.objects.filter(pk=task.pk).update(column=other)
        Column.objects.filter(pk=gone.pk).delete()
    assert gone not in [column.column for column in board.columns]


def test_between_sprints_the_board_shows_the_finished_one_and_invites_to_plan(northwind, client_of):
    make_sprint(northwind.workspace, 1, state="closed", goal="The first")
    over = make_sprint(northwind.workspace, 2, state="closed", goal="The second")
    make_sprint(northwind.workspace, 3, goal="The third")
    make_task(northwind.workspace, "Poster", sprint=over, column=northwind.column("done"))
    page = client_of(northwind.mia).get(board_address(northwind)).content.decode()
    assert "The second" in page
    assert "Poster" in page
    assert "Sprint 2 is over." in page
    assert reverse("plan_sprint", args=["northwind", 3]) in page
    assert "data-can-edit" not in page  # what is over is not moved


def test_before_the_first_sprint_the_board_says_what_to_do(northwind, client_of):
    mia = client_of(northwind.mia)
    assert "No sprint has started yet" in mia.get(board_address(northwind)).content.decode()
    make_sprint(northwind.workspace, 1)
    page = mia.get(board_address(northwind)).content.decode()
    assert reverse("plan_sprint", args=["northwind", 1]) in page


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_see_the_board_without_its_tools(northwind, running, client_of, name):
    make_task(northwind.workspace, "Press kit", sprint=running)
    page = client_of(getattr(northwind, name)).get(board_address(northwind)).content.decode()
    assert "Press kit" in page
    assert "data-can-edit" not in page
    assert 'id="card-menu"' not in page
    assert reverse("new_task", args=["northwind"]) not in page


def test_a_marketer_has_the_tools(northwind, running, client_of):
    page = client_of(northwind.mia).get(board_address(northwind)).content.decode()
    assert "data-can-edit" in page
    assert 'id="card-menu"' in page
    assert reverse("new_task", args=["northwind"]) in page


def test_the_board_of_another_workspace_does_not_exist(northwind, fjord, client_of):
    for address in (board_address(northwind), columns_address(northwind)):
        assert client_of(fjord.ola).get(address).status_code == 404


@pytest.mark.parametrize("address", [board_address, columns_address])
@pytest.mark.parametrize("name", ["mia", "sam"])
def test_the_board_costs_the_same_however_full_it_is(northwind, running, client_of, name, address):
    client = client_of(getattr(northwind, name))
    make_sprint(northwind.workspace, 14)
    _cards(northwind, running, 5)
    client.get(address(northwind))
    with CaptureQueriesContext(connection) as few:
        client.get(address(northwind))
    _cards(northwind, running, 195)
    with CaptureQueriesContext(connection) as many:
        client.get(address(northwind))
    assert len(many) == len(few)
    own = [query for query in many if '"backlog_' in query["sql"].split("FROM", 1)[-1][:40]]
    # sprints, cards, columns; the page also the reader's view, channels, a young one's first steps
    assert len(own) <= 6


def _cards(world: World, sprint: Sprint, count: int) -> None:
    with arranging():
        campaign, _new = Campaign.objects.get_or_create(workspace=world.workspace, name="Fair")
    make_tasks(
        world.workspace,
        count,
        sprint=sprint,
        assignee=world.lena,
        campaign=campaign,
        column=world.column("doing"),
    )


def test_the_fragment_may_be_kept_and_is_asked_for_again(northwind, running, client_of):
    answer = client_of(northwind.sam).get(columns_address(northwind))
    assert answer["ETag"]
    assert {part.strip() for part in answer["Cache-Control"].split(",")} == {"private", "no-cache"}


def test_a_page_with_tokens_is_kept_by_nobody(northwind, running, client_of):
    answer = client_of(northwind.sam).get(board_address(northwind))
    assert "no-store" in answer["Cache-Control"]
    assert not answer.has_header("ETag")


def _again(client, world: World, name: str):
    return client.get(columns_address(world), headers={"If-None-Match": name})


def test_an_unchanged_board_is_a_304_of_three_queries(northwind, running, client_of):
    client = client_of(northwind.sam)
    name = client.get(columns_address(northwind))["ETag"]
    with CaptureQueriesContext(connection) as queries:
        answer = _again(client, northwind, name)
    assert (answer.status_code, answer.content) == (304, b"")
    assert len(queries) == 3  # session, user, membership with its workspace


def test_any_change_of_the_workspace_ends_the_304(northwind, running, client_of):
    client = client_of(northwind.sam)
    name = client.get(columns_address(northwind))["ETag"]
    actions.create_task(northwind.workspace, by=northwind.mia, title="Another")
    assert _again(client, northwind, name).status_code == 200


def test_the_workspaces_next_day_ends_the_304(northwind, running, client_of, monkeypatch):
    client = client_of(northwind.sam)
    name = client.get(columns_address(northwind))["ETag"]
    monkeypatch.setattr("people.models.Workspace.today", lambda self: date(2030, 1, 1))
    assert _again(client, northwind, name).status_code == 200


def test_the_name_of_a_board_is_one_readers_own(northwind, running, client_of):
    sam = client_of(northwind.sam).get(columns_address(northwind))["ETag"]
    mia = client_of(northwind.mia).get(columns_address(northwind))["ETag"]
    assert sam != mia


def test_moving_to_another_zone_ends_the_304(northwind, running, client_of):
    client = client_of(northwind.sam)
    name = client.get(columns_address(northwind))["ETag"]
    update_profile(northwind.sam.user, name="Sam Whitfield", time_zone="Asia/Tokyo", locale="en")
    assert _again(client, northwind, name).status_code == 200


def test_another_role_ends_the_304(northwind, running, client_of):
    client = client_of(northwind.lena)
    name = client.get(columns_address(northwind))["ETag"]
    with arranging():
        Membership.objects.filter(pk=northwind.lena.pk).update(role="manager")
    assert _again(client, northwind, name).status_code == 200


def test_who_was_deactivated_gets_no_304(northwind, running, client_of):
    client = client_of(northwind.sam)
    name = client.get(columns_address(northwind))["ETag"]
    with arranging():
        Membership.objects.filter(pk=northwind.sam.pk).update(is_active=False)
    assert _again(client, northwind, name).status_code == 404
