"""Invitations: bound to an address and a role, used once, gone when they should be."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from activity import clock
from activity.models import Activity
from people import actions, invitations
from people.models import Invitation, Membership, User
from tests.arranging import arranging

pytestmark = pytest.mark.django_db
NEW = "new@northwind.example"


def invite(world, *addresses, **fields):
    given = {"by": world.mia, "addresses": addresses or [NEW], "role": "sales", **fields}
    return actions.invite(world.workspace, **given)


@pytest.fixture
def invited(northwind) -> Invitation:
    return invite(northwind).made[0]


def person(email=NEW) -> User:
    return User.objects.create_user(email, name="Nia Ewing")


def change_row(invitation, **fields):
    with arranging():
        Invitation.objects.filter(pk=invitation.pk).update(**fields)


# Inviting --------------------------------------------------------------------------------------


def test_many_are_invited_at_once_and_each_gets_a_link_of_their_own(northwind):
    invited = invite(northwind, " A@x.example ", "b@x.example", "a@x.example")
    assert [invitation.address for invitation in invited.made] == ["a@x.example", "b@x.example"]
    assert len({invitations.token_of(invitation) for invitation in invited.made}) == 2
    (told,) = Activity.objects.filter(verb="people_invited")
    assert told.data["ids"] == [invitation.pk for invitation in invited.made]
    assert "@" not in str(told.data)


def test_who_is_here_or_on_the_way_is_said_and_not_invited(northwind):
    invite(northwind)
    with arranging():
        EmailAddress.objects.create(
            user=northwind.lena.user, email="lena@home.example", verified=True
        )
    again = invite(northwind, NEW, "Sam@northwind.example", "lena@home.example")
    assert (again.made, again.invited) == ([], [NEW])
    assert again.members == ["sam@northwind.example", "lena@home.example"]
    assert Activity.objects.filter(verb="people_invited").count() == 1


def test_an_invitation_whose_time_is_over_makes_room_for_another(northwind, invited):
    change_row(invited, expires_at=clock.now())
    second = invite(northwind, role="manager").made[0]
    assert second.role == "manager"
    assert invitations.find(invitations.token_of(invited)) is None
    assert invitations.find(invitations.token_of(second)) == second


@pytest.mark.parametrize("who", ["lena", "sam", "grace"])
def test_only_admins_invite_send_again_and_withdraw(northwind, invited, who):
    member = getattr(northwind, who)
    with pytest.raises(PermissionDenied):
        invite(northwind, "x@x.example", by=member)
    with pytest.raises(PermissionDenied):
        actions.resend_invitation(invited, by=member)
    with pytest.raises(PermissionDenied):
        actions.revoke_invitation(invited, by=member)


@pytest.mark.parametrize(
    ("addresses", "role"),
    [(["no address"], "sales"), (["a@x.example\nBcc: b@x.example"], "sales"), ([NEW], "owner")],
)
def test_what_is_no_address_or_role_invites_nobody(northwind, addresses, role):
    with pytest.raises(ValidationError):
        invite(northwind, "good@x.example", *addresses, role=role)
    assert not Invitation.objects.exists()


def test_nobody_invites_more_people_in_a_day_than_anybody_needs(northwind, fjord):
    invite(northwind, *(f"p{n}@x.example" for n in range(50)))
    with pytest.raises(ValidationError) as refused:
        invite(northwind, "one.more@x.example")
    assert refused.value.code == "too_many"
    with arranging():
        Invitation.objects.update(sent_at=clock.now() - timedelta(days=1, minutes=1))
    assert invite(northwind, "one.more@x.example").made


# The link --------------------------------------------------------------------------------------


def test_the_database_alone_does_not_tell_a_link(invited, settings):
    token = invitations.token_of(invited)
    assert len(token) == 43
    row = Invitation.objects.values().get()
    assert token not in str(row)
    settings.SECRET_KEY = "x" * 60
    with pytest.raises(invitations.ChangedKeyError):
        invitations.token_of(invited)
    assert invitations.find(token) == invited


def test_a_key_that_is_being_replaced_still_writes_the_same_link(invited, settings):
    token = invitations.token_of(invited)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "y" * 60
    assert invitations.token_of(invited) == token


# Accepting -------------------------------------------------------------------------------------


def test_whom_it_is_for_comes_in_with_the_role(northwind, invited):
    user = person()
    member = actions.accept_invitation(invitations.token_of(invited), user=user)
    assert (member.user, member.role, member.is_admin) == (user, "sales", False)
    told = Activity.objects.get(verb="invitation_accepted")
    assert told.actor == member
    with pytest.raises(ValidationError):
        actions.accept_invitation(invitations.token_of(invited), user=user)


def test_an_address_that_is_proved_counts_as_ones_own(northwind, invited):
    user = person("private@home.example")
    with pytest.raises(ValidationError):
        actions.accept_invitation(invitations.token_of(invited), user=user)
    EmailAddress.objects.create(user=user, email=NEW, verified=False)
    with pytest.raises(ValidationError):
        actions.accept_invitation(invitations.token_of(invited), user=user)
    EmailAddress.objects.update(verified=True)
    assert actions.accept_invitation(invitations.token_of(invited), user=user).is_active


def test_a_new_person_is_made_and_let_in(invited):
    member = actions.join_as_new_person(
        invitations.token_of(invited), name="Nia Ewing", time_zone="Asia/Tokyo"
    )
    assert member.user.email == NEW
    assert not member.user.has_usable_password()
    assert EmailAddress.objects.get(user=member.user).verified


def test_a_former_member_comes_back_as_who_they_were(northwind):
    actions.deactivate_member(northwind.sam, by=northwind.mia)
    invited = invite(northwind, northwind.sam.user.email, role="manager").made[0]
    member = actions.accept_invitation(invitations.token_of(invited), user=northwind.sam.user)
    assert (member.pk, member.role) == (northwind.sam.pk, "manager")


def end_by_time(world, invitation):
    change_row(invitation, expires_at=clock.now())


def end_by_withdrawing(world, invitation):
    actions.revoke_invitation(invitation, by=world.mia)


def end_by_a_newer_link(world, invitation):
    change_row(invitation, sent_at=clock.now() - timedelta(hours=1))
    actions.resend_invitation(invitation, by=world.mia)


def end_with_the_inviters_right(world, invitation):
    with arranging():
        Membership.objects.filter(pk=world.mia.pk).update(is_admin=False)


def end_with_the_inviters_membership(world, invitation):
    with arranging():
        Membership.objects.filter(pk=world.mia.pk).update(is_active=False)


def end_with_the_inviters_account(world, invitation):
    with arranging():
        User.objects.filter(pk=world.mia.user_id).update(is_active=False)


ENDS = [
    end_by_time,
    end_by_withdrawing,
    end_by_a_newer_link,
    end_with_the_inviters_right,
    end_with_the_inviters_membership,
    end_with_the_inviters_account,
]


@pytest.mark.parametrize("end", ENDS)
def test_a_link_ends(northwind, invited, end):
    token = invitations.token_of(invited)
    assert invitations.find(token) == invited
    end(northwind, invited)
    assert invitations.find(token) is None
    with pytest.raises(ValidationError) as refused:
        actions.accept_invitation(token, user=person())
    assert refused.value.code == "no_invitation"
    with pytest.raises(ValidationError):
        actions.join_as_new_person(token, name="X", time_zone="UTC")
    assert not Membership.objects.filter(user__email=NEW).exists()


def test_a_new_link_has_a_new_week_and_stands_for_who_sent_it(northwind, invited):
    earlier = clock.now() - timedelta(days=8)
    change_row(invited, sent_at=earlier, expires_at=earlier + timedelta(days=7))
    with arranging():
        Membership.objects.filter(pk=northwind.lena.pk).update(is_admin=True)
    again = actions.resend_invitation(invited, by=northwind.lena)
    assert again.inviter == northwind.lena
    assert invitations.find(invitations.token_of(again)) == invited


def test_nobodys_mailbox_is_filled(northwind, invited):
    with pytest.raises(ValidationError) as refused:
        actions.resend_invitation(invited, by=northwind.mia)
    assert refused.value.code == "sent_just_now"
    change_row(invited, sent_at=clock.now() - timedelta(hours=1), times_sent=5)
    with pytest.raises(ValidationError) as refused:
        actions.resend_invitation(invited, by=northwind.mia)
    assert refused.value.code == "too_many"


def test_withdrawing_and_inviting_anew_fills_no_mailbox_either(northwind):
    for _ in range(5):
        (made,) = invite(northwind, NEW).made
        actions.revoke_invitation(made, by=northwind.mia)
    with pytest.raises(ValidationError) as refused:
        invite(northwind, NEW)
    assert refused.value.code == "too_many"
    with arranging():
        Invitation.objects.update(sent_at=clock.now() - timedelta(days=1, minutes=1))
    assert invite(northwind, NEW).made


def test_what_was_accepted_is_not_withdrawn(northwind, invited):
    actions.accept_invitation(invitations.token_of(invited), user=person())
    for verb in (actions.revoke_invitation, actions.resend_invitation):
        with pytest.raises(ValidationError) as refused:
            verb(invited, by=northwind.mia)
        assert refused.value.code == "answered"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_who_hold_one_link_at_the_same_moment_come_in_once(northwind):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    token = invitations.token_of(invite(northwind).made[0])
    start, outcomes = threading.Barrier(4), []

    def join() -> None:
        start.wait()
        try:
            actions.join_as_new_person(token, name="Nia", time_zone="UTC")
        except ValidationError as error:
            outcomes.append(error.code)
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("in")
        connection.close()

    threads = [threading.Thread(target=join) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("in") == 1, outcomes
    assert User.objects.filter(email=NEW).count() == 1
    assert Membership.objects.filter(user__email=NEW).count() == 1
