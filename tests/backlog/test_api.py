"""Tasks and sprints by program: the verbs of the pages, with their rules and their codes."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Channel, Deliverable, Sprint, Task
from campaigns.models import Campaign
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks
from tests.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(northwind):
    return Program(northwind.mia)


@pytest.fixture
def running(northwind):
    return make_sprint(northwind.workspace, 12, state="active", committed_points=10)


# Tasks -----------------------------------------------------------------------------------------


def test_a_task_is_made_with_everything_a_task_has(mia, northwind):
    with arranging():
        fair = Campaign.objects.create(workspace=northwind.workspace, name="Analytica fair")
        events = Channel.objects.create(workspace=northwind.workspace, name="Events", position=1)
    given = {
        "title": "One-page flyer",
        "description": "With **numbers**.",
        "points": 3,
        "impact": 4,
        "effort": 2,
        "due_on": "2026-12-10",
        "cost": 800,
        "labels": ["fair", "print"],
    }
    chosen = {"assignee": northwind.lena.pk, "campaign": fair.pk, "channel": events.pk}
    made = mia("post", "tasks/", {**given, **chosen}, 201)
    assert {name: made[name] for name in given} == given
    assert made["assignee"] == {"id": northwind.lena.pk, "name": "Lena Okafor"}
    assert (made["campaign"]["name"], made["channel"]["name"]) == ("Analytica fair", "Events")
    assert made["description_html"] == "<p>With <strong>numbers</strong>.</p>"
    assert (made["sprint"], made["column"]["category"], made["version"]) == (None, "todo", 1)
    assert made["created_by"]["name"] == "Mia Lindqvist"
    assert mia("get", f"tasks/{made['key']}/") == made
    created = Activity.objects.get(verb="task_created")
    assert created.actor == northwind.mia


def test_what_is_left_out_stays_and_null_clears(mia, northwind):
    task = make_task(northwind.workspace, points=3, impact=4)
    edited = mia("patch", f"tasks/{task.key}/", {"version": 1, "points": None})
    assert (edited["points"], edited["impact"], edited["title"]) == (None, 4, task.title)
    assert edited["version"] == 2
    same = mia("patch", f"tasks/{task.key}/", {"version": 2})
    assert same["version"] == 2, "nothing changed"


def test_who_comes_second_sees_what_is_there_now(mia, northwind):
    task = make_task(northwind.workspace)
    backlog.edit_task(task, by=northwind.lena, version=1, title="Lena's title", labels=["fair"])
    told = mia("patch", f"tasks/{task.key}/", {"version": 1, "title": "Mine"}, 409)["error"]
    assert told["code"] == "stale"
    assert told["current"] == mia("get", f"tasks/{task.key}/")
    assert told["current"]["title"] == "Lena's title"
    saved = {"version": told["current"]["version"], "title": "Mine"}
    assert mia("patch", f"tasks/{task.key}/", saved)["title"] == "Mine"


@pytest.mark.parametrize("path", ["", "move/", "rank/", "pull/", "return/", "archive/"])
def test_without_a_version_nothing_is_changed(mia, northwind, running, path):
    task = make_task(northwind.workspace, sprint=running)
    body = {
        "": {"title": "Mine"},
        "move/": {"column": northwind.column("done").pk},
        "pull/": {"sprint": 12},
    }.get(path, {})
    method = "post" if path else "patch"
    assert mia.code(method, f"tasks/{task.key}/{path}", body, 428) == "version_required"
    task.refresh_from_db()
    assert task.version == 1


def test_a_key_may_be_written_small(mia, northwind):
    task = make_task(northwind.workspace)
    assert mia("get", f"tasks/{task.key.lower()}/")["key"] == task.key


def test_a_card_moves_to_either_end_and_beside_another(mia, northwind, running):
    one, two, three = make_tasks(northwind.workspace, 3, sprint=running)
    done = northwind.column("done").pk

    def move(task, **place):
        task.refresh_from_db()
        body = {"version": task.version, "column": done, **place}
        return mia("post", f"tasks/{task.key}/move/", body)

    def order():
        cards = Task.objects.filter(column=done).order_by("position")
        return [card.pk for card in cards]

    assert move(one)["done_at"] is not None
    move(two, place="top")
    assert order() == [two.pk, one.pk]
    move(three, before=one.key)
    assert order() == [two.pk, three.pk, one.pk]
    move(two, place="bottom")
    assert order() == [three.pk, one.pk, two.pk]
    move(three, after=two.key)
    assert order() == [one.pk, two.pk, three.pk]


def test_a_place_is_said_in_one_way(mia, northwind, running):
    one, two = make_tasks(northwind.workspace, 2, sprint=running)
    column = {"version": 1, "column": northwind.column("done").pk}
    for place in ({"before": two.key, "place": "top"}, {"before": two.key, "after": two.key}):
        assert mia.code("post", f"tasks/{one.key}/move/", {**column, **place}) == "one_place"
    assert mia.code("post", f"tasks/{one.key}/rank/", {"version": 1}) == "no_place"


def test_a_task_outside_the_running_sprint_is_on_no_board(mia, northwind):
    task = make_task(northwind.workspace)
    body = {"version": 1, "column": northwind.column("done").pk}
    assert mia.code("post", f"tasks/{task.key}/move/", body) == "not_running"


def test_the_backlog_is_ranked(mia, northwind):
    one, two, three = make_tasks(northwind.workspace, 3)
    mia("post", f"tasks/{three.key}/rank/", {"version": 1, "place": "top"})
    mia("post", f"tasks/{two.key}/rank/", {"version": 1, "before": three.key})
    listed = [task["key"] for task in mia("get", "tasks/?where=backlog")["results"]]
    assert listed == [two.key, three.key, one.key]


def test_the_running_sprint_asks_why_and_what_goes_out(mia, northwind, running):
    inside = make_task(northwind.workspace, "Inside", sprint=running, points=5)
    late = make_task(northwind.workspace, "Late", points=5)
    pull = f"tasks/{late.key}/pull/"
    body = {"version": 1, "sprint": 12}
    assert mia.code("post", pull, body) == "reason_needed"
    body["reason"] = "The fair moved"
    assert mia.code("post", pull, body) == "over_allowance"
    pulled = mia("post", pull, {**body, "swap_out": inside.key})
    assert (pulled["sprint"], pulled["is_unplanned"]) == (12, True)
    assert pulled["unplanned_reason"] == "The fair moved"
    assert mia("get", f"tasks/{inside.key}/")["sprint"] is None
    returned = mia("post", f"tasks/{late.key}/return/", {"version": pulled["version"]})
    assert returned["sprint"] is None


def test_a_task_is_put_away_and_brought_back(mia, northwind):
    task = make_task(northwind.workspace)
    gone = mia("post", f"tasks/{task.key}/archive/", {"version": 1})
    assert gone["archived_at"]
    assert mia("get", "tasks/")["results"] == []
    assert [one["key"] for one in mia("get", "tasks/?archived=true")["results"]] == [task.key]
    assert mia.code("patch", f"tasks/{task.key}/", {"version": 2, "title": "x"}) == "archived"
    assert mia("post", f"tasks/{task.key}/restore/")["archived_at"] is None
    assert mia.code("post", f"tasks/{task.key}/restore/", {}) == "not_archived"


def test_deliverables_come_and_go(mia, northwind):
    task = make_task(northwind.workspace)
    path = f"tasks/{task.key}/deliverables/"
    link = {"label": "Flyer", "url": "https://example.org/flyer.pdf"}
    made = mia("post", path, link, 201)
    assert {name: made[name] for name in link} == link
    assert mia("get", path)["results"] == [made]
    assert mia("get", f"tasks/{task.key}/")["deliverables"] == [made]
    for url in ("javascript:alert(1)", "//evil.test", "ftp://example.org/x", "x"):
        answer = mia("post", path, {"label": "x", "url": url}, 400)
        assert list(answer["error"]["fields"]) == ["url"]
    mia("delete", f"{path}{made['id']}/", status=204)
    assert not Deliverable.objects.exists()
    mia("delete", f"{path}{made['id']}/", status=404)


def test_a_deliverable_is_found_at_its_own_task_only(mia, northwind):
    one, two = make_tasks(northwind.workspace, 2)
    made = backlog.add_deliverable(one, by=northwind.mia, label="x", url="https://example.org/")
    mia("delete", f"tasks/{two.key}/deliverables/{made.pk}/", status=404)


def test_lists_are_filtered(mia, northwind, running):
    planned = make_sprint(northwind.workspace, 13)
    on_board = make_task(northwind.workspace, "On board", sprint=running, is_unplanned=True)
    next_up = make_task(northwind.workspace, "Next up", sprint=planned, assignee=northwind.lena)
    asked = make_task(
        northwind.workspace, "Asked for", origin_name="Sam Whitfield", promised_sprint=planned
    )
    plain = make_task(northwind.workspace, "Plain 100%")

    def found(query):
        return [task["key"] for task in mia("get", f"tasks/?{query}")["results"]]

    assert found("") == [on_board.key, next_up.key, asked.key, plain.key]
    assert found("where=backlog") == [asked.key, plain.key]
    assert found("where=sprint") == [on_board.key, next_up.key]
    assert found("sprint=13") == [next_up.key]
    assert found("promised_sprint=13") == [asked.key]
    assert found("from_sales=true") == [asked.key]
    assert found("from_sales=false&where=backlog") == [plain.key]
    assert found("is_unplanned=true") == [on_board.key]
    assert found(f"assignee={northwind.lena.pk}") == [next_up.key]
    assert found("category=done") == []
    assert found("search=board") == [on_board.key]
    assert found("search=100%25") == [plain.key]
    assert found("search=_lain") == []
    assert found(f"search={asked.key}") == [asked.key]
    assert found("ordering=-number")[0] == plain.key
    origin = mia("get", f"tasks/{asked.key}/")["origin"]
    assert origin == {"name": "Sam Whitfield", "backers": 0, "value": 0}


def test_a_foreign_id_in_a_filter_finds_nothing(mia, northwind, fjord):
    make_task(northwind.workspace)
    theirs = fjord.workspace.columns.first()
    make_task(fjord.workspace, column=theirs, assignee=fjord.ola)
    for query in (f"column={theirs.pk}", f"assignee={fjord.ola.pk}", "column=99999"):
        assert mia("get", f"tasks/?{query}") == {"results": [], "next": None}


# Sprints ---------------------------------------------------------------------------------------


def test_a_sprint_gets_its_goal_and_starts(mia, northwind):
    today = northwind.workspace.today()
    make_sprint(northwind.workspace, 13, starts_on=today, ends_on=today + timedelta(days=13))
    make_task(northwind.workspace, sprint=Sprint.objects.get(), points=5)
    goal = {"goal": "Make the fair count", "goal_measure": "leads", "goal_target": 40}
    edited = mia("patch", "sprints/13/", {"version": 1, **goal})
    assert {name: edited[name] for name in goal} == goal
    assert mia.code("post", "sprints/13/start/", {"version": 1}, 409) == "stale"
    started = mia("post", "sprints/13/start/", {"version": 2})
    assert (started["state"], started["committed_points"]) == ("active", 5)
    assert mia.code("post", "sprints/13/start/", {"version": 3}) == "already_started"


def test_later_sprints_keep_their_distance(mia, northwind):
    make_sprint(northwind.workspace, 13)
    later = {"starts_on": date(2026, 12, 17), "ends_on": date(2026, 12, 30)}
    make_sprint(northwind.workspace, 14, **later)
    mia("patch", "sprints/13/", {"version": 1, "ends_on": "2026-12-18"})
    assert mia("get", "sprints/14/")["starts_on"] == "2026-12-19"
    answer = mia("patch", "sprints/13/", {"version": 2, "ends_on": "2026-11-01"}, 400)
    assert answer["error"]["code"] != "invalid" or answer["error"]["fields"]


def test_sprints_are_listed_by_state(mia, northwind, running):
    make_sprint(northwind.workspace, 13)
    numbers = {
        query: [sprint["number"] for sprint in mia("get", f"sprints/?{query}")["results"]]
        for query in ("", "state=active", "state=planned", "state=closed", "ordering=-number")
    }
    assert list(numbers.values()) == [[12, 13], [12], [13], [], [13, 12]]


def test_columns_and_channels_are_in_their_order(mia, northwind):
    names = [column["name"] for column in mia("get", "columns/")["results"]]
    assert names == ["To do", "Doing", "Review", "Done"]


# Speed -----------------------------------------------------------------------------------------

LISTS = ["tasks/?page_size=100", "tasks/?page_size=100&search=task&ordering=-number", "sprints/"]


@pytest.mark.parametrize("count", [5, 200])
@pytest.mark.parametrize("credentials", ["token", "session"])
def test_a_list_costs_the_same_however_full_it_is(northwind, client_of, mia, count, credentials):
    for n in range(5):
        made = make_sprint(northwind.workspace, 20 + n)
    tasks = make_tasks(
        northwind.workspace, count, sprint=made, assignee=northwind.lena, created_by=northwind.mia
    )
    backlog.edit_task(tasks[0], by=northwind.mia, version=1, labels=["fair", "print"])
    client = client_of(northwind.mia) if credentials == "session" else Client()
    headers = {} if credentials == "session" else mia.header
    client.get("/api/v1/workspaces/northwind/tasks/", headers=headers)
    for path in [*LISTS, f"tasks/{tasks[0].key}/"]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(f"/api/v1/workspaces/northwind/{path}", headers=headers)
        assert answer.status_code == 200
        own = [query["sql"][:120] for query in asked.captured_queries if not who_asks(query)]
        assert len(own) <= 6, own


def who_asks(query):
    return any(f'FROM "{table}"' in query["sql"] for table in ("django_session", "people_user"))


def test_a_list_leaves_out_what_is_long(mia, northwind):
    make_task(northwind.workspace, description="x" * 20_000)
    [item] = mia("get", "tasks/")["results"]
    assert "description" not in item


def test_a_page_behind_the_first_reads_an_index(northwind):
    """A bound on the first column, which both databases can use."""
    from backlog.api import ORDERS

    rows = Task.objects.filter(workspace=northwind.workspace)
    for order in ORDERS.values():
        sql = str(order.after(rows, [5] * len(order.columns)).query)
        assert any(f'"{order.columns[0]}" {sign}' in sql for sign in (">", "<", ">=", "<="))
