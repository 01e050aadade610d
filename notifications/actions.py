"""The outbox's verbs: queue with the change, leave the house at most once, end in a known state.

Queueing happens inside `change()`. Everything after it is operational: one conditional UPDATE
claims a row and is committed before the first byte leaves, and only the holder of the claim's
token may finish it. So two workers, a doubled or lost ring, and a worker that dies half-way all
end with the message sent once, or with a row that says that nobody knows.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from celery import signature
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from activity import clock
from activity.actions import clear_mark, count_mark, set_mark
from activity.changes import Change, change
from activity.doorbell import Job, ring
from activity.models import Audience, Mark
from people.models import Membership

from . import mails, policy
from .models import OutboxItem, OutboxState
from .senders import NotAcceptedError, Sender, SendingError, UncertainError, send_mail

logger = logging.getLogger(__name__)

PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
GIVE_UP_AFTER = timedelta(hours=24)
RENDER_ATTEMPTS = 5
# Longer than any sender's own deadline, so that an expired lease means a dead sender
LEASE = timedelta(minutes=5)
UNKNOWN_KIND_PAUSE = timedelta(minutes=2)
SWEEP_LIMIT = 500
UNHEARD_AFTER = timedelta(minutes=1)
# By name: jobs.py imports this module. A ring that waited a minute is stale, the next sweep rings.
DELIVER = cast(Job, signature("notifications.jobs.deliver", options={"expires": 55}))


def queue_mail(
    record: Change,
    *,
    kind: str,
    recipient: Membership,
    dedupe_key: str,
    payload: dict[str, Any],
    not_before: datetime | None = None,
    address: str = "",
) -> OutboxItem:
    """Write one mail into the outbox, in the open change; the same key twice is the same mail.

    With an `address` it goes there, on behalf of the recipient. A mail that was cancelled under
    this key never left: it is queued anew. Rings the worker after commit when it is due at once.
    """
    values = {
        "kind": kind,
        "recipient": recipient,
        "address": address,
        "payload": payload,
        "not_before": not_before or record.at,
    }
    item, is_new = OutboxItem.objects.get_or_create(
        workspace=record.workspace,
        dedupe_key=dedupe_key,
        defaults={**values, "created_at": record.at},
    )
    if not is_new and item.state == OutboxState.CANCELLED:
        is_new = True
        OutboxItem.objects.filter(pk=item.pk).update(
            **values,
            state=OutboxState.QUEUED,
            attempts=0,
            first_tried_at=None,
            last_error="",
        )
        item.refresh_from_db()
    if is_new and item.not_before <= record.at:
        ring(DELIVER, item.pk)
    return item


def cancel_mail(record: Change, *, dedupe_key: str) -> bool:
    """Call a mail back; tell whether it still lay here and now will not leave."""
    cancelled = OutboxItem.objects.filter(
        workspace=record.workspace, dedupe_key=dedupe_key, state=OutboxState.QUEUED
    ).update(state=OutboxState.CANCELLED)
    return cancelled == 1


def amend_mail(record: Change, item: OutboxItem, *, payload: dict[str, Any]) -> bool:
    """Let a mail say something else; tell whether it still lay here and now will."""
    amended = OutboxItem.objects.filter(
        workspace=record.workspace, pk=item.pk, state=OutboxState.QUEUED
    ).update(payload=payload)
    return amended == 1


def deliver(item: OutboxItem, *, send: Sender = send_mail) -> OutboxState:
    """Send one row's message if it is due and nobody else has claimed it.

    Safe to call twice, by anybody, at any time; never inside a transaction. Returns the state in
    which it leaves the row. While the outbox is paused, a row stays as it is.
    """
    token = None if is_paused() else _claim(item)
    if token is None:
        return OutboxState(OutboxItem.objects.values_list("state", flat=True).get(pk=item.pk))
    claimed = OutboxItem.objects.with_recipient().get(pk=item.pk)
    return _finish(claimed, token, _attempt(claimed, send))


def send_again(item: OutboxItem, *, by: Membership) -> OutboxItem:
    """Queue once more what failed or may not have arrived, because a person says so.

    Raises PermissionDenied, or ValidationError `not_settled` for a row that is on its way.
    """
    with change(item.workspace, by=by) as record:
        item.refresh_from_db()
        record.require(policy.can_send_again, item)
        queued = (
            OutboxItem.objects.filter(pk=item.pk)
            .unsettled()
            .update(
                state=OutboxState.QUEUED,
                attempts=0,
                first_tried_at=None,
                lease_token=None,
                last_error="",
                not_before=record.at,
            )
        )
        if not queued:
            raise ValidationError(
                _("This mail is not waiting for a decision any more."), code="not_settled"
            )
        record(
            "mail_queued_again",
            item,
            audience=Audience.MARKETERS_AND_MANAGERS,
            kind=item.kind,
            recipient=item.recipient_id,
            was=item.state,
        )
        ring(DELIVER, item.pk)
    item.refresh_from_db()
    return item


def sweep() -> int:
    """Ring for what is due, and say of what a dead sender held that nobody knows.

    Returns how many rows were rung.
    """
    now = clock.now()
    lost = OutboxItem.objects.overdue_leases(now).update(
        state=OutboxState.UNCERTAIN,
        last_error=_("The sender stopped while this was on its way. It may have arrived."),
    )
    if lost:
        logger.warning("%s messages may or may not have arrived.", lost)
    if is_paused():
        return 0
    _count_rescues(now, lost)
    due = list(OutboxItem.objects.due(now).values_list("pk", flat=True)[:SWEEP_LIMIT])
    for pk in due:
        ring(DELIVER, pk)
    return len(due)


def is_paused() -> bool:
    """Tell whether nothing may leave: the settings say so, or somebody paused it or restored."""
    return settings.OUTBOX_PAUSED or Mark.objects.named(Mark.OUTBOX_PAUSED).exists()


def pause() -> None:
    """Let nothing leave until `resume`. What is being sent this moment ends as it ends."""
    set_mark(Mark.OUTBOX_PAUSED)


def resume(*, hold_back: bool = False) -> int:
    """Let messages leave again; return how many were held back.

    After a restore, what waits may have left before the loss. `hold_back` calls all of it
    uncertain, so that people decide on each, instead of sending it.
    """
    held = 0
    if hold_back:
        held = OutboxItem.objects.filter(state=OutboxState.QUEUED).update(
            state=OutboxState.UNCERTAIN,
            last_error=_("A backup was restored while this waited. It may have left before."),
        )
    clear_mark(Mark.OUTBOX_PAUSED)
    return held


def _count_rescues(now: datetime, lost: int) -> None:
    """Count what should not happen: dead senders, and rings that nobody heard."""
    unheard = (
        OutboxItem.objects.due(now)
        .filter(attempts=0, not_before__lte=F("created_at"), created_at__lt=now - UNHEARD_AFTER)
        .count()
    )
    if lost or unheard:
        count_mark(Mark.RESCUES, lost + unheard)


def _claim(item: OutboxItem) -> uuid.UUID | None:
    """Take the row for one try, or return None when it is not due or somebody else has it."""
    token, now = uuid.uuid4(), clock.now()
    # durable: the claim must be committed before the first byte leaves
    with transaction.atomic(durable=True):
        claimed = (
            OutboxItem.objects.due(now)
            .order_by()
            .filter(pk=item.pk)
            .update(
                state=OutboxState.SENDING,
                lease_token=token,
                lease_until=now + LEASE,
                attempts=F("attempts") + 1,
                first_tried_at=Coalesce("first_tried_at", now),
            )
        )
    return token if claimed else None


def _attempt(item: OutboxItem, send: Sender) -> dict[str, Any]:
    """Render and send; return what to write into the row."""
    if not (item.recipient.is_active and item.recipient.user.is_active):
        return _settled(OutboxState.CANCELLED, _("No longer a member here."))
    try:
        message = mails.message_for(item)
    except mails.UnknownKindError:
        logger.warning("Outbox row %s has the unknown kind %s.", item.pk, item.kind)
        return {
            **_queued(clock.now() + UNKNOWN_KIND_PAUSE, ""),
            "attempts": item.attempts - 1,
        }
    except Exception as error:
        logger.exception("Outbox row %s could not be written.", item.pk)
        return _after_broken_rendering(item, error)
    return {**_hand_over(item, message, send), "subject": str(message.subject)[:250]}


def _hand_over(item: OutboxItem, message: EmailMessage, send: Sender) -> dict[str, Any]:
    try:
        send(message)
    except SendingError as error:
        return _after_sending_error(item, error)
    except Exception:
        logger.exception("Outbox row %s broke its sender.", item.pk)
        return _settled(OutboxState.UNCERTAIN, _("Sending broke half-way. It may have arrived."))
    return {**_settled(OutboxState.SENT, ""), "sent_at": clock.now()}


def _after_broken_rendering(item: OutboxItem, error: Exception) -> dict[str, Any]:
    reason = _("The mail could not be written: %(error)s") % {
        "error": f"{type(error).__name__}: {error}"[:300]
    }
    if item.attempts >= RENDER_ATTEMPTS:
        return _settled(OutboxState.FAILED, reason)
    return _queued(clock.now() + _pause(item), reason)


def _after_sending_error(item: OutboxItem, error: SendingError) -> dict[str, Any]:
    if isinstance(error, UncertainError):
        return _settled(OutboxState.UNCERTAIN, str(error))
    if not isinstance(error, NotAcceptedError):
        return _settled(OutboxState.FAILED, str(error))
    now = clock.now()
    next_try = now + _pause(item)
    first_try = item.first_tried_at or now
    if next_try > first_try + GIVE_UP_AFTER:
        return _settled(OutboxState.FAILED, _("Tried for a day. %(error)s") % {"error": error})
    return _queued(next_try, str(error))


def _pause(item: OutboxItem) -> timedelta:
    """Return how long to wait after this attempt; spread, so that rows do not come back at once."""
    pause = PAUSES[min(item.attempts, len(PAUSES)) - 1]
    spread = 0.8 + (item.pk * 37 % 41) / 100
    return pause * spread


def _settled(state: OutboxState, reason: str) -> dict[str, Any]:
    return {"state": state, "last_error": reason}


def _queued(not_before: datetime, reason: str) -> dict[str, Any]:
    return {"state": OutboxState.QUEUED, "not_before": not_before, "last_error": reason}


def _finish(item: OutboxItem, token: uuid.UUID, values: dict[str, Any]) -> OutboxState:
    """Write the outcome, if the row is still ours: a lease that ran out may have been given away.

    Ours even when the sweep has meanwhile called it uncertain: now somebody does know.
    """
    finished = OutboxItem.objects.filter(
        Q(state=OutboxState.SENDING) | Q(state=OutboxState.UNCERTAIN),
        pk=item.pk,
        lease_token=token,
    ).update(**values, lease_token=None, lease_until=None)
    if not finished:
        logger.warning("Outbox row %s was taken over; its outcome is %s.", item.pk, values)
        return OutboxState(OutboxItem.objects.values_list("state", flat=True).get(pk=item.pk))
    return OutboxState(values["state"])
