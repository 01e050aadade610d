"""What people are told: by messages that leave the house, and by notices in the app.

Both are rows that are written with the change they tell of.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time
from typing import Final, Self
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


class Topic(models.TextChoices):
    """Why somebody is told, the strongest reason first.

    About what is said he chooses how (`CHOSEN`). What escalates is mailed by who escalates it.
    """

    MENTION = "mention", _("Mentions")
    ANSWER = "answer", _("Answers")
    COMMENT = "comment", _("Comments")
    ESCALATION = "escalation", _("Escalated impediments")


CHOSEN: Final = (Topic.MENTION, Topic.ANSWER, Topic.COMMENT)


class Pace(models.TextChoices):
    """How somebody is told, beside the notice in the app."""

    APP = "app", _("In the app only")
    DAILY = "daily", _("One mail a day")
    ONCE = "once", _("A mail at once")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the reader's own: nobody reads those of another."""
        return self.filter(recipient=member.pk)

    def unread(self) -> Self:
        """Keep what nobody has looked at."""
        return self.filter(read_at=None)

    def due(self, at: datetime) -> Self:
        """Keep what belongs into a daily mail that should have left by now."""
        return self.unread().filter(mailed_at=None, due_at__lte=at)


class Notice(models.Model):
    """One person is told one thing: where, by whom, never the words themselves.

    `kind` names who can say what it was about (notifications/inbox/reading.py), `about_id` the row
    within it: the comment. `due_at` is when it joins the daily mail, if it is to. Written inside
    `change()`; that it was read or mailed is noted by single updates: an operational table.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    recipient = models.ForeignKey(Membership, models.CASCADE, related_name="notices")
    topic = models.CharField(max_length=10, choices=Topic.choices)
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    about_id = models.BigIntegerField()
    actor = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "about_id"], name="notices_one_each"
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notices_inbox"),
            models.Index(fields=["recipient"], name="notices_unread", condition=Q(read_at=None)),
            models.Index(
                fields=["due_at"],
                name="notices_due",
                condition=Q(read_at=None, mailed_at=None, due_at__isnull=False),
            ),
            models.Index(fields=["at"], name="notices_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} for {self.recipient_id}"

    @property
    def is_read(self) -> bool:
        """Tell whether its reader has looked at it."""
        return self.read_at is not None


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def of(self, member: Membership) -> Preference:
        """Return what a member chose, or what holds for whoever chose nothing."""
        return self.filter(member=member).first() or Preference(
            workspace=member.workspace, member=member
        )

    def of_each(self, members: Collection[Membership]) -> dict[int, Preference]:
        """Return the same of many, by the member's number; one query."""
        chosen = {one.member_id: one for one in self.filter(member__in=members)}
        return {
            member.pk: chosen.get(member.pk)
            or Preference(workspace_id=member.workspace_id, member=member)
            for member in members
        }


class Preference(models.Model):
    """How a member wants to be told, and when not; hours are those of his own time zone.

    From and until the same time: no quiet hours.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    member = models.OneToOneField(Membership, models.CASCADE, related_name="preference")
    mention = models.CharField(max_length=10, choices=Pace.choices, default=Pace.ONCE)
    answer = models.CharField(max_length=10, choices=Pace.choices, default=Pace.ONCE)
    comment = models.CharField(max_length=10, choices=Pace.choices, default=Pace.DAILY)
    daily_at = models.TimeField(default=time(8))
    quiet_from = models.TimeField(default=time(20))
    quiet_until = models.TimeField(default=time(7))
    quiet_weekends = models.BooleanField(default=True)

    objects = PreferenceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.member_id}: {self.mention}, {self.answer}, {self.comment}"

    def pace(self, topic: Topic | str) -> Pace:
        """Return how its member is told about a topic."""
        return Pace(getattr(self, Topic(topic).value))


class FollowingQuerySet(models.QuerySet["Following"]):
    def about(self, subject_type: str, subject_id: int) -> Self:
        """Return what members said of one thing."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)


class Following(models.Model):
    """That a member said of one thing: tell me of what is said there, or do not.

    Whoever said neither is told where he takes part.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    wants = models.BooleanField()

    objects = FollowingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "member"], name="following_said_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {'follows' if self.wants else 'mutes'} {self.subject_type}"
