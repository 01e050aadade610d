"""What people say about a thing and what they hang on it, whatever the thing is."""

from __future__ import annotations

from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from people.models import Membership, Workspace

from .subjects import Subject

LONGEST = 4_000


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the comments of the reader's workspace; who may read the thing asks its kind."""
        return self.filter(workspace=member.workspace_id)

    def about(self, subject: Subject) -> Self:
        """Return what was said about one thing, the oldest first, removed ones too."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by(
            "pk"
        )

    def standing(self) -> Self:
        """Leave out what was removed."""
        return self.filter(removed_at=None)


class Comment(models.Model):
    """What a member said about a thing, which is named as an Activity names it.

    `html` is its text as renderer number `rendered_by` made it (conversation/markdown.py). A
    removed comment keeps its place and its author; its words are gone.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="comments")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    author = models.ForeignKey(Membership, models.PROTECT, related_name="comments")
    text = models.TextField(_("comment"), max_length=LONGEST, blank=True)
    html = models.TextField(blank=True, editable=False)
    rendered_by = models.PositiveSmallIntegerField(default=0, editable=False)
    written_at = models.DateTimeField(default=clock.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    # Who was meant in it and may not read the thing; said by the verb, not kept
    not_told: tuple[Membership, ...] = ()
    # What its reader said of its thing (conversation/telling.py), where that was asked
    reader_wants: bool | None
    reader_spoke: bool

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at=None) ^ Q(text=""), name="conversation_words_or_removed"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "id"],
                name="conversation_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.subject_type} {self.subject_id}"

    @property
    def is_removed(self) -> bool:
        """Tell whether its words are gone."""
        return self.removed_at is not None

    @property
    def was_removed_by_author(self) -> bool:
        """Tell whether its own author took it away."""
        return self.removed_by_id == self.author_id


# Files ----------------------------------------------------------------------------------------

LONGEST_NAME = 120


class Preview(models.TextChoices):
    """Whether there is a small picture of a file."""

    NONE = "none", _("no picture")
    WAITING = "waiting", _("being made")
    MADE = "made", _("there")
    TOO_LARGE = "too_large", _("too many pixels")
    FAILED = "failed", _("could not be made")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the files of the reader's workspace; who may read the thing asks its kind."""
        return self.filter(workspace=member.workspace_id)

    def on(self, subject: Subject) -> Self:
        """Return what hangs on one thing, the oldest first, removed ones too."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by(
            "pk"
        )

    def standing(self) -> Self:
        """Leave out what was removed."""
        return self.filter(removed_at=None)

    def removed(self) -> Self:
        """Return what was removed and is not thrown away yet."""
        return self.exclude(removed_at=None)

    def bytes_of(self, workspace: Workspace) -> int:
        """Return the room that a workspace's files take: until they are thrown away."""
        return self.filter(workspace=workspace).aggregate(total=Sum("size"))["total"] or 0


class Attachment(models.Model):
    """A file that a member hung on a thing, which is named as an Activity names it.

    `name` is what people see. Where the bytes lie says `storage` alone (conversation/files/store):
    nothing that was typed or sent ever becomes part of a path.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="attachments")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    storage = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(Membership, models.PROTECT, related_name="attachments")
    uploaded_at = models.DateTimeField(default=clock.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    preview = models.CharField(max_length=10, choices=Preview, default=Preview.NONE)
    preview_tries = models.PositiveSmallIntegerField(default=0)
    preview_width = models.PositiveSmallIntegerField(default=0)
    preview_height = models.PositiveSmallIntegerField(default=0)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="conversation_file_not_empty"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "subject_type", "subject_id", "id"],
                name="conversation_file_subject",
            ),
            models.Index(
                fields=["removed_at"],
                condition=Q(removed_at__isnull=False),
                name="conversation_file_removed",
            ),
            models.Index(
                fields=["id"],
                condition=Q(preview="waiting"),
                name="conversation_file_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.storage} on {self.subject_type} {self.subject_id}"

    def get_absolute_url(self) -> str:
        """Return where it is downloaded."""
        return reverse("file", args=[self.workspace.slug, self.storage])

    @property
    def has_preview(self) -> bool:
        """Tell whether there is a small picture of it."""
        return self.preview == Preview.MADE
