"""The verbs that carry the API: tokens, and the operational rows that limit and repeat."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from activity import clock
from activity.changes import System, change
from activity.counters import count_throttled
from activity.text import clean_line
from people import policy
from people.models import ApiToken, Bucket, Membership, RepeatableAnswer, Scope, Tally

from .limits import Limit

MARK: Final = "sb_"
DEFAULT_DAYS: Final = 90
MOST_DAYS: Final = 365
MOST_TOKENS: Final = 25
USED_WITHIN: Final = timedelta(minutes=10)
# No request runs this long: the server is bounded by the database's own deadlines
HOLD: Final = timedelta(seconds=60)
ANSWERS_KEPT: Final = timedelta(hours=24)


def digest_of(token: str) -> str:
    """Return what is stored of a token. It is 32 random bytes: no salt, no slow hash needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(
    member: Membership,
    *,
    by: Membership,
    name: str,
    scope: Scope | str = Scope.READ,
    days: int = DEFAULT_DAYS,
) -> tuple[ApiToken, str]:
    """Make a token for oneself; return it with its text, which nobody can read again.

    Raises PermissionDenied, ValidationError `too_many` or by field.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError(
            {"days": _("Between 1 and %(most)s days.") % {"most": MOST_DAYS}}, "days"
        )
    text = MARK + secrets.token_urlsafe(32)
    with change(member.workspace, by=by) as record:
        record.require(policy.can_edit_profile, member)
        standing = ApiToken.objects.filter(member=member, revoked_at=None, expires_at__gt=record.at)
        if standing.count() >= MOST_TOKENS:
            raise ValidationError(
                _("You have %(most)s tokens here. Revoke one that you no longer use."),
                "too_many",
                {"most": MOST_TOKENS},
            )
        token = ApiToken(
            workspace=record.workspace,
            member=member,
            name=clean_line(name),
            prefix=text[:8],
            digest=digest_of(text),
            scope=scope,
            created_at=record.at,
            expires_at=record.at + timedelta(days=days),
        )
        token.clean_fields(exclude={"workspace", "member"})
        token.save()
        record("token_made", token, scope=token.scope, days=days)
    return token, text


def revoke_token(token: ApiToken, *, by: Membership | System) -> None:
    """End a token at once. Raises PermissionDenied unless it is one's own."""
    with change(token.workspace, by=by) as record:
        token.refresh_from_db(fields=["revoked_at"])
        record.require(policy.can_edit_profile, token.member)
        if token.revoked_at is not None:
            return
        token.revoked_at = record.at
        token.save(update_fields=["revoked_at"])
        record("token_revoked", token)


def mark_used(token: ApiToken) -> None:
    """Keep, coarsely, when a token was last used."""
    now = clock.now()
    if token.last_used_at is None or token.last_used_at < now - USED_WITHIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


# Limits ----------------------------------------------------------------------------------------


def secret_key_of(*parts: object) -> str:
    """Return a key that tells nobody which address or person it stands for."""
    text = "\0".join(map(str, parts))
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def take(limit: Limit, *who: object) -> float:
    """Take one from a bucket; return 0, or the seconds until there is one again.

    One conditional UPDATE decides: two processes cannot take the same last drop.
    """
    key = secret_key_of("bucket", limit.name, *who)
    for _attempt in range(5):
        now = _milliseconds()
        latest = now + limit.span - limit.interval
        bucket = Bucket.objects.filter(key=key)
        taken = bucket.filter(full_at__lte=latest).update(
            full_at=Greatest(F("full_at"), now) + limit.interval
        )
        if taken:
            return 0.0
        full_at = bucket.values_list("full_at", flat=True).first()
        if full_at is None:
            Bucket.objects.bulk_create([Bucket(key=key, full_at=0)], ignore_conflicts=True)
        elif full_at > latest:
            count_throttled(limit.name)
            return (full_at - latest) / 1000
        # else somebody else made the bucket between the two looks: there is something in it
    return limit.interval / 1000


def _milliseconds() -> int:
    return int(clock.now().timestamp() * 1000)


# Repeatable answers ----------------------------------------------------------------------------


def claim_answer(
    *, credential: str, key: str, method: str, path: str, body_digest: str
) -> tuple[RepeatableAnswer, UUID | None]:
    """Begin to answer under a key; return the row, and the holder's mark when it is ours to do.

    A row whose holder died may be taken over: verb and answer are committed together, so that a
    row without an answer means that nothing was done.
    """
    now, holder = clock.now(), uuid4()
    held_until = now + HOLD
    RepeatableAnswer.objects.filter(
        credential=credential, key=key, created_at__lt=now - ANSWERS_KEPT
    ).delete()
    fresh = RepeatableAnswer(
        credential=credential,
        key=key,
        method=method,
        path=path,
        body_digest=body_digest,
        holder=holder,
        held_until=held_until,
        created_at=now,
    )
    RepeatableAnswer.objects.bulk_create([fresh], ignore_conflicts=True)
    row = RepeatableAnswer.objects.get(credential=credential, key=key)
    if row.holder == holder:
        return row, holder
    same = (row.method, row.path, row.body_digest) == (method, path, body_digest)
    abandoned = RepeatableAnswer.objects.filter(
        pk=row.pk, status=None, holder=row.holder, held_until__lt=now
    )
    if same and abandoned.update(holder=holder, held_until=held_until):
        return row, holder
    return row, None


def keep_answer(
    row: RepeatableAnswer, holder: UUID, *, status: int, body: str, location: str
) -> bool:
    """Store an answer in the transaction of its verb; False when the row is somebody else's now."""
    mine = RepeatableAnswer.objects.filter(pk=row.pk, holder=holder, status=None)
    return bool(mine.update(status=status, body=body, location=location))


def forget_answer(row: RepeatableAnswer, holder: UUID) -> None:
    """Let the same key be tried again."""
    RepeatableAnswer.objects.filter(pk=row.pk, holder=holder, status=None).delete()


def sweep() -> None:
    """Throw away what no longer limits or repeats anything."""
    now = clock.now()
    RepeatableAnswer.objects.filter(created_at__lt=now - ANSWERS_KEPT).delete()
    Bucket.objects.filter(full_at__lt=_milliseconds()).delete()
    Tally.objects.filter(expires_at__lt=now).delete()


# The sign-in's counts --------------------------------------------------------------------------


def add_tally(key: str, value: str, *, seconds: float) -> bool:
    """Store an entry unless there is one that still counts; tell whether it was stored."""
    now = clock.now()
    expires_at = now + timedelta(seconds=seconds)
    with transaction.atomic():
        Tally.objects.bulk_create(
            [Tally(key=key, value="", expires_at=now - timedelta(seconds=1))], ignore_conflicts=True
        )
        return bool(
            Tally.objects.filter(key=key, expires_at__lte=now).update(
                value=value, expires_at=expires_at
            )
        )


def set_tally(key: str, value: str, *, seconds: float) -> None:
    """Store an entry, in place of an older one."""
    expires_at = clock.now() + timedelta(seconds=seconds)
    Tally.objects.bulk_create(
        [Tally(key=key, value=value, expires_at=expires_at)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["value", "expires_at"],
    )


def drop_tallies(*keys: str) -> int:
    """Forget entries; all of them when none is named."""
    wanted = Q(key__in=keys) if keys else Q()
    return Tally.objects.filter(wanted).delete()[0]
