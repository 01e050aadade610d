"""Snapshot and changes together are the fresh board, whatever verb was done in between."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.models import Activity
from backlog import actions
from backlog.models import Impediment, Sprint, Task
from campaigns import actions as campaigns
from conversation import actions as conversation
from conversation.files import actions as files
from people import actions as people
from requests_intake import actions as intake
from reviews import actions as reviews
from tests.arranging import arranging
from tests.factories import hang_file, make_sprint, make_task, make_tasks

CARD = re.compile(r'<article class="card".*?</article>', re.S)
COLUMN = re.compile(r'<section class="column" id="column-(\d+)".*?</section>', re.S)
PART = re.compile(r"<template data-(card|gone)=\"task-(\d+)\"([^>]*)>(.*?)</template>", re.S)
HEAD = re.compile(r'<header class="board-head">.*?</header>', re.S)


class Page:
    """A board in a browser: its columns of cards, and the number it shows."""

    def __init__(self, client, slug="northwind"):
        self.client, self.slug = client, slug
        self.load()

    def load(self):
        html = self.client.get(reverse("board_columns", args=[self.slug])).content.decode()
        self.seq = int(re.search(r'data-seq="(\d+)"', html)[1])
        self.head = HEAD.search(html)[0]
        self.columns = {int(m[1]): CARD.findall(m[0]) for m in COLUMN.finditer(html)}

    def catch_up(self):
        answer = self.client.get(
            reverse("board_changes", args=[self.slug]), {"since": str(self.seq)}
        )
        if answer.headers.get("X-Whole"):
            self.load()
            return "whole"
        self.seq = int(answer.headers["X-Seq"])
        if answer.status_code == 204:
            return "nothing"
        html = answer.content.decode()
        self.head = HEAD.search(html)[0]
        for kind, pk, told, card in PART.findall(html):
            self.take_out(pk)
            if kind == "card":
                self.put(card.strip(), told)
        return "cards"

    def take_out(self, pk):
        for cards in self.columns.values():
            cards[:] = [card for card in cards if f'id="task-{pk}"' not in card]

    def put(self, card, told):
        column = self.columns[int(re.search(r'data-column="(\d+)"', told)[1])]
        before = re.search(r'data-before="(.*?)"', told)[1]
        places = [n for n, one in enumerate(column) if before and f'id="{before}"' in one]
        column.insert(places[0] if places else len(column), card)

    def shows(self):
        return self.head, {pk: cards for pk, cards in self.columns.items() if cards}


@pytest.fixture
def running(northwind):
    sprint = make_sprint(northwind.workspace, state="active", committed_points=50)
    for category in ("todo", "doing", "review", "done"):
        make_tasks(northwind.workspace, 3, sprint=sprint, column=northwind.column(category))
    make_tasks(northwind.workspace, 12, sprint=sprint)
    return sprint


def first(sprint, category="todo"):
    return sprint.tasks.filter(column__category=category).order_by("position").first()


def last(sprint, category="todo"):
    return sprint.tasks.filter(column__category=category).order_by("position").last()


def fresh(task):
    return Task.objects.select_related("workspace", "sprint", "column").get(pk=task.pk)


def move(world, sprint, category, **where):
    task = fresh(first(sprint))
    column = world.column(category)
    actions.move_task(task, by=world.lena, version=task.version, column=column, **where)


def edit(world, sprint, **changes):
    task = fresh(first(sprint))
    actions.edit_task(task, by=world.lena, version=task.version, **changes)


def submit(world, title="A flyer"):
    from uuid import uuid4

    return intake.submit_request(
        world.workspace, by=world.sam, submission_id=uuid4(), title=title, deal_value=1_000
    )


def plan_here(world, sprint):
    request = submit(world)
    intake.plan_request(
        request, by=world.mia, version=request.version, words="Yes.", sprint=sprint, reason="Now"
    )


def back(world, sprint):
    plan_here(world, sprint)
    request = submit(world, "Another")
    task = Task.objects.filter(workspace=world.workspace, title="A flyer").latest("pk")
    intake.accept_request(
        request, by=world.mia, version=request.version, words="Yes.", task=fresh(task)
    )
    intake.back_request(request, by=world.chiara, deal_value=9_000)


def rename_link(world, sprint):
    link = actions.add_deliverable(
        fresh(first(sprint)), by=world.lena, label="PDF", url="https://example.com/a.pdf"
    )
    actions.edit_deliverable(link, by=world.mia, label="The flyer", url=link.url)


def pull(world, sprint, **named):
    task = fresh(make_task(world.workspace, "From the backlog", points=1))
    actions.pull_task(
        task, by=world.lena, version=task.version, sprint=sprint, reason="Urgent", **named
    )


def swap(world, sprint):
    pull(world, sprint, swap_out=fresh(first(sprint)))


def edit_sprint(world, sprint, **changes):
    sprint = Sprint.objects.select_related("workspace").get(pk=sprint.pk)
    actions.edit_sprint(sprint, by=world.mia, version=sprint.version, **changes)


def add_steps(world, sprint):
    steps = actions.add_checklist(fresh(first(sprint)), by=world.lena, lines=["One", "Two"])
    actions.tick(steps[0], by=world.lena, done=True)
    actions.remove_step(steps[1], by=world.lena)


def archive(world, sprint):
    task = fresh(first(sprint))
    actions.archive_task(task, by=world.lena, version=task.version)


def restore(world, sprint):
    archive(world, sprint)
    task = Task.objects.select_related("workspace").exclude(archived_at=None).latest("archived_at")
    actions.restore_task(task, by=world.lena)


def several(world, sprint):
    move(world, sprint, "done", to_end=True)
    edit(world, sprint, title="Seen later")
    move(world, sprint, "review", before=first(sprint, "review"))
    archive(world, sprint)


def campaign_of_a_card(world, sprint):
    campaign = campaigns.create_campaign(world.workspace, by=world.mia, name="Fair", hue=95)
    edit(world, sprint, campaign=campaign)


def block(world, sprint):
    todo = sprint.tasks.filter(column__category="todo", blocked_reason="").order_by("position")
    return actions.block_task(fresh(todo.first()), by=world.lena, reason="No account list")


def hand_over(world, sprint):
    raised = block(world, sprint)
    actions.edit_impediment(raised, by=world.grace, version=1, owner=world.sam, reason="No list")


def resolve(world, sprint):
    raised = block(world, sprint)
    actions.resolve_impediment(raised, by=world.grace, how="Called them")


def reopen(world, sprint):
    raised = block(world, sprint)
    actions.resolve_impediment(raised, by=world.grace)
    actions.reopen_impediment(raised, by=world.lena)


def escalate(world, sprint):
    raised = block(world, sprint)
    with arranging():
        Impediment.objects.filter(pk=raised.pk).update(escalates_at=raised.raised_at)
    actions.escalate()


def owner_leaves_and_is_back(world, sprint):
    actions.block_task(fresh(last(sprint)), by=world.lena, reason="Late", owner=world.chiara)
    people.deactivate_member(world.chiara, by=world.mia)
    actions.escalate()
    people.reactivate_member(world.chiara, by=world.mia)
    actions.escalate()


def finish_what_was_blocked(world, sprint):
    task = fresh(block(world, sprint).task)
    actions.move_task(task, by=world.mia, version=task.version, column=world.column("done"))


def wait(world, sprint, **asked):
    return actions.add_wait(fresh(last(sprint)), by=world.lena, **asked)


def wait_and_back(world, sprint):
    waits = wait(world, sprint, thing="The printer", until=sprint.ends_on)
    actions.end_wait(waits, by=world.lena)
    actions.reopen_wait(waits, by=world.lena)


def wait_for_something_else(world, sprint):
    waits = wait(world, sprint, thing="The printer", until=sprint.ends_on)
    actions.edit_wait(waits, by=world.lena, version=1, thing="Printer", until=sprint.starts_on)


def file_and_back(world, sprint):
    file = hang_file(fresh(first(sprint)), world.lena)
    files.restore_file(files.remove_file(file, by=world.lena), by=world.lena)


def finish_what_was_waited_for(world, sprint):
    other = fresh(first(sprint, "review"))
    wait(world, sprint, other=other)
    for version, category in enumerate(("done", "doing"), start=other.version):
        column = world.column(category)
        actions.move_task(other, by=world.mia, version=version, column=column)


VERBS = {
    "move to another column": lambda w, s: move(w, s, "doing"),
    "move above a card": lambda w, s: move(w, s, "review", before=first(s, "review")),
    "move below a card": lambda w, s: move(w, s, "review", after=first(s, "review")),
    "move to the end": lambda w, s: move(w, s, "doing", to_end=True),
    "move within the column": lambda w, s: move(w, s, "todo", after=last(s)),
    "move to done": lambda w, s: move(w, s, "done", to_end=True),
    "edit the title": lambda w, s: edit(w, s, title="Another title"),
    "edit what presses": lambda w, s: edit(w, s, due_on=s.starts_on + timedelta(days=1)),
    "edit the points": lambda w, s: edit(w, s, points=8),
    "assign": lambda w, s: edit(w, s, assignee=w.lena),
    "give a campaign": campaign_of_a_card,
    "new task on the board": lambda w, s: actions.create_task(
        w.workspace, by=w.mia, title="New", sprint=s, reason="It burns"
    ),
    "new task in the backlog": lambda w, s: actions.create_task(w.workspace, by=w.mia, title="N"),
    "many new tasks": lambda w, s: actions.create_tasks(w.workspace, by=w.mia, titles=["A", "B"]),
    "pull": pull,
    "pull and swap out": swap,
    "return to the backlog": lambda w, s: actions.return_task(
        fresh(first(s)), by=w.lena, version=first(s).version, reason="Later"
    ),
    "archive": archive,
    "restore": restore,
    "edit many": lambda w, s: actions.bulk_edit(
        w.workspace, by=w.lena, task_ids=[first(s).pk, last(s).pk], points=5
    ),
    "checklist": add_steps,
    "block": block,
    "hand over what blocks": hand_over,
    "resolve what blocks": resolve,
    "take back that it is solved": reopen,
    "escalate what blocks": escalate,
    "the owner of what blocks leaves, and is back": owner_leaves_and_is_back,
    "finish what was blocked": finish_what_was_blocked,
    "wait for a task": lambda w, s: wait(w, s, other=first(s)),
    "wait for a thing, and back": wait_and_back,
    "wait for something else": wait_for_something_else,
    "finish what was waited for": finish_what_was_waited_for,
    "file": lambda w, s: hang_file(fresh(first(s)), w.lena),
    "file removed": lambda w, s: files.remove_file(
        hang_file(fresh(first(s)), w.lena), by=w.lena
    ),
    "file removed and brought back": file_and_back,
    "comment": lambda w, s: conversation.add_comment(fresh(first(s)), by=w.sam, text="Nice."),
    "deliverable": lambda w, s: actions.add_deliverable(
        fresh(first(s)), by=w.lena, label="PDF", url="https://example.com/a.pdf"
    ),
    "deliverable renamed": rename_link,
    "a request comes in": lambda w, s: submit(w),
    "a request is planned here": plan_here,
    "somebody backs it": back,
    "the goal": lambda w, s: edit_sprint(w, s, goal="Another goal"),
    "the last day": lambda w, s: edit_sprint(w, s, ends_on=s.ends_on + timedelta(days=1)),
    "capacity": lambda w, s: actions.set_capacity(s, by=w.mia, member=w.lena, points=8, note=""),
    "a colleague's name": lambda w, s: people.update_profile(
        w.lena.user, name="Lena Anders", time_zone="UTC", locale="en"
    ),
    "the sprint ends": lambda w, s: reviews.close_sprint(
        Sprint.objects.select_related("workspace").get(pk=s.pk), by=w.mia
    ),
    "several, one after the other": several,
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["mia", "sam"])
def test_a_page_that_catches_up_shows_what_a_fresh_one_does(
    northwind, running, client_of, verb, name
):
    make_sprint(northwind.workspace, 14)
    client = client_of(getattr(northwind, name))
    page = Page(client)
    VERBS[verb](northwind, running)
    page.catch_up()
    now = Page(client)
    assert page.shows() == now.shows()
    assert page.seq == now.seq
    assert page.catch_up() == "nothing"


def test_every_verb_that_the_board_shows_was_tried(northwind, running, client_of):
    make_sprint(northwind.workspace, 14)
    for name, verb in VERBS.items():
        if name != "the sprint ends":
            verb(northwind, Sprint.objects.select_related("workspace").get(pk=running.pk))
    told = set(
        Activity.objects.filter(subject_type__startswith="backlog.").values_list("verb", flat=True)
    )
    assert told >= {
        "task_created",
        "tasks_created",
        "task_edited",
        "tasks_edited",
        "task_moved",
        "task_pulled",
        "task_returned",
        "task_archived",
        "task_restored",
        "task_promised",
        "origin_set",
        "deliverable_added",
        "deliverable_edited",
        "sprint_edited",
        "capacity_set",
        "task_blocked",
        "task_unblocked",
        "impediment_edited",
        "impediment_handed_over",
        "impediment_reopened",
        "impediment_escalated",
        "impediment_owner_back",
        "wait_added",
        "wait_edited",
        "wait_ended",
        "wait_reopened",
        "wait_over",
        "wait_back",
    }


def test_what_steps_aside_for_a_card_is_seen_by_nobody(northwind, running, client_of):
    """Rows get other numbers when a gap is used up: no card, no version and no event of theirs."""
    tasks = list(running.tasks.ranked())
    with arranging():
        for position, task in enumerate(tasks):  # no room between any two
            Task.objects.filter(pk=task.pk).update(position=position)
    page = Page(client_of(northwind.mia))
    was = {task.pk: task.version for task in tasks}
    above, below = (fresh(task) for task in tasks[12:14])  # both in the first column
    moving, seq = fresh(last(running, "done")), page.seq
    actions.move_task(
        moving, by=northwind.lena, version=moving.version, column=above.column, after=above
    )
    now = {task.pk: task for task in running.tasks.all()}
    stepped = [pk for n, pk in enumerate(was) if now[pk].position != n and pk != moving.pk]
    assert below.pk in stepped  # it was renumbered indeed
    assert {pk: now[pk].version for pk in was if pk != moving.pk} == {
        pk: version for pk, version in was.items() if pk != moving.pk
    }
    assert Activity.objects.filter(workspace=northwind.workspace, seq__gt=seq).count() == 1
    answer = page.client.get(reverse("board_changes", args=["northwind"]), {"since": str(seq)})
    assert answer.content.decode().count("<article") == 1
    assert page.catch_up() == "cards"
    assert page.shows() == Page(page.client).shows()
    # and who saw one of them before it was renumbered may still move it
    actions.move_task(below, by=northwind.mia, version=below.version, column=moving.column)


def test_one_card_costs_one_card(northwind, running, client_of):
    make_tasks(northwind.workspace, 150, sprint=running)
    page = Page(client_of(northwind.mia))
    edit(northwind, running, title="Another title")
    with CaptureQueriesContext(connection) as queries:
        answer = page.client.get(
            reverse("board_changes", args=["northwind"]), {"since": str(page.seq)}
        )
    assert answer.content.count(b"<article") == 1
    own = [q for q in queries if 'FROM "backlog_' in q["sql"] or 'FROM "activity_' in q["sql"]]
    assert len(own) <= 4  # activities, sprints, cards, columns


def test_many_cards_are_the_whole_board(northwind, running, client_of):
    tasks = make_tasks(northwind.workspace, 61, sprint=running)
    page = Page(client_of(northwind.mia))
    actions.bulk_edit(
        northwind.workspace, by=northwind.mia, task_ids=[task.pk for task in tasks], points=1
    )
    assert page.catch_up() == "whole"


def test_a_number_that_was_never_given_is_the_whole_board(northwind, running, client_of):
    page = Page(client_of(northwind.mia))
    page.seq += 1_000
    assert page.catch_up() == "whole"


def test_nothing_new_costs_no_read_of_the_board(northwind, running, client_of):
    page = Page(client_of(northwind.mia))
    address = reverse("board_changes", args=["northwind"])
    first_answer = page.client.get(address, {"since": str(page.seq)})
    assert first_answer.status_code == 204
    with CaptureQueriesContext(connection) as queries:
        again = page.client.get(
            address,
            {"since": str(page.seq)},
            headers={"If-None-Match": first_answer.headers["ETag"]},
        )
    assert again.status_code == 304
    assert not any("backlog_" in query["sql"] for query in queries)


@pytest.mark.parametrize("told", ["", "x", "-1", "1.5", "٣", "9" * 40, "1;2"])
def test_what_is_no_number_is_said(northwind, running, client_of, told):
    client = client_of(northwind.mia)
    answer = client.get(reverse("board_changes", args=["northwind"]), {"since": told})
    assert answer.status_code == 400
