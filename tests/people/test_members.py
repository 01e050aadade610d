"""What admins do with members, and how a workspace is told to work."""

from __future__ import annotations

from datetime import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.changes import Stale
from activity.models import Activity
from people import actions

pytestmark = pytest.mark.django_db


def test_a_role_changes_and_the_log_knows_from_what(northwind):
    sam = actions.change_member(
        northwind.sam, by=northwind.mia, version=1, role="manager", is_admin=True
    )
    assert (sam.role, sam.is_admin, sam.version) == ("manager", True, 2)
    told = Activity.objects.get(verb="member_changed").data
    assert told["was"] == {"role": "sales", "is_admin": False}


def test_saving_what_is_so_tells_nobody(northwind):
    actions.change_member(northwind.sam, by=northwind.mia, version=1, role="sales", is_admin=False)
    assert not Activity.objects.exists()


def test_who_comes_second_does_not_overwrite(northwind):
    change = {"by": northwind.mia, "version": 1, "is_admin": False}
    actions.change_member(northwind.sam, role="manager", **change)
    with pytest.raises(Stale):
        actions.change_member(northwind.sam, role="marketer", **change)


@pytest.mark.parametrize("role", ["owner", "", "Sales"])
def test_there_are_three_roles(northwind, role):
    with pytest.raises(ValidationError):
        actions.change_member(northwind.sam, by=northwind.mia, version=1, role=role, is_admin=False)


def test_only_admins_handle_people(northwind):
    for verb in (
        lambda: actions.change_member(
            northwind.lena, by=northwind.lena, version=1, role="marketer", is_admin=True
        ),
        lambda: actions.deactivate_member(northwind.sam, by=northwind.lena),
        lambda: actions.reactivate_member(northwind.sam, by=northwind.lena),
        lambda: actions.edit_workspace(northwind.workspace, by=northwind.lena, name="X"),
    ):
        with pytest.raises(PermissionDenied):
            verb()


def test_the_last_admin_cannot_leave_be_demoted_or_sent_away(northwind):
    for verb in (
        lambda: actions.leave_workspace(northwind.mia),
        lambda: actions.deactivate_member(northwind.mia, by=northwind.mia),
        lambda: actions.change_member(
            northwind.mia, by=northwind.mia, version=1, role="marketer", is_admin=False
        ),
    ):
        with pytest.raises(ValidationError) as refused:
            verb()
        assert refused.value.code == "last_admin"
    actions.change_member(northwind.mia, by=northwind.mia, version=1, role="sales", is_admin=True)


def test_with_another_admin_the_first_may_go(northwind):
    actions.change_member(northwind.sam, by=northwind.mia, version=1, role="sales", is_admin=True)
    actions.leave_workspace(northwind.mia)
    northwind.mia.refresh_from_db()
    assert not northwind.mia.is_active
    assert Activity.objects.filter(verb="member_left", actor=northwind.mia).exists()


def test_who_was_sent_away_can_come_back_as_they_were(northwind):
    actions.deactivate_member(northwind.sam, by=northwind.mia)
    with pytest.raises(ValidationError):
        actions.change_member(
            northwind.sam, by=northwind.mia, version=2, role="manager", is_admin=False
        )
    sam = actions.reactivate_member(northwind.sam, by=northwind.mia)
    assert (sam.is_active, sam.role) == (True, "sales")


def test_settings_change_with_what_they_were(northwind):
    changed = actions.edit_workspace(
        northwind.workspace, by=northwind.mia, name=" North  Wind ", answer_days=3, sprint_days=14
    )
    assert changed == ["answer_days", "name"]
    northwind.workspace.refresh_from_db()
    assert northwind.workspace.name == "North Wind"
    told = Activity.objects.get(verb="workspace_edited").data["changed"]
    assert told == {"answer_days": ["2", "3"], "name": ["Northwind Instruments", "North Wind"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("time_zone", "Mars"),
        ("sprint_days", 4),
        ("answer_days", 0),
        ("unplanned_allowance", 101),
        ("workday_ends", time(8)),
    ],
)
def test_settings_that_will_not_do_change_nothing(northwind, field, value):
    with pytest.raises(ValidationError) as refused:
        actions.edit_workspace(northwind.workspace, by=northwind.mia, **{field: value})
    assert field in refused.value.error_dict
    assert not Activity.objects.exists()


def test_the_address_of_a_workspace_is_no_setting(northwind):
    with pytest.raises(TypeError):
        actions.edit_workspace(northwind.workspace, by=northwind.mia, slug="elsewhere")
