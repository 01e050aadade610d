from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.changes import SYSTEM
from activity.models import Activity
from people import actions
from people.models import Membership, Role, User
from tests.arranging import arranging
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def make_user(name="Ada Berg", email="ada@berg.example", **fields):
    return User.objects.create_user(email, "a long enough one", name=name, **fields)


def found(owner=None, **fields):
    given = {
        "name": "Berg & Co",
        "key": "BC",
        "slug": "berg",
        "time_zone": "Europe/Oslo",
        "first_sprint_on": date(2026, 12, 3),
    }
    return actions.create_workspace(owner=owner or make_user(), **{**given, **fields})


def test_the_founder_is_the_first_admin_and_did_it():
    founder = found()
    assert (founder.role, founder.is_admin, founder.initials) == ("marketer", True, "AB")
    (first,) = Activity.objects.all()
    assert (first.seq, first.verb, first.actor) == (1, "workspace_founded", founder)
    assert first.data == {"name": "Berg & Co", "first_sprint_on": "2026-12-03"}


@pytest.mark.parametrize(
    ("field", "value"),
    [("key", "nw"), ("key", "1AB"), ("slug", "a b"), ("time_zone", "Mars/Base"), ("name", "  ")],
)
def test_a_workspace_needs_proper_fields_and_is_else_not_made(field, value):
    with pytest.raises(ValidationError) as refused:
        found(**{field: value})
    assert field in refused.value.message_dict
    assert not Membership.objects.exists()


def test_an_address_is_taken_once(northwind):
    with pytest.raises(ValidationError) as refused:
        found(slug="northwind")
    assert "slug" in refused.value.message_dict


def test_an_admin_adds_a_member_and_it_is_recorded(northwind):
    member = actions.add_member(
        northwind.workspace, by=northwind.mia, user=make_user(), role=Role.SALES
    )
    assert (member.shown_name, member.initials, member.is_admin) == ("Ada Berg", "AB", False)
    last = Activity.objects.get(verb="member_added")
    assert (last.actor, last.subject_id, last.data["role"]) == (northwind.mia, member.pk, "sales")


def test_only_an_admin_adds_and_takes_out(northwind):
    with pytest.raises(PermissionDenied):
        actions.add_member(northwind.workspace, by=northwind.lena, user=make_user(), role="sales")
    with pytest.raises(PermissionDenied):
        actions.deactivate_member(northwind.sam, by=northwind.lena)
    assert not Activity.objects.exists()


def test_an_admin_of_elsewhere_adds_nobody_here(northwind, fjord):
    with pytest.raises(PermissionDenied):
        actions.add_member(northwind.workspace, by=fjord.ola, user=make_user(), role="sales")


def test_nobody_is_added_twice(northwind):
    with pytest.raises(ValidationError) as refused:
        actions.add_member(
            northwind.workspace, by=SYSTEM, user=northwind.sam.user, role=Role.MARKETER
        )
    assert refused.value.code == "already_member"
    northwind.sam.refresh_from_db()
    assert northwind.sam.role == "sales"


def test_who_left_can_come_back_as_the_same_member(northwind):
    actions.deactivate_member(northwind.sam, by=northwind.mia)
    back = actions.add_member(
        northwind.workspace, by=northwind.mia, user=northwind.sam.user, role=Role.MANAGER
    )
    assert back.pk == northwind.sam.pk
    assert Membership.objects.get(pk=back.pk).is_active
    assert back.version > northwind.sam.version


def test_the_role_must_exist(northwind):
    with pytest.raises(ValidationError):
        actions.add_member(northwind.workspace, by=SYSTEM, user=make_user(), role="emperor")


def test_a_deactivated_member_keeps_the_history_and_loses_the_way_in(northwind):
    actions.deactivate_member(northwind.sam, by=northwind.mia)
    assert not Membership.objects.active().filter(pk=northwind.sam.pk).exists()
    actions.deactivate_member(northwind.sam, by=northwind.mia)
    assert Activity.objects.filter(verb="member_deactivated").count() == 1


def test_the_last_admin_cannot_leave(northwind):
    with pytest.raises(ValidationError) as refused:
        actions.deactivate_member(northwind.mia, by=northwind.mia)
    assert refused.value.code == "last_admin"
    with arranging():
        Membership.objects.filter(pk=northwind.lena.pk).update(is_admin=True)
    actions.deactivate_member(northwind.mia, by=northwind.mia)
    with pytest.raises(ValidationError):
        actions.deactivate_member(northwind.lena, by=northwind.lena)


def test_an_admin_who_cannot_sign_in_does_not_count_as_one(northwind):
    with arranging():
        Membership.objects.filter(pk=northwind.lena.pk).update(is_admin=True)
        User.objects.filter(pk=northwind.lena.user_id).update(is_active=False)
    with pytest.raises(ValidationError):
        actions.deactivate_member(northwind.mia, by=northwind.mia)


def test_a_new_name_reaches_each_workspace(northwind, fjord):
    ola = fjord.ola.user
    actions.add_member(northwind.workspace, by=SYSTEM, user=ola, role=Role.MARKETER)
    actions.update_profile(ola, name="Ola Berg Dahl", time_zone="Asia/Tokyo", locale="en")
    assert (
        list(ola.memberships.values_list("shown_name", "initials", "version"))
        == [("Ola Berg Dahl", "OD", 2)] * 2
    )
    heard = Activity.objects.filter(verb="profile_edited").values_list("workspace__slug", "seq")
    assert sorted(heard) == [("fjord", 1), ("northwind", 2)]
    ola.refresh_from_db()
    assert ola.time_zone == "Asia/Tokyo"


def test_saving_the_same_profile_tells_nobody(northwind):
    sam = northwind.sam.user
    actions.update_profile(sam, name=sam.name, time_zone=sam.time_zone, locale=sam.locale)
    assert not Activity.objects.exists()


def test_a_zone_that_nobody_knows_changes_nothing(northwind):
    with pytest.raises(ValidationError):
        actions.update_profile(northwind.sam.user, name="Sam", time_zone="Moon", locale="en")
    northwind.sam.user.refresh_from_db()
    assert northwind.sam.user.time_zone == "America/Chicago"
    assert not Activity.objects.exists()


def test_initials_survive_every_name():
    from people.faces import initials_of

    names = [
        "Mia Lindqvist",
        "Plato",
        "山田 太郎",
        "Ana-Maria de la Cruz",
        "ß ß",
        "  ",
        "—",
        "J. R.",
    ]
    assert [initials_of(name) for name in names] == [
        "ML",
        "PL",
        "山太",
        "AC",
        "SSS",
        "?",
        "?",
        "JR",
    ]


def test_no_hue_reads_as_the_accent_or_as_sales():
    from people.faces import HUES, hue_of

    seen = {hue_of(User(pk=pk)) for pk in range(1, len(HUES) + 1)}
    assert seen == set(HUES)
    assert not [hue for hue in seen if 10 <= hue <= 45 or 170 <= hue <= 200 or hue % 5]


def test_factories_and_actions_agree_on_initials(northwind):
    member = make_member(northwind.workspace, "Priya Raman", "marketer")
    assert member.initials == "PR"
