"""The outbox: one row for each thing that leaves the house, written with its change."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activity import clock
from people.models import Membership, Workspace


class OutboxState(models.TextChoices):
    """Where a row stands. Sent, failed, uncertain and cancelled are final by themselves."""

    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("May have arrived")
    CANCELLED = "cancelled", _("Cancelled")


class Channel(models.TextChoices):
    """How it leaves."""

    EMAIL = "email", _("E-mail")


class OutboxQuerySet(models.QuerySet["OutboxItem"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the rows of the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def due(self, at: datetime) -> Self:
        """Return what should leave by now, the longest due first."""
        return self.filter(state=OutboxState.QUEUED, not_before__lte=at).order_by("not_before")

    def overdue_leases(self, at: datetime) -> Self:
        """Return rows whose sender died between claiming and finishing."""
        return self.filter(state=OutboxState.SENDING, lease_until__lt=at)

    def with_recipient(self) -> Self:
        """Fetch what rendering a message needs, in the same query."""
        return self.select_related("workspace", "recipient__user", "recipient__workspace")

    def unsettled(self) -> Self:
        """Return what needs a person's eye: it failed, or nobody knows whether it arrived."""
        return self.filter(state__in=[OutboxState.FAILED, OutboxState.UNCERTAIN])

    def retried(self) -> Self:
        """Return what was not accepted yet and will be tried again by itself."""
        return self.filter(state=OutboxState.QUEUED, attempts__gt=0)


class OutboxItem(models.Model):
    """One message to one recipient over one channel.

    `kind` names the renderer that turns `payload` (ids and words, no secrets) into a message when
    it leaves. `dedupe_key` makes the same message one row, whoever asks twice. The state is
    claimed and finished by single conditional updates outside `change()`: an operational table.
    A mail to somebody who is no member yet goes to `address`, on behalf of the member in
    `recipient`: it is written in that member's language and zone, and does not leave without him.
    `subject` is what it said above its last try, for those who look after it.
    `last_error` is the sentence that people read beside a row that did not simply leave.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="outbox")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=20, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    address = models.EmailField(max_length=254, blank=True, db_default="")
    subject = models.CharField(max_length=250, blank=True, db_default="")
    dedupe_key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=10, choices=OutboxState.choices, default=OutboxState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    first_tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "dedupe_key"], name="outbox_same_message_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="outbox_due",
                condition=Q(state="queued"),
            ),
            models.Index(
                fields=["workspace", "-id"],
                name="outbox_unsettled",
                condition=Q(state__in=["failed", "uncertain"]),
            ),
            models.Index(fields=["lease_until"], name="outbox_lease", condition=Q(state="sending")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def addressee(self) -> str:
        """Who gets it, as people say it."""
        return self.address or self.recipient.first_name

    @property
    def can_be_sent_again(self) -> bool:
        """Tell whether only a person can decide what happens next."""
        return self.state in {OutboxState.FAILED, OutboxState.UNCERTAIN}

    @property
    def may_be_there(self) -> bool:
        """Tell whether sending it again could make a second copy."""
        return self.state == OutboxState.UNCERTAIN

    @property
    def waits_for_retry(self) -> bool:
        """Tell whether it was tried, did not arrive, and will be tried again by itself."""
        return self.state == OutboxState.QUEUED and self.attempts > 0

    @property
    def message_id(self) -> str:
        """The same for each try, so that a mailbox can tell a double from a second letter."""
        host = urlsplit(settings.SITE_URL).hostname
        return f"<outbox-{self.pk}@{host}>"
