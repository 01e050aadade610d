"""The verbs of a campaign."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.changes import Stale
from activity.models import Activity
from campaigns import actions, policy
from campaigns.models import Campaign


def test_a_marketer_makes_a_campaign(northwind):
    made = actions.create_campaign(
        northwind.workspace, by=northwind.mia, name="  Kestrel   launch ", hue=130
    )
    assert (made.name, made.hue, made.workspace) == ("Kestrel launch", 130, northwind.workspace)
    told = Activity.objects.get()
    assert (told.verb, told.actor, told.data) == (
        "campaign_created",
        northwind.mia,
        {"name": "Kestrel launch"},
    )


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_others_do_not(northwind, name):
    member = getattr(northwind, name)
    made = actions.create_campaign(northwind.workspace, by=northwind.mia, name="Fair")
    with pytest.raises(PermissionDenied):
        actions.create_campaign(northwind.workspace, by=member, name="Mine")
    with pytest.raises(PermissionDenied):
        actions.edit_campaign(made, by=member, version=1, name="Mine")
    assert list(Campaign.objects.values_list("name", flat=True)) == ["Fair"]


def test_a_marketer_of_another_workspace_has_no_say(northwind, fjord):
    made = actions.create_campaign(northwind.workspace, by=northwind.mia, name="Fair")
    assert policy.can_edit_campaigns(northwind.mia, made)
    assert not policy.can_edit_campaigns(fjord.ola, made)
    with pytest.raises(PermissionDenied):
        actions.edit_campaign(made, by=fjord.ola, version=1, name="Mine")


def test_a_name_is_taken_once_whatever_its_capitals(northwind, fjord):
    actions.create_campaign(northwind.workspace, by=northwind.mia, name="Water Week")
    with pytest.raises(ValidationError) as refused:
        actions.create_campaign(northwind.workspace, by=northwind.mia, name="water week")
    assert "name" in refused.value.error_dict
    actions.create_campaign(fjord.workspace, by=fjord.ola, name="Water Week")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 81}),
        ("hue", {"name": "Fair", "hue": 20}),
        ("ends_on", {"name": "Fair", "starts_on": date(2026, 5, 2), "ends_on": date(2026, 5, 1)}),
    ],
)
def test_what_is_wrong_is_told_by_its_field(northwind, field, fields):
    with pytest.raises(ValidationError) as refused:
        actions.create_campaign(northwind.workspace, by=northwind.mia, **fields)
    assert field in refused.value.error_dict
    assert not Campaign.objects.exists()
    assert not Activity.objects.exists()


def test_an_edit_tells_what_changed_and_an_empty_one_nothing(northwind):
    made = actions.create_campaign(northwind.workspace, by=northwind.mia, name="Fair")
    edited = actions.edit_campaign(made, by=northwind.lena, version=1, name="Fair", hue=235)
    assert (edited.version, edited.hue) == (2, 235)
    actions.edit_campaign(made, by=northwind.lena, version=2, name="Fair")
    told = Activity.objects.filter(verb="campaign_edited")
    assert [one.data["changed"] for one in told] == [["hue"]]


def test_an_edit_on_top_of_anothers_is_refused(northwind):
    made = actions.create_campaign(northwind.workspace, by=northwind.mia, name="Fair")
    actions.edit_campaign(made, by=northwind.lena, version=1, name="Big fair")
    with pytest.raises(Stale) as refused:
        actions.edit_campaign(made, by=northwind.mia, version=1, name="Small fair")
    assert str(refused.value.current) == "Big fair"
    assert Campaign.objects.get().name == "Big fair"
