"""What people say to each other about a thing: comments, whatever the thing is."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
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
