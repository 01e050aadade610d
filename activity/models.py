"""What happened: the append-only log of each workspace, and how far its readers have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from . import clock

if TYPE_CHECKING:
    from people.models import Membership, Workspace


class Audience(models.TextChoices):
    """Who may see an Activity; everyone else learns only that a number was taken."""

    EVERYONE = "everyone", _("Everyone in the workspace")
    MARKETERS_AND_MANAGERS = "marketers_and_managers", _("Marketers and managers")
    MARKETERS = "marketers", _("Marketers")

    def includes(self, member: Membership) -> bool:
        """Tell whether this member may see what has this audience."""
        if self is Audience.EVERYONE:
            return True
        if self is Audience.MARKETERS:
            return member.role == "marketer"
        return member.role in {"marketer", "manager"}


class ActivityQuerySet(models.QuerySet["Activity"]):
    def after(self, workspace: Workspace, seq: int) -> Self:
        """Return what happened in a workspace after this number, in order."""
        return self.filter(workspace=workspace, seq__gt=seq).order_by("seq")

    def about(self, subject: models.Model) -> Self:
        """Return what happened to one object, newest first."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by(
            "-seq"
        )

    def visible_to(self, member: Membership) -> Self:
        """Return what this member may see of his workspace's activity."""
        allowed = [audience for audience in Audience if audience.includes(member)]
        return self.filter(workspace=member.workspace_id, audience__in=allowed)


class Activity(models.Model):
    """One thing that happened: who, what verb, on what, when. Written with the change itself.

    `seq` counts each workspace's activities without a gap, in the order in which they committed.
    """

    workspace = models.ForeignKey("people.Workspace", models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()
    actor = models.ForeignKey(
        "people.Membership", models.PROTECT, null=True, blank=True, related_name="+"
    )
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    audience = models.CharField(max_length=30, choices=Audience.choices, default=Audience.EVERYONE)
    at = models.DateTimeField()

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "seq"], name="activity_seq_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "seq"], name="activity_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb} {self.subject_type} {self.subject_id}"


class Cursor(models.Model):
    """How far one reader of the log has come in one workspace. Written inside `change()`."""

    workspace = models.ForeignKey("people.Workspace", models.CASCADE, related_name="cursors")
    reader = models.CharField(max_length=60)
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "reader"], name="activity_one_cursor")
        ]

    def __str__(self) -> str:
        return f"{self.reader} at {self.seq}"

    def unread(self, limit: int = 500) -> models.QuerySet[Activity]:
        """Return the next activities that this reader has not seen, in order."""
        return Activity.objects.filter(workspace=self.workspace_id, seq__gt=self.seq).order_by(
            "seq"
        )[:limit]


class MarkQuerySet(models.QuerySet["Mark"]):
    def named(self, name: str) -> Self:
        """Return the one mark of this name, if it was ever set."""
        return self.filter(name=name)

    def by_name(self) -> dict[str, Mark]:
        """Return every mark; they are a handful."""
        return {mark.name: mark for mark in self}


class Mark(models.Model):
    """What the running program notes about itself, seen by all of its processes.

    An operational table: it belongs to the installation, not to a workspace.
    """

    WORKER = "worker"  # a worker finished a job
    BACKUP = "backup"  # a backup was written
    RESCUES = "rescues"  # the sweep found what a lost ring left lying
    OUTBOX_PAUSED = "outbox_paused"  # as long as it exists, nothing leaves the house

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(default=clock.now)
    amount = models.PositiveBigIntegerField(default=0)

    objects = MarkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
