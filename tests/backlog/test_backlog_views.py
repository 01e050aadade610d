"""The backlog's page: its order, its pages and filters, pasting, ranking and changing in bulk."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity import clock
from activity.models import Activity
from backlog import actions
from backlog.models import Channel, Task
from campaigns.models import Campaign
from tests.arranging import arranging
from tests.factories import World, make_sprint, make_task, make_tasks

# Session, user, membership, and the two of the frame (requests waiting, other workspaces)
FRAME = 5
BACKLOG = "/w/northwind/backlog/"
LIST = {"HX-Request": "true", "HX-Target": "div#backlog-list"}


@pytest.fixture
def mia(northwind: World, client_of: Any) -> Client:
    return client_of(northwind.mia)


def listed(client: Client, **query: object) -> list[str]:
    """Return the keys of the rows that a page shows, from top to bottom."""
    address = f"{BACKLOG}?{urlencode(query)}" if query else BACKLOG
    return keys(client.get(address))


def keys(answer: Any) -> list[str]:
    return re.findall(r'<li class="item" id="row-\d+" data-key="([^"]+)"', answer.content.decode())


def rank(client: Client, task: Task, headers: dict[str, str] | None = None, **data: object) -> Any:
    address = reverse("task_rank", args=["northwind", task.key])
    return client.post(address, data, headers=headers or {})


# Reading ----------------------------------------------------------------------------------------


def test_the_backlog_lists_what_is_in_no_sprint_by_rank(northwind, mia):
    first, second = make_tasks(northwind.workspace, 2)
    make_task(northwind.workspace, sprint=make_sprint(northwind.workspace))
    make_task(northwind.workspace, archived_at=clock.now())
    actions.rank_task(second, by=northwind.mia, version=1, top=True)
    assert listed(mia) == [second.key, first.key]


def test_a_row_says_who_asked_what_hangs_on_it_and_what_was_promised(northwind, mia):
    make_task(
        northwind.workspace,
        "Follow-up page",
        origin_name="Hannah Schulz",
        origin_backers=2,
        origin_value=140_000,
        promised_sprint=make_sprint(northwind.workspace, 14),
        impact=5,
        effort=3,
        points=5,
    )
    page = mia.get(BACKLOG).content.decode()
    for words in ("Hannah +2", "€140k", "Sprint 14", "Impact highest, effort medium", "5 points"):
        assert words in page


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_read_it_without_tools(northwind, client_of, name):
    task = make_task(northwind.workspace, "Poster")
    page = client_of(getattr(northwind, name)).get(BACKLOG).content.decode()
    assert "Poster" in page
    for tool in ("quick_add", "backlog_bulk", "new_task"):
        assert reverse(tool, args=["northwind"]) not in page
    assert reverse("task_rank", args=["northwind", task.key]) not in page
    assert 'type="checkbox"' not in page


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_change_nothing(northwind, client_of, name):
    task = make_task(northwind.workspace)
    client = client_of(getattr(northwind, name))
    assert rank(client, task, version=1, to="top").status_code == 403
    add = client.post(reverse("quick_add", args=["northwind"]), {"lines": "One"})
    assert add.status_code == 403
    bulk = client.post(
        reverse("backlog_bulk", args=["northwind"]), {"task": task.pk, "do": "archive"}
    )
    assert bulk.status_code == 403
    assert Task.objects.get().archived_at is None


def test_another_workspaces_backlog_does_not_exist(northwind, fjord, client_of):
    task = make_task(northwind.workspace)
    ola = client_of(fjord.ola)
    assert ola.get(BACKLOG).status_code == 404
    assert rank(ola, task, version=1, to="top").status_code == 404
    bulk = ola.post(reverse("backlog_bulk", args=["fjord"]), {"task": task.pk, "do": "archive"})
    assert bulk.status_code == 422  # his own backlog knows no such task
    assert Task.objects.get().archived_at is None


@pytest.mark.parametrize(("name", "own"), [("mia", 6), ("sam", 6)])
def test_the_backlog_costs_the_same_however_full_it_is(northwind, client_of, name, own):
    client = client_of(getattr(northwind, name))
    with arranging():
        campaign = Campaign.objects.create(workspace=northwind.workspace, name="Fair")
        channel = Channel.objects.create(workspace=northwind.workspace, name="PR", position=1)
    promised = make_sprint(northwind.workspace)
    fields = {
        "campaign": campaign,
        "channel": channel,
        "assignee": northwind.lena,
        "promised_sprint": promised,
    }
    make_tasks(northwind.workspace, 5, **fields)
    client.get(BACKLOG)
    with CaptureQueriesContext(connection) as few:
        client.get(BACKLOG)
    make_tasks(northwind.workspace, 90, **fields)
    with CaptureQueriesContext(connection) as many:
        client.get(BACKLOG)
    assert len(many) == len(few)
    make_tasks(northwind.workspace, 105, **fields)
    with CaptureQueriesContext(connection) as paged:
        client.get(BACKLOG)
    assert len(paged) <= len(few) + 1  # more than a page: its tasks are counted, up to a cap
    assert len(paged) - FRAME <= own


def test_a_count_is_capped(northwind, mia, monkeypatch):
    monkeypatch.setattr("backlog.views.backlog.COUNTED", 110)
    make_tasks(northwind.workspace, 112)
    assert '<b class="num">110+</b>' in mia.get(BACKLOG).content.decode()


@pytest.mark.parametrize("sort", ["rank", "demand", "impact", "age"])
def test_pages_follow_each_other_without_gap_or_double(northwind, mia, sort, monkeypatch):
    monkeypatch.setattr("backlog.views.backlog.PAGE", 7)
    tasks = make_tasks(northwind.workspace, 25)
    for place, task in enumerate(tasks):  # many ties: the order must still be one
        task.origin_value, task.origin_backers = place % 3 * 1000, place % 2
        task.impact, task.effort = place % 5 + 1, place % 2 + 1 if place % 4 else None
    with arranging():
        names = ["origin_value", "origin_backers", "impact", "effort"]
        Task.objects.bulk_update(tasks, names)
    seen: list[str] = []
    address = f"{BACKLOG}?sort={sort}"
    for _page in range(4):
        answer = mia.get(address)
        seen += keys(answer)
        more = re.search(r'href="(\?[^"]+)" rel="next"', answer.content.decode())
        if more is None:
            break
        address = BACKLOG + more.group(1).replace("&amp;", "&")
    assert more is None
    assert len(seen) == 25
    assert set(seen) == {task.key for task in tasks}


def test_a_later_page_goes_on_counting_the_ranks(northwind, mia, monkeypatch):
    monkeypatch.setattr("backlog.views.backlog.PAGE", 2)
    make_tasks(northwind.workspace, 3)
    more = re.search(r'href="(\?[^"]+)" rel="next"', mia.get(BACKLOG).content.decode())
    assert more is not None
    assert "</span>3</span>" in mia.get(BACKLOG + more.group(1)).content.decode()


def test_sorting_puts_the_wanted_on_top(northwind, mia):
    plain, wanted, worthy = make_tasks(northwind.workspace, 3)
    with arranging():
        Task.objects.filter(pk=wanted.pk).update(origin_value=180_000, origin_backers=4)
        Task.objects.filter(pk=worthy.pk).update(impact=5, effort=1)
    assert listed(mia, sort="demand")[0] == wanted.key
    assert listed(mia, sort="impact")[0] == worthy.key
    assert listed(mia, sort="age")[0] == plain.key


def test_filters_narrow_the_list(northwind, mia):
    with arranging():
        campaign = Campaign.objects.create(workspace=northwind.workspace, name="Fair")
        channel = Channel.objects.create(workspace=northwind.workspace, name="PR", position=1)
    space = northwind.workspace
    promised = make_task(space, "Promised", promised_sprint=make_sprint(space))
    asked = make_task(space, "Asked", origin_name="Sam Whitfield")
    mine = make_task(space, "Hers", assignee=northwind.mia, campaign=campaign)
    hers = make_task(space, "Lena's", assignee=northwind.lena, channel=channel)
    gone = make_task(space, "Gone", archived_at=clock.now())
    assert listed(mia, show="promised") == [promised.key]
    assert listed(mia, show="sales") == [asked.key]
    assert listed(mia, show="mine") == [mine.key]
    assert listed(mia, show="unassigned") == [promised.key, asked.key]
    assert listed(mia, show="archived") == [gone.key]
    assert listed(mia, campaign=campaign.pk) == [mine.key]
    assert listed(mia, channel=channel.pk) == [hers.key]
    assert listed(mia, assignee=northwind.lena.pk) == [hers.key]
    assert listed(mia, assignee=northwind.lena.pk, campaign=campaign.pk) == []


def test_search_finds_titles_and_keys(northwind, mia):
    first, second = make_tasks(northwind.workspace, 2, title="Poster for Munich")
    flyer = make_task(northwind.workspace, "Flyer")
    assert listed(mia, q="munich POSTER") == [first.key, second.key]
    assert listed(mia, q=flyer.key) == [flyer.key]
    assert listed(mia, q=str(flyer.number)) == [flyer.key]
    assert listed(mia, q="100%") == []
    assert "No task has all of these" in mia.get(f"{BACKLOG}?q=nothing").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "sort=fancy",
        "show=everything",
        "channel=x",
        "campaign=999999999999999999999999",
        "assignee=-1",
        "after=abc",
        "after=1",
        "after=1.2.3.4.5",
        "after=99999999999999999999999.1.1",
        "after=" + "9" * 200,
        "after=9999999999999999999.1.1",
        "after=²1.1.1",
        "after=%00",
        "q=" + "x" * 300,
    ],
)
def test_an_address_that_asks_for_nonsense_is_answered_in_words(northwind, mia, query):
    task = make_task(northwind.workspace)
    answer = mia.get(f"{BACKLOG}?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert keys(answer) == [task.key]


def test_an_empty_backlog_invites_to_paste(northwind, mia, client_of):
    assert "each line becomes a task" in mia.get(BACKLOG).content.decode()
    sam = client_of(northwind.sam).get(BACKLOG).content.decode()
    assert "Nothing in the backlog yet" in sam


# Filling ----------------------------------------------------------------------------------------


def add(client: Client, **data: object) -> Any:
    return client.post(reverse("quick_add", args=["northwind"]), data)


@pytest.mark.parametrize("where", ["top", "end"])
def test_each_pasted_line_becomes_a_task_in_its_order(northwind, mia, where):
    make_task(northwind.workspace, "Was here")
    add(mia, lines="- Press kit\r\n\r\n  Poster \n• Flyer\n", where=where)
    new = ["Press kit", "Poster", "Flyer"]
    titles = [task.title for task in Task.objects.backlog()]
    assert titles == ([*new, "Was here"] if where == "top" else ["Was here", *new])
    assert Activity.objects.filter(verb="tasks_created").count() == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "required"),
        (" \n \n", "required"),
        ("-\n•", "Write at least one line."),
        ("x" * 201, "longer than 200 characters"),
        ("\n".join("abc" for _ in range(101)), "101 lines are too many"),
    ],
)
def test_a_paste_that_is_too_much_is_refused_and_kept(northwind, mia, lines, words):
    answer = add(mia, lines=lines)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert lines.strip() in answer.content.decode()
    assert not Task.objects.exists()


# Ranking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "order"), [("top", "bac"), ("up", "bac"), ("down", "acb"), ("bottom", "acb")]
)
def test_a_task_is_ranked_by_buttons(northwind, mia, to, order):
    a, b, c = make_tasks(northwind.workspace, 3)
    named = {"a": a, "b": b, "c": c}
    answer = rank(mia, b, version=1, to=to)
    assert answer["Location"] == f"{BACKLOG}#row-{b.pk}"
    assert list(Task.objects.backlog()) == [named[letter] for letter in order]


def test_a_task_is_ranked_beside_another(northwind, mia):
    a, b, c = make_tasks(northwind.workspace, 3)
    rank(mia, c, version=1, before=a.key)
    rank(mia, a, version=1, after=b.key)
    assert list(Task.objects.backlog()) == [c, b, a]


def test_the_ends_of_the_list_are_no_error(northwind, mia):
    a, b = make_tasks(northwind.workspace, 2)
    assert rank(mia, a, version=1, to="up").status_code == 302
    assert rank(mia, b, version=1, to="down").status_code == 302
    assert list(Task.objects.backlog()) == [a, b]


def test_htmx_gets_the_list_and_a_sentence(northwind, mia):
    a, b = make_tasks(northwind.workspace, 2)
    answer = rank(mia, b, LIST, version=1, to="top", next=BACKLOG)
    assert keys(answer) == [b.key, a.key]
    assert "<html" not in answer.content.decode()
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast["text"] == f"{b.key} has rank 1 now."
    undone = mia.post(toast["undo"], {"next": BACKLOG}, headers=LIST)
    assert keys(undone) == [a.key, b.key]


def test_an_undo_restores_the_rank_between_the_others(northwind, mia):
    a, b, c = make_tasks(northwind.workspace, 3)
    answer = rank(mia, b, LIST, version=1, to="bottom")
    mia.post(json.loads(answer["HX-Trigger"])["toast"]["undo"])
    assert list(Task.objects.backlog()) == [a, b, c]


def test_whoever_ranks_second_is_told(northwind, mia):
    a, b = make_tasks(northwind.workspace, 2)
    actions.edit_task(b, by=northwind.lena, version=1, points=3)
    told = f"{b.key} stays where it is: Lena changed it first."
    plain = rank(mia, b, version=1, to="top")
    assert (plain.status_code, told in plain.content.decode()) == (409, True)
    swapped = rank(mia, b, LIST, version=1, to="top")
    assert swapped.status_code == 409
    assert json.loads(swapped["HX-Trigger"])["toast"]["text"] == told
    assert keys(swapped) == [a.key, b.key]


@pytest.mark.parametrize(
    "data", [{}, {"version": "x"}, {"version": 1, "to": "moon"}, {"version": 1, "before": "NW-99"}]
)
def test_a_rank_that_makes_no_sense_is_refused(northwind, mia, data):
    task = make_task(northwind.workspace)
    assert rank(mia, task, **data).status_code == 422


def test_the_rank_page_works_alone(northwind, mia):
    task = make_task(northwind.workspace)
    page = mia.get(reverse("task_rank", args=["northwind", task.key])).content.decode()
    for to in ("top", "up", "down", "bottom"):
        assert f'name="to" value="{to}"' in page


# In bulk ----------------------------------------------------------------------------------------


def bulk(client: Client, tasks: list[Task], **data: object) -> Any:
    address = reverse("backlog_bulk", args=["northwind"])
    return client.post(address, {"task": [task.pk for task in tasks], **data})


def test_ticked_tasks_are_changed_in_one_step(northwind, mia):
    tasks = make_tasks(northwind.workspace, 3)
    with arranging():
        campaign = Campaign.objects.create(workspace=northwind.workspace, name="Fair")
    bulk(mia, tasks[:2], do="assign", assignee=northwind.lena.pk)
    answer = bulk(mia, tasks[1:], do="campaign", campaign=campaign.pk, next=f"{BACKLOG}?sort=age")
    assert answer["Location"] == f"{BACKLOG}?sort=age"
    found = [(task.assignee, task.campaign) for task in Task.objects.backlog()]
    assert found == [
        (northwind.lena, None),
        (northwind.lena, campaign),
        (None, campaign),
    ]
    assert Activity.objects.filter(verb="tasks_edited").count() == 2


def test_setting_nothing_takes_it_away(northwind, mia):
    task = make_task(northwind.workspace, assignee=northwind.lena)
    bulk(mia, [task], do="assign", assignee="")
    task.refresh_from_db()
    assert task.assignee is None


def test_ticked_tasks_are_archived_and_one_comes_back(northwind, mia):
    tasks = make_tasks(northwind.workspace, 2)
    bulk(mia, tasks, do="archive")
    assert listed(mia) == []
    assert len(listed(mia, show="archived")) == 2
    archive = mia.get(f"{BACKLOG}?show=archived").content.decode()
    restore = reverse("task_restore", args=["northwind", tasks[0].key])
    assert restore in archive
    mia.post(restore)
    assert listed(mia) == [tasks[0].key]


def test_nothing_ticked_is_said(northwind, mia):
    make_task(northwind.workspace)
    answer = bulk(mia, [], do="archive")
    assert answer.status_code == 422
    assert "Tick the tasks first." in answer.content.decode()


@pytest.mark.parametrize(
    "data",
    [{"do": "explode"}, {}, {"do": "assign", "assignee": 99999}, {"do": "assign", "assignee": "x"}],
)
def test_a_bulk_change_that_makes_no_sense_keeps_the_ticks(northwind, mia, data):
    task, other = make_tasks(northwind.workspace, 2)
    answer = bulk(mia, [task], **data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{task.pk}" form="bulk" checked' in page
    assert f'value="{other.pk}" form="bulk" checked' not in page


def test_a_foreign_colleague_is_not_assigned(northwind, fjord, mia):
    task = make_task(northwind.workspace)
    assert bulk(mia, [task], do="assign", assignee=fjord.ola.pk).status_code == 422
    task.refresh_from_db()
    assert task.assignee is None
