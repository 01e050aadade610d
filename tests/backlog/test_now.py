"""Done, now and next: what is read, and what that costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import clock
from backlog import actions
from backlog.now import WALL, Now
from campaigns.models import Campaign
from tests.arranging import arranging
from tests.factories import World, make_sprint, make_task, make_tasks


def read(world: World) -> list[object]:
    now = Now(world.workspace)
    return [now.done, [(group.name, group.tasks) for group in now.groups], now.rest, now.planned]


def test_each_task_stands_where_its_column_and_sprint_say(northwind):
    space, at = northwind.workspace, clock.now()
    over = make_sprint(space, 12, state="closed")
    running = make_sprint(space, 13, state="active")
    following = make_sprint(space, 14)
    with arranging():
        fair = Campaign.objects.create(workspace=space, name="Fair")
    done = northwind.column("done")
    old = make_task(space, sprint=over, column=done, done_at=at)
    new = make_task(space, sprint=running, column=done, done_at=at)
    loose = make_task(space, sprint=running, column=northwind.column("review"))
    doing = make_task(space, sprint=running, column=northwind.column("doing"), campaign=fair)
    todo = make_task(space, sprint=running)
    planned = make_task(space, sprint=following)
    promised = make_task(space, promised_sprint=following)
    make_task(space, "Only in the backlog")
    make_task(space, sprint=running, archived_at=at)

    assert read(northwind) == [
        [new, old],
        [("Fair", [doing]), ("", [loose])],
        [todo],
        [promised, planned],
    ]


def test_before_the_first_sprint_there_is_nothing(northwind):
    assert read(northwind) == [[], [], [], []]


def test_what_the_sprint_before_did_is_left_out_once_enough_is_done(northwind):
    over = make_sprint(northwind.workspace, 12, state="closed")
    running = make_sprint(northwind.workspace, 13, state="active")
    done = {"column": northwind.column("done"), "done_at": clock.now()}
    make_task(northwind.workspace, sprint=over, **done)
    make_tasks(northwind.workspace, 4, sprint=running, **done)
    assert {task.sprint_id for task in Now(northwind.workspace).done} == {running.pk}


@pytest.mark.parametrize("amount", [5, 200])
def test_it_costs_three_queries_however_full(northwind, amount):
    running = make_sprint(northwind.workspace, 13, state="active")
    make_tasks(northwind.workspace, amount, sprint=running, assignee=northwind.lena)
    done = {"column": northwind.column("done"), "done_at": clock.now()}
    make_tasks(northwind.workspace, amount, sprint=running, **done)
    with CaptureQueriesContext(connection) as made:
        read(northwind)
    assert len(made) == 3


def test_a_promise_in_the_running_sprint_is_not_next(northwind):
    running = make_sprint(northwind.workspace, 13, state="active")
    following = make_sprint(northwind.workspace, 14)
    make_task(northwind.workspace, sprint=running, promised_sprint=following)
    assert Now(northwind.workspace).planned == []


def test_the_sprints_ahead_are_named_with_the_first_of_their_tasks(northwind):
    made = [make_sprint(northwind.workspace, number) for number in (14, 15, 16, 17)]
    make_tasks(northwind.workspace, 8, sprint=made[0])
    [late] = make_tasks(northwind.workspace, 1, promised_sprint=made[0])
    found = Now(northwind.workspace).coming
    assert [coming.sprint.number for coming in found] == [14, 15, 16]
    assert [(len(coming.tasks), coming.more) for coming in found] == [(6, 3), (0, 0), (0, 0)]
    assert found[0].tasks[0] == late


def test_a_wall_shows_fewer_lines_and_says_how_many_are_left(northwind):
    running = make_sprint(northwind.workspace, 13, state="active")
    make_tasks(northwind.workspace, 9, sprint=running, column=northwind.column("doing"))
    make_tasks(northwind.workspace, 9, sprint=running)
    ready = make_task(northwind.workspace, sprint=running, column=northwind.column("review"))
    now = Now(northwind.workspace, WALL)
    [group] = now.groups
    assert (group.tasks[0], len(group.tasks), now.more_in_work) == (ready, 4, 6)
    assert (len(now.first_of_rest), now.more_rest) == (2, 7)


ADDRESS = "/w/northwind/now/columns/"


@pytest.fixture
def scene(northwind):
    running = make_sprint(northwind.workspace, 13, state="active")
    with arranging():
        fair = Campaign.objects.create(workspace=northwind.workspace, name="Analytica fair")
    done = make_task(
        northwind.workspace, "Sixty-second film", sprint=running,
        column=northwind.column("done"), done_at=clock.now(),
    )  # fmt: skip
    actions.add_deliverable(
        done, by=northwind.mia, label="The film", url="https://files.example/film"
    )
    make_task(
        northwind.workspace, "One-page flyer", sprint=running, column=northwind.column("doing"),
        campaign=fair, origin_name="Sam Whitfield", origin_backers=4, assignee=northwind.lena,
    )  # fmt: skip
    following = make_sprint(northwind.workspace, 14, goal="Turn meetings into visits")
    make_task(northwind.workspace, "Slides for Dairyland", promised_sprint=following)
    return running


def test_the_page_says_what_is_done_in_work_and_next_and_who_asked(northwind, client_of, scene):
    html = client_of(northwind.sam).get("/w/northwind/now/").content.decode()
    done, doing, following = (html.index(f'id="{name}"') for name in ("done", "doing", "next"))
    assert done < html.index("Sixty-second film") < doing
    assert 'href="https://files.example/film"' in html
    assert doing < html.index("Analytica fair") < html.index("One-page flyer") < following
    assert "Sam and 4 more" in html
    assert following < html.index("Turn meetings into visits") < html.index("Slides for Dairyland")


def test_the_fragment_holds_no_token_and_no_frame(northwind, client_of, scene):
    part = client_of(northwind.sam).get(ADDRESS)
    html = part.content.decode()
    assert html.lstrip().startswith('<div class="now-live"')
    assert "csrf" not in html.lower()
    assert part.headers["Cache-Control"] == "private, no-cache"


def test_unchanged_columns_cost_no_bytes_and_a_change_makes_them_new(northwind, client_of, scene):
    client = client_of(northwind.sam)
    etag = client.get(ADDRESS).headers["ETag"]
    same = client.get(ADDRESS, headers={"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    actions.create_task(northwind.workspace, by=northwind.mia, title="Something new")
    assert client.get(ADDRESS, headers={"If-None-Match": etag}).status_code == 200


def test_another_day_makes_the_columns_new_and_the_page_knows_when_that_is(
    northwind, client_of, scene, monkeypatch
):
    client, now = client_of(northwind.sam), clock.now()
    before = client.get(ADDRESS)
    ends = int(re.search(r'data-day-ends="(\d+)"', before.content.decode())[1])
    assert now.timestamp() < ends <= now.timestamp() + 25 * 3600
    monkeypatch.setattr("activity.clock.system_now", lambda: datetime.fromtimestamp(ends, UTC))
    after = client.get(ADDRESS, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200


def test_who_left_gets_nothing_even_with_the_right_name_of_it(northwind, client_of, scene):
    client = client_of(northwind.sam)
    etag = client.get(ADDRESS).headers["ETag"]
    with arranging():
        northwind.sam.is_active = False
        northwind.sam.save()
    assert client.get(ADDRESS, headers={"If-None-Match": etag}).status_code == 404


def test_a_wall_screen_has_no_invitation_and_stays_awake(northwind, client_of, scene):
    page = client_of(northwind.sam).get("/w/northwind/now/")
    wall = client_of(northwind.sam).get("/w/northwind/now/?screen=1")
    assert "Tell Marketing" in page.content.decode()
    assert "data-awake" not in page.content.decode()
    assert "Tell Marketing" not in wall.content.decode()
    assert "data-awake" in wall.content.decode()
    assert f"{ADDRESS}?screen=1" in wall.content.decode()


def test_between_sprints_it_says_so(northwind, client_of):
    make_sprint(northwind.workspace, 12, state="closed")
    html = client_of(northwind.sam).get("/w/northwind/now/").content.decode()
    assert "Sprint 12 is over" in html
    assert "Between two sprints" in html
