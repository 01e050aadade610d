"""Who may listen: a session that is good, of an active member of the workspace."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from live import door
from people import actions as people
from people.models import Role
from tests.arranging import arranging
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def lena_at(northwind, client_of):
    """Lena's session, and her seat."""
    key = client_of(northwind.lena).cookies[settings.SESSION_COOKIE_NAME].value
    return key, door.admit(key, "northwind")


def test_a_member_gets_a_seat(northwind, lena_at):
    _key, seat = lena_at
    assert seat.member == northwind.lena
    assert seat.seq == northwind.lena.workspace.seq


@pytest.mark.parametrize("slug", ["fjord", "nowhere"])
def test_another_workspace_is_told_like_one_that_is_not_there(fjord, lena_at, slug):
    key, _seat = lena_at
    assert door.admit(key, slug) is None


@pytest.mark.parametrize("key", ["", "x", "0" * 32, "\x00" * 32, "'; drop table"])
def test_a_key_that_nobody_has_opens_nothing(northwind, key):
    assert door.admit(key, "northwind") is None


def test_the_seat_ends_with_the_session(lena_at):
    key, seat = lena_at
    assert door.still_admitted({seat}) == {seat}
    Session.objects.get(session_key=key).delete()
    assert door.still_admitted({seat}) == set()


def test_the_seat_ends_when_the_password_changes(northwind, lena_at):
    _key, seat = lena_at
    northwind.lena.user.set_password("another long one")
    northwind.lena.user.save()
    assert door.still_admitted({seat}) == set()


def test_the_seat_ends_when_the_member_is_deactivated(northwind, lena_at):
    _key, seat = lena_at
    people.deactivate_member(northwind.lena, by=northwind.mia)
    assert door.still_admitted({seat}) == set()


def test_the_seat_ends_when_the_role_changes_since_other_things_are_told_then(lena_at):
    _key, seat = lena_at
    with arranging():
        seat.member.__class__.objects.filter(pk=seat.member.pk).update(role=Role.SALES)
    assert door.still_admitted({seat}) == set()


def test_many_seats_are_checked_by_three_queries(northwind, client_of, django_assert_num_queries):
    seats = set()
    for number in range(12):
        member = make_member(northwind.workspace, name=f"Rep{number} Somebody", role=Role.SALES)
        key = client_of(member).cookies[settings.SESSION_COOKIE_NAME].value
        seats.add(door.admit(key, "northwind"))
    with django_assert_num_queries(3):
        assert door.still_admitted(seats) == seats


@pytest.mark.parametrize(
    ("cookie", "key"),
    [
        (b"sid=abcdef", "abcdef"),
        (b"csrf=1; sid=abcdef; other=2", "abcdef"),
        (b"other=1", ""),
        (b"\xff\xfe=;;;", ""),
        (b"", ""),
    ],
)
def test_the_session_is_found_among_the_cookies(cookie, key):
    name = settings.SESSION_COOKIE_NAME.encode()
    headers = [(b"host", b"x"), (b"cookie", cookie.replace(b"sid", name))]
    assert door.session_key_of(headers) == key
