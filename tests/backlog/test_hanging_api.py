"""Impediments and waits by program."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backlog import actions
from backlog.models import Impediment
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks
from tests.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(northwind):
    return Program(northwind.mia)


@pytest.fixture
def task(northwind):
    return make_task(northwind.workspace)


def test_a_task_is_blocked_handed_over_and_freed(mia, northwind, task):
    made = mia("post", f"tasks/{task.key}/block/", {"reason": "No account list"}, 201)
    assert (made["task"], made["reason"], made["ending"]) == (task.key, "No account list", "")
    assert made["owner"] == {"id": northwind.grace.pk, "name": "Grace Adeyemi"}
    assert made["raised_by"]["name"] == "Mia Lindqvist"
    shown = mia("get", f"tasks/{task.key}/")["blocked"]
    assert (shown["reason"], shown["owner"], shown["is_escalated"]) == (
        "No account list",
        made["owner"],
        False,
    )
    sam = {"version": made["version"], "owner": northwind.sam.pk}
    given = mia("patch", f"impediments/{made['id']}/", sam)
    assert given["owner"]["name"] == "Sam Whitfield"
    stale = mia("patch", f"impediments/{made['id']}/", sam, 409)
    assert stale["error"]["current"] == given
    twice = mia("post", f"tasks/{task.key}/block/", {"reason": "Rain"}, 400)
    assert twice["error"]["code"] == "already_blocked"
    freed = Program(northwind.sam)("post", f"tasks/{task.key}/unblock/", {"how": "Sent it"})
    assert (freed["how"], freed["ending"]) == ("Sent it", "solved")
    assert mia("get", f"impediments/{made['id']}/") == freed
    assert mia("get", f"tasks/{task.key}/")["blocked"] is None
    again = mia("post", f"tasks/{task.key}/unblock/", {}, 400)
    assert again["error"]["code"] == "not_blocked"
    Program(northwind.chiara)("post", f"tasks/{task.key}/unblock/", {}, 403)


def test_the_list_is_filtered(mia, northwind):
    raised = [
        actions.block_task(
            make_task(northwind.workspace), by=northwind.mia, reason=f"R{n}", owner=owner
        )
        for n, owner in enumerate((northwind.grace, northwind.sam, northwind.grace))
    ]
    actions.resolve_impediment(raised[0], by=northwind.mia)

    def listed(query=""):
        return [row["reason"] for row in mia("get", f"impediments/{query}")["results"]]

    assert listed() == ["R2", "R1", "R0"]
    assert listed("?state=open") == ["R2", "R1"]
    assert listed("?state=resolved") == ["R0"]
    assert listed(f"?owner={northwind.grace.pk}&state=open") == ["R2"]


def test_a_task_waits_and_waits_no_longer(mia, northwind, task):
    other = make_task(northwind.workspace, "The handout")
    first = mia("post", f"tasks/{task.key}/waits/", {"task": other.key}, 201)
    assert (first["task"], first["is_over"]) == (other.key, False)
    thing = {"thing": "The printer", "until": "2026-12-03"}
    second = mia("post", f"tasks/{task.key}/waits/", thing, 201)
    assert {name: second[name] for name in thing} == thing
    assert second["task"] is None
    assert mia("get", f"tasks/{task.key}/")["waits"] == 2
    assert mia("get", f"tasks/{task.key}/waits/")["results"] == [first, second]
    mia("delete", f"tasks/{task.key}/waits/{first['id']}/", None, 204)
    assert mia("get", f"tasks/{task.key}/")["waits"] == 1
    assert mia("get", f"tasks/{task.key}/waits/")["results"][0]["is_over"]
    circle = mia("post", f"tasks/{task.key}/waits/", {"task": task.key}, 400)
    assert circle["error"]["code"] == "itself"


@pytest.mark.parametrize("rows", [5, 100])
def test_a_list_costs_few_queries(mia, northwind, rows):
    sprint = make_sprint(northwind.workspace, state="active")
    with arranging():
        Impediment.objects.bulk_create(
            Impediment(
                workspace=northwind.workspace,
                task=task,
                reason="No list",
                owner=northwind.grace,
                raised_by=northwind.mia,
                escalates_at="2026-12-03T12:00Z",
            )
            for task in make_tasks(northwind.workspace, rows, sprint=sprint)
        )
    with CaptureQueriesContext(connection) as queries:
        found = mia("get", "impediments/?page_size=100")["results"]
    assert len(found) == rows
    assert len([query for query in queries if "backlog_" in query["sql"]]) == 1
