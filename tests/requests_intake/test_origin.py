"""Where a task came from: the requests that it serves, who needs it, and what hangs on it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backlog.models import Task
from requests_intake import actions
from requests_intake.demand import accounts, worth
from tests.factories import make_member, make_task

HTMX = {"HX-Request": "true"}


def ask(member, title="A flyer", **fields):
    return actions.submit_request(
        member.workspace, by=member, submission_id=uuid.uuid4(), title=title, **fields
    )


@pytest.fixture
def task(northwind):
    """Return a task that two requests led to; two reps know the same deal."""
    first = ask(northwind.sam, "A one-page flyer", accounts="Aalborg Water", deal_value=60_000)
    task = make_task(northwind.workspace)
    actions.accept_request(first, by=northwind.mia, version=1, words="Yes.", task=task)
    actions.back_request(first, by=northwind.chiara, account="aalborg  water", deal_value=80_000)
    second = ask(northwind.chiara, "Something for the booth", deal_value=5_000)
    actions.accept_request(second, by=northwind.mia, version=1, words="Yes.", task=task)
    return Task.objects.select_related("workspace").get(pk=task.pk)


def origin(client, task, **headers):
    return client.get(reverse("task_origin", args=["northwind", task.key]), headers=headers)


def test_it_says_who_asked_who_needs_it_and_what_hangs_on_it(northwind, task, client_of):
    part = origin(client_of(northwind.mia), task, **HTMX).content.decode()
    assert "<html" not in part
    for text in ("REQ-1", "REQ-2", "A one-page flyer", "Sam Whitfield", "Chiara", "<b>1</b> more"):
        assert text in part, text
    deals = part.split('class="deals')[1]
    assert deals.count("Aalborg Water") == 1
    assert "€80k" in deals  # the highest of the two
    assert "€5k" in deals  # whose it is nobody said
    assert "€85k" in deals
    assert task.origin_value == 85_000  # what its card says


def test_it_is_a_page_without_scripts(northwind, task, client_of):
    page = origin(client_of(northwind.sam), task).content.decode()
    assert "<html" in page
    assert "REQ-1" in page


def test_the_drawer_fetches_it_and_links_to_it(northwind, task, client_of):
    drawer = client_of(northwind.sam).get(task.get_absolute_url(), headers=HTMX).content.decode()
    address = reverse("task_origin", args=["northwind", task.key])
    assert f'hx-get="{address}"' in drawer
    assert f'href="{address}"' in drawer


def test_a_task_of_nobody_in_sales_fetches_nothing(northwind, client_of):
    own = make_task(northwind.workspace)
    drawer = client_of(northwind.mia).get(own.get_absolute_url(), headers=HTMX).content.decode()
    assert "/origin/" not in drawer
    part = origin(client_of(northwind.mia), own, **HTMX).content.decode()
    assert "No request led to this task." in part


@pytest.mark.parametrize(
    ("name", "words"),
    [("sam", "A colleague needs this too"), ("grace", "I need this too")],
)
def test_sales_and_managers_back_from_there(northwind, task, client_of, name, words):
    client = client_of(getattr(northwind, name))
    part = origin(client, task, **HTMX).content.decode()
    back = reverse("request_back", args=["northwind", "REQ-1"])
    assert f'href="{back}"' in part
    assert words in part
    assert client.get(back).status_code == 200


def test_a_task_of_another_workspace_has_no_origin(northwind, fjord, task, client_of):
    assert origin(client_of(fjord.ola), task).status_code == 404
    foreign = reverse("task_origin", args=["fjord", f"FJ-{task.number}"])
    assert client_of(fjord.ola).get(foreign).status_code == 404


def test_it_costs_the_same_however_many_need_it(northwind, task, client_of):
    client = client_of(northwind.mia)
    origin(client, task, **HTMX)
    with CaptureQueriesContext(connection) as few:
        origin(client, task, **HTMX)
    for number in range(13):
        rep = make_member(northwind.workspace, f"Rep{number} Test", "sales")
        request = ask(rep, f"Idea {number}", accounts=f"Account {number}", deal_value=100 + number)
        actions.accept_request(request, by=northwind.mia, version=1, words="Yes.", task=task)
        actions.back_request(request, by=northwind.sam, account=f"Other {number}", deal_value=9)
    with CaptureQueriesContext(connection) as many:
        part = origin(client, task, **HTMX).content.decode()
    assert len(many) == len(few)
    assert len(many) - 3 <= 6  # session, user and membership
    assert part.count('class="stack gap-2 origin"') == 10
    assert "More requests" in part
    assert "Other deals" in part


class Said:
    def __init__(self, account, deal_value):
        self.account, self.deal_value = account, deal_value


def test_accounts_are_there_once_the_largest_first_and_add_up():
    deals = [Said("Vichy", 5), Said("", 7), Said(" vichy ", 9), Said("Aalborg", None), Said("", 2)]
    found = [(one.name, one.value) for one in accounts(deals)]
    assert found == [("Vichy", 9), ("", 7), ("", 2), ("Aalborg", 0)]
    assert worth(deals) == 18
