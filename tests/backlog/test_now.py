"""Done, now and next: what is read, and what that costs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import clock
from backlog.now import Now
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
        [planned, promised],
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
    with CaptureQueriesContext(connection) as made:
        read(northwind)
    assert len(made) == 3
