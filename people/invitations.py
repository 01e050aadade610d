"""The links of invitations: how they are made, known again, and whom they are for.

A link's token is HMAC-SHA256 of the invitation's nonce under the installation's secret key: 32
bytes that can be computed when the mail is written, and that the database alone does not tell.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from activity import clock

from .models import Invitation, User

SALT = "people.invitation"
MOST_SHOWN = 20


class ChangedKeyError(Exception):
    """The secret key that made a link is gone; only a new link helps."""


def new_nonce() -> tuple[str, str]:
    """Return a nonce for a new link, and the hash of its token."""
    nonce = secrets.token_urlsafe(32)
    return nonce, hash_of(_token(nonce, settings.SECRET_KEY))


def hash_of(token: str) -> str:
    """Return what is stored of a token. It is random: no salt, no slow hash needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def path_of(invitation: Invitation) -> str:
    """Return the path of an invitation's link. Raises ChangedKeyError."""
    return reverse("invitation", args=[token_of(invitation)])


def token_of(invitation: Invitation) -> str:
    """Compute the token of an invitation, also under a key that is being replaced.

    Raises ChangedKeyError.
    """
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        token = _token(invitation.nonce, key)
        if hash_of(token) == invitation.token_hash:
            return token
    raise ChangedKeyError


def find(token: str) -> Invitation | None:
    """Return the invitation that a link opens now, if any."""
    return (
        Invitation.objects.open(clock.now())
        .select_related("workspace", "inviter")
        .filter(token_hash=hash_of(token))
        .first()
    )


def addressee(invitation: Invitation) -> User | None:
    """Return whose account has the address that was invited."""
    return (
        User.objects.filter(email__iexact=invitation.address).first()
        or User.objects.filter(
            emailaddress__email__iexact=invitation.address, emailaddress__verified=True
        ).first()
    )


def is_for(invitation: Invitation, user: User) -> bool:
    """Tell whether the invited address is this person's."""
    return invitation.address == user.email.lower() or invitation.address in proved_addresses(user)


def proved_addresses(user: User) -> set[str]:
    """Return the addresses that are known to be a person's own."""
    own = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return {address.lower() for address in own}


def waiting_for(user: User) -> list[tuple[Invitation, str]]:
    """Return what somebody can accept without the mail, with its path: the address is proved."""
    found = (
        Invitation.objects.open(clock.now())
        .filter(address__in=proved_addresses(user))
        .select_related("workspace", "inviter")
        .order_by("workspace__name")
    )
    waiting = []
    for invitation in found[:MOST_SHOWN]:
        with suppress(ChangedKeyError):  # only the mail knows that link
            waiting.append((invitation, path_of(invitation)))
    return waiting


def _token(nonce: str, key: str) -> str:
    mac = salted_hmac(SALT, nonce, secret=key, algorithm="sha256").digest()
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
