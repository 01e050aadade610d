"""The campaigns' pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity import clock
from campaigns import actions
from campaigns.models import Campaign
from tests.arranging import arranging
from tests.factories import World, make_task, make_tasks

LIST = "/w/northwind/campaigns/"
NEW = "/w/northwind/campaigns/new/"


@pytest.fixture
def mia(northwind: World, client_of: Any) -> Client:
    return client_of(northwind.mia)


def make(world: World, name: str = "Kestrel launch", **fields: object) -> Campaign:
    return actions.create_campaign(
        world.workspace, by=next(iter(world.people.values())), name=name, **fields
    )


def address(campaign: Campaign) -> str:
    return reverse("campaign", args=[campaign.workspace.slug, campaign.pk])


def typed(campaign: Campaign, **fields: object) -> dict[str, object]:
    return {"name": campaign.name, "hue": campaign.hue, "version": campaign.version, **fields}


def test_campaigns_are_listed_by_their_time_with_their_tasks(northwind, mia):
    today = northwind.workspace.today()
    past = make(northwind, "Gone", starts_on=today - timedelta(30), ends_on=today - timedelta(1))
    make(northwind, "Running", starts_on=today, ends_on=today)
    make(northwind, "Soon", starts_on=today + timedelta(1))
    make(northwind, "Undated")
    make_task(northwind.workspace, campaign=past)
    make_tasks(northwind.workspace, 2, campaign=past, column=northwind.column("done"))
    make_task(northwind.workspace, campaign=past, archived_at=clock.now())
    page = mia.get(LIST).content.decode()
    order = ["Current", "Running", "Undated", "Coming", "Soon", "Past", "Gone"]
    places = [page.index(f">{word}<") for word in order]
    assert places == sorted(places)
    assert "1 open, 2 done" in page


def test_the_list_costs_the_same_however_long_it_is(northwind, mia):
    make(northwind, "First")
    mia.get(LIST)
    with CaptureQueriesContext(connection) as few:
        mia.get(LIST)
    with arranging():
        Campaign.objects.bulk_create(
            Campaign(workspace=northwind.workspace, name=f"Campaign {n}") for n in range(199)
        )
    for campaign in Campaign.objects.all()[:20]:
        make_tasks(northwind.workspace, 10, campaign=campaign)
    with CaptureQueriesContext(connection) as many:
        mia.get(LIST)
    assert len(many) == len(few)
    assert len(many) - 5 <= 6


def test_an_empty_list_says_what_to_do(northwind, mia, client_of):
    assert NEW in mia.get(LIST).content.decode()
    sam = client_of(northwind.sam).get(LIST).content.decode()
    assert "No campaign yet" in sam
    assert NEW not in sam


def test_a_marketer_makes_and_edits_one(northwind, mia):
    data = {
        "name": "Kestrel launch",
        "hue": "130",
        "audience": "Water labs",
        "message": "The result is there before the van is.",
        "starts_on": "2026-11-09",
        "ends_on": "2027-03-31",
    }
    assert mia.post(NEW, data)["Location"] == LIST
    made = Campaign.objects.get()
    assert (made.name, made.hue, made.message) == ("Kestrel launch", 130, data["message"])
    page = mia.get(address(made)).content.decode()
    assert 'value="2026-11-09"' in page
    mia.post(address(made), {**data, "version": 1, "name": "Kestrel, the launch"})
    made.refresh_from_db()
    assert made.name == "Kestrel, the launch"


def test_a_taken_name_is_told_and_what_was_typed_is_kept(northwind, mia):
    make(northwind, "Water Week")
    answer = mia.post(NEW, {"name": "water week", "hue": "235", "audience": "Four webinars"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a campaign of this name already." in page
    assert "Four webinars" in page
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"hue": "20"},
        {"hue": "red"},
        {"starts_on": "soon"},
        {"starts_on": "2026-05-02", "ends_on": "2026-05-01"},
        {"message": "x" * 301},
    ],
)
def test_bad_input_is_refused_in_words(northwind, mia, data):
    answer = mia.post(NEW, {"name": "Fair", "hue": "95", "audience": "Kept", **data})
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert "Kept" in answer.content.decode()
    assert not Campaign.objects.exists()


def test_an_edit_on_top_of_anothers_keeps_both(northwind, mia):
    campaign = make(northwind)
    actions.edit_campaign(campaign, by=northwind.lena, version=1, audience="Dairies")
    answer = mia.post(address(campaign), typed(campaign, audience="Breweries"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Dairies" in page
    assert 'value="Breweries"' in page
    assert Campaign.objects.get().audience == "Dairies"
    assert (
        mia.post(address(campaign), typed(campaign, audience="Breweries", version=2)).status_code
        == 302
    )


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_read_and_change_nothing(northwind, client_of, name):
    campaign = make(northwind, message="Before the van is back.")
    client = client_of(getattr(northwind, name))
    page = client.get(address(campaign)).content.decode()
    assert "Before the van is back." in page
    assert '<form class="stack' not in page
    assert NEW not in client.get(LIST).content.decode()
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, {"name": "Mine", "hue": "95"}).status_code == 403
    assert client.post(address(campaign), typed(campaign, name="Mine")).status_code == 403
    assert Campaign.objects.get().name == "Kestrel launch"


def test_a_campaign_of_another_workspace_does_not_exist(northwind, fjord, client_of):
    campaign = make(northwind)
    ola = client_of(fjord.ola)
    assert ola.get(LIST).status_code == 404
    foreign = reverse("campaign", args=["fjord", campaign.pk])
    for path in (address(campaign), foreign):
        assert ola.get(path).status_code == 404
        assert ola.post(path, typed(campaign)).status_code == 404
