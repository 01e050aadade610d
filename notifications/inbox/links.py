"""The links by which somebody stops a kind of mail without signing in.

A link is signed with the secret key and says for whom and which mails, so that no row is needed and
none can be made up. It holds for as long as the mail may be opened: years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.urls import reverse

from notifications.mails import absolute
from notifications.models import CHOSEN
from people.models import Membership

_SALT: Final = "notifications.unsubscribe"
#: All topics of somebody's daily mail, together
DAILY: Final = "daily"


@dataclass(frozen=True)
class Link:
    """Whom a link is for, and what it stops: a topic, or the daily mail."""

    member: Membership
    what: str


def token_for(member: Membership, what: str) -> str:
    """Return what stands in the address."""
    return signing.dumps([member.pk, what], salt=_SALT, compress=False)


def address_for(member: Membership, what: str) -> str:
    """Return the full address of a link, for a mail."""
    return absolute(reverse("unsubscribe", args=[token_for(member, what)]))


def find(token: str) -> Link | None:
    """Return what a link is for; None for one that was made up, or whose person is gone."""
    try:
        pk, what = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    known = Membership.objects.select_related("workspace", "user")
    member = known.filter(pk=pk).first() if what in {DAILY, *CHOSEN} else None
    return Link(member, what) if member else None


def headers_for(member: Membership, what: str) -> dict[str, str]:
    """Return the headers by which mail programs offer one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{address_for(member, what)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
