"""The pages of members and the door of invitations."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_file

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activity import clock
from notifications import actions as outbox
from notifications.models import OutboxItem, OutboxState
from people import actions as people
from people.invitations import token_of
from people.models import Invitation, Membership, User
from sprintboard import actions
from tests.arranging import arranging
from tests.factories import make_member

pytestmark = pytest.mark.django_db

N = "/w/northwind"
NEW = "new@northwind.example"
JOIN = {"name": "Nia Ewing", "password": "correct horse battery", "time_zone": "Asia/Tokyo"}
# What differs in each answer, and tells nothing
TOKENS = re.compile(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+')


@pytest.fixture
def mia(client_of, northwind) -> Client:
    return client_of(northwind.mia)


@pytest.fixture
def invited(northwind) -> Invitation:
    return actions.invite_people(
        northwind.workspace, by=northwind.mia, addresses=[NEW], role="sales"
    ).made[0]


@pytest.fixture
def link(invited) -> str:
    return f"/invitations/{token_of(invited)}/"


def text(answer) -> str:
    return answer.content.decode()


# The members page ------------------------------------------------------------------------------


def test_everybody_reads_who_is_here_and_admins_also_who_is_coming(client_of, northwind, invited):
    for name in ("mia", "sam", "grace"):
        page = text(client_of(getattr(northwind, name)).get(f"{N}/members/"))
        assert "Lena Okafor" in page
        assert (NEW in page) == (name == "mia")
        assert ("Invite people" in page) == (name == "mia")
        assert (
            f'href="{N}/members/" data-place="members" title="Members" aria-current="page"' in page
        )


def test_the_page_costs_the_same_however_many(mia, northwind):
    counts = []
    for number in (5, 200):
        for n in range(number):
            make_member(northwind.workspace, f"P{number}x{n} Tester", "sales")
        with CaptureQueriesContext(connection) as seen:
            mia.get(f"{N}/members/")
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] - 5 <= 6  # session, user, membership and the frame


def test_inviting_says_what_became_of_each_address(mia, northwind, invited):
    addresses = f"a@x.example, b@x.example\n{NEW} sam@northwind.example"
    answer = mia.post(
        f"{N}/members/invite/", {"addresses": addresses, "role": "sales"}, follow=True
    )
    page = text(answer)
    assert "2 invitations are on their way." in page
    assert "sam@northwind.example is here already." in page
    assert f"{NEW} has an invitation already." in page


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"addresses": "", "role": "sales"}, "addresses"),
        ({"addresses": "sam@", "role": "sales"}, "addresses"),
        ({"addresses": "a@x.example\r\nBcc:", "role": "sales"}, "addresses"),
        ({"addresses": "a@x.example", "role": "owner"}, "role"),
        ({"addresses": "a@x.example"}, "role"),
    ],
)
def test_an_invitation_that_will_not_do_keeps_what_was_typed(mia, sent, field):
    answer = mia.post(f"{N}/members/invite/", sent)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert answer.context["form"]["addresses"].value() == sent["addresses"]
    assert not Invitation.objects.exists()


def test_a_role_holds_from_the_next_request_on(mia, client_of, northwind):
    sam = client_of(northwind.sam)
    assert sam.get(f"{N}/members/invite/").status_code == 403
    sent = {"version": "1", "role": "manager", "is_admin": "on"}
    assert mia.post(f"{N}/members/{northwind.sam.pk}/", sent).status_code == 302
    assert sam.get(f"{N}/members/invite/").status_code == 200
    assert sam.get(f"{N}/requests/new/").status_code == 403


def test_who_changed_it_second_sees_what_it_is_now(mia, northwind):
    url = f"{N}/members/{northwind.sam.pk}/"
    mia.post(url, {"version": "1", "role": "manager"})
    late = mia.post(url, {"version": "1", "role": "marketer"})
    assert late.status_code == 409
    assert "now it says Manager" in text(late)
    assert 'value="marketer" id="id_role_1" required checked' in text(late) or (
        late.context["form"]["role"].value() == "marketer"
    )
    assert mia.post(url, {"version": "2", "role": "marketer"}).status_code == 302


def test_the_last_admin_is_told_and_stays(mia, northwind):
    url = f"{N}/members/{northwind.mia.pk}/"
    answers = [
        mia.post(url, {"version": "1", "role": "marketer"}),
        mia.post(f"{url}deactivate/"),
        mia.post(f"{N}/members/leave/", {"leave": "yes"}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "Mia Lindqvist is the only admin here." in text(answer)
    northwind.mia.refresh_from_db()
    assert (northwind.mia.is_active, northwind.mia.is_admin) == (True, True)


def test_who_is_sent_away_has_no_way_in_and_may_be_let_in_again(mia, client_of, northwind):
    sam = client_of(northwind.sam)
    mia.post(f"{N}/members/{northwind.sam.pk}/deactivate/")
    assert sam.get(f"{N}/").status_code == 404
    assert "One person was here before" in text(mia.get(f"{N}/members/"))
    mia.post(f"{N}/members/{northwind.sam.pk}/reactivate/")
    assert sam.get(f"{N}/").status_code == 200


def test_a_member_may_leave(client_of, northwind):
    sam = client_of(northwind.sam)
    assert sam.post(f"{N}/members/leave/", {"leave": "yes"}).url == "/"
    assert sam.get(f"{N}/").status_code == 404


def test_withdrawing_calls_the_mail_back(mia, invited):
    assert mia.post(f"{N}/invitations/{invited.pk}/revoke/").status_code == 302
    assert OutboxItem.objects.get().state == OutboxState.CANCELLED
    again = mia.post(f"{N}/invitations/{invited.pk}/revoke/")
    assert again.status_code == 422
    assert "accepted or withdrawn meanwhile" in text(again)


def test_sending_again_replaces_the_link_and_the_mail(mia, client, invited, link):
    assert "sent a moment ago" in text(mia.post(f"{N}/invitations/{invited.pk}/resend/"))
    with arranging():
        Invitation.objects.update(sent_at=clock.now() - timedelta(hours=1))
    mia.post(f"{N}/invitations/{invited.pk}/resend/")
    assert client.get(link).status_code == 404
    states = OutboxItem.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [OutboxState.CANCELLED, OutboxState.QUEUED]


# The mail --------------------------------------------------------------------------------------


def delivered(settings) -> str:
    (item,) = OutboxItem.objects.filter(state=OutboxState.QUEUED)
    assert outbox.deliver(item) == OutboxState.SENT
    (path,) = settings.EMAIL_FILE_PATH.glob("*")
    with path.open() as file:
        mail = message_from_file(file)
    assert mail["To"] == NEW
    assert mail["Subject"] == "Mia Lindqvist invites you to Northwind Instruments"
    return mail.get_payload()[0].get_payload(decode=True).decode()


@pytest.mark.django_db(transaction=True)
def test_the_mail_has_the_link_and_the_row_has_not(invited, link, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert f"{settings.SITE_URL}{link}" in delivered(settings)
    assert token_of(invited) not in str(OutboxItem.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_no_mail_leaves_for_somebody_who_is_gone(northwind, invited):
    with arranging():
        Membership.objects.filter(pk=northwind.mia.pk).update(is_active=False)
    assert outbox.deliver(OutboxItem.objects.get()) == OutboxState.CANCELLED


# The door --------------------------------------------------------------------------------------


def test_looking_uses_nothing_up_and_a_new_person_comes_in(client, link):
    for _ in range(2):
        page = client.get(link)
        assert page.status_code == 200
        assert "Mia Lindqvist invites new@northwind.example." in text(page)
        assert page["Referrer-Policy"] == "no-referrer"
        assert page["Cache-Control"] == "private, no-store"
    assert not User.objects.filter(email=NEW).exists()
    answer = client.post(link, JOIN)
    assert (answer.status_code, answer.url) == (302, f"{N}/")
    assert client.get(f"{N}/").status_code == 200
    nia = Membership.objects.get(user__email=NEW)
    assert (nia.role, nia.user.time_zone) == ("sales", "Asia/Tokyo")
    assert nia.user.check_password(JOIN["password"])


def test_a_password_may_be_left_out(client, link):
    assert client.post(link, {**JOIN, "password": ""}).status_code == 302
    assert not User.objects.get(email=NEW).has_usable_password()
    assert client.get(f"{N}/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("name", "Nia\u202e"),
        ("password", "short"),
        ("password", "q1w2e3r4t5y6"),
        ("password", "new@northwind.example"),
        ("time_zone", "Mars"),
    ],
)
def test_who_one_is_has_to_do(client, link, field, value):
    answer = client.post(link, {**JOIN, field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not User.objects.filter(email=NEW).exists()


def test_who_has_an_account_signs_in_first_and_comes_back(client, northwind, link):
    nia = User.objects.create_user(NEW, "correct horse battery", name="Nia")
    page = text(client.get(link))
    assert f'href="/accounts/login/?next={link}"' in page
    assert client.post(link, JOIN).status_code == 200
    assert not Membership.objects.filter(user=nia).exists()
    sent = {"login": NEW, "password": "correct horse battery", "next": link}
    answer = client.post("/accounts/login/", sent)
    assert answer.url == link
    assert client.post(link).url == f"{N}/"
    assert Membership.objects.get(user=nia).role == "sales"


def used(world, invitation):
    people.join_as_new_person(token_of(invitation), name="Nia", time_zone="UTC")


def withdrawn(world, invitation):
    people.revoke_invitation(invitation, by=world.mia)


def expired(world, invitation):
    with arranging():
        Invitation.objects.update(expires_at=clock.now())


def without_right(world, invitation):
    with arranging():
        Membership.objects.filter(pk=world.mia.pk).update(is_admin=False)


@pytest.mark.parametrize("end", [used, withdrawn, expired, without_right])
def test_a_link_that_ended_looks_like_one_that_never_was(client, northwind, invited, link, end):
    end(northwind, invited)
    never = client.get("/invitations/no-such-link/")
    for answer in (client.get(link), client.post(link, JOIN)):
        assert answer.status_code == never.status_code == 404
        assert TOKENS.sub(b"", answer.content) == TOKENS.sub(b"", never.content)
    assert not OutboxItem.objects.filter(state=OutboxState.SENT).exists()


def test_a_link_for_another_address_looks_like_none(client_of, northwind, fjord, link):
    for member in (northwind.sam, fjord.ola):
        client = client_of(member)
        never = client.get("/invitations/no-such-link/")
        for answer in (client.get(link), client.post(link)):
            assert answer.status_code == 404
            assert TOKENS.sub(b"", answer.content) == TOKENS.sub(b"", never.content)
    assert not Membership.objects.filter(user=fjord.ola.user, workspace=northwind.workspace)


@pytest.mark.parametrize("token", ["a" * 5_000, "%00", "%ff%fe", "<script>"])
def test_no_token_breaks_the_door(client, db, token):
    assert client.get(f"/invitations/{token}/").status_code == 404


def test_another_workspaces_invitation_is_none(client_of, fjord, invited):
    ola = client_of(fjord.ola)
    for verb in ("resend", "revoke"):
        assert ola.post(f"/w/fjord/invitations/{invited.pk}/{verb}/").status_code == 404
    invited.refresh_from_db()
    assert invited.revoked_at is None


def test_who_proved_the_address_finds_the_invitation_after_signing_in(client, link):
    nia = people.create_person(email=NEW, name="Nia", time_zone="UTC")
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    page = text(client.get("/"))
    assert "You are expected" in page
    assert f'href="{link}"' in page


def test_who_only_claims_the_address_does_not(client, link):
    nia = User.objects.create_user(NEW, name="Nia")
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/").url == "/new/"


def test_where_nobody_signs_up_an_invitation_still_lets_in(client, link, settings):
    settings.SPRINTBOARD_SIGNUP = False
    assert client.post(link, JOIN).url == f"{N}/"
