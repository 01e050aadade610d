"""Who may listen: session and membership, checked when a stream begins, and again while it runs.

Everything here asks the database and runs in a thread of the stream's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from activity import clock
from activity.compiled import Compiled
from people.models import Membership, User

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


_member = Compiled(
    lambda user, slug: (
        Membership.objects.active()
        .select_related("workspace", "user")
        .filter(user=user, workspace__slug=slug)
    ),
    user=int,
    slug=str,
)


@dataclass(frozen=True)
class Seat:
    """A reader's place at one workspace's stream, as it was when it was given."""

    session_key: str
    member: Membership
    seq: int

    @property
    def workspace_id(self) -> int:
        """The workspace whose changes are told here."""
        return self.member.workspace_id


def session_key_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the session key among a request's cookies; empty when there is none."""
    for name, value in headers:
        if name != b"cookie":
            continue
        try:
            cookies = SimpleCookie(value.decode("latin-1"))
        except CookieError:
            continue
        if found := cookies.get(settings.SESSION_COOKIE_NAME):
            return found.value
    return ""


def admit(session_key: str, slug: str) -> Seat | None:
    """Return the seat of whoever this session belongs to; None when he may not listen.

    Whether the workspace exists at all is not told.
    """
    data = SessionStore(session_key).load() if session_key else {}
    user_id = _user_id(data)
    member = _member.first(user=user_id, slug=slug) if user_id is not None else None
    if member is None or not _belongs_to(data, member.user):
        return None
    return Seat(session_key, member, member.workspace.seq)


def still_admitted(seats: Iterable[Seat]) -> set[Seat]:
    """Return those seats whose session and membership are what they were: three queries."""
    seats = list(seats)
    live = Session.objects.filter(
        session_key__in={seat.session_key for seat in seats}, expire_date__gt=clock.now()
    )
    sessions = {one.session_key: one.get_decoded() for one in live}
    users = User.objects.filter(is_active=True).in_bulk({seat.member.user_id for seat in seats})
    members = Membership.objects.active().in_bulk({seat.member.pk for seat in seats})
    return {seat for seat in seats if _holds(seat, sessions, users, members)}


def _holds(
    seat: Seat,
    sessions: Mapping[str, Mapping[str, str]],
    users: Mapping[int, User],
    members: Mapping[int, Membership],
) -> bool:
    member = members.get(seat.member.pk)
    user = users.get(seat.member.user_id)
    data = sessions.get(seat.session_key)
    return (
        member is not None
        and user is not None
        and data is not None
        and member.role == seat.member.role
        and _belongs_to(data, user)
    )


def _user_id(data: Mapping[str, str]) -> int | None:
    """Return whom a session names, as Django's own middleware reads it."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    told = data.get(SESSION_KEY, "")
    return int(told) if told.isdecimal() and len(told) < 19 else None


def _belongs_to(data: Mapping[str, str], user: User) -> bool:
    """Tell whether a session was begun with the password that the person still has."""
    told = data.get(HASH_SESSION_KEY, "")
    if data.get(SESSION_KEY) != str(user.pk):
        return False
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(told, one) for one in hashes)
