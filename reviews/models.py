"""Sprint reviews: facts frozen when the sprint closed, and the words a person may edit."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from backlog.models import Sprint, Verdict
from notifications.models import OutboxItem
from people.models import Membership, Workspace

from .facts import Facts, from_json

# What `Review.marks` may say of an item
HIDDEN, HIGHLIGHTED = "hidden", "highlighted"


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, member: Membership) -> Self:
        """Return published reviews, and to marketers and managers the drafts too."""
        own = self.filter(workspace=member.workspace_id)
        return own.exclude(published_at=None) if member.is_sales else own

    def published(self) -> Self:
        """Return what Sales has, the latest first."""
        return self.exclude(published_at=None).order_by("-sprint__number")

    def undrafted(self) -> Self:
        """Return reviews whose words no job has drafted yet."""
        return self.filter(drafted_at=None, published_at=None)


class Review(models.Model):
    """A sprint's review summary.

    `facts` is typed, versioned JSON (reviews/facts.py), frozen as the sprint closed. The words
    beside it stay editable until published. `marks` maps an item's id in the facts to `hidden` or
    `highlighted`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="reviews")
    sprint = models.OneToOneField(Sprint, models.PROTECT, related_name="review")
    facts = models.JSONField()
    facts_version = models.PositiveSmallIntegerField()
    verdict = models.CharField(
        _("goal"), max_length=10, choices=Verdict.choices, blank=True, default=""
    )
    subject = models.CharField(_("subject"), max_length=150, blank=True)
    lead = models.TextField(_("what everybody reads first"), max_length=2_000, blank=True)
    learnings = models.TextField(_("what we learned"), max_length=4_000, blank=True)
    next_up = models.TextField(_("what comes next"), max_length=2_000, blank=True)
    marks = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    drafted_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReviewQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Review of {self.sprint}"

    def get_absolute_url(self) -> str:
        """Return the address of the page managers read."""
        return reverse("review", args=[self.workspace.slug, self.sprint.number])

    @property
    def is_published(self) -> bool:
        """Tell whether Sales has it."""
        return self.published_at is not None

    @property
    def is_drafted(self) -> bool:
        """Tell whether it has words to publish."""
        return bool(self.subject and self.lead)

    @property
    def goes_out_at(self) -> datetime | None:
        """When it is published by itself; None when it waits for a person."""
        hours = self.workspace.auto_publish_hours
        if hours is None or self.is_published or self.drafted_at is None:
            return None
        return self.drafted_at + timedelta(hours=hours)

    @cached_property
    def frozen(self) -> Facts:
        """What happened in the sprint. Raises UnknownFactsError if a newer build closed it."""
        return from_json(self.facts, self.facts_version)

    def is_hidden(self, item_id: str) -> bool:
        """Tell whether nobody shall read this item."""
        return bool(self.marks.get(item_id) == HIDDEN)

    def is_highlighted(self, item_id: str) -> bool:
        """Tell whether this item stands in the mail."""
        return bool(self.marks.get(item_id) == HIGHLIGHTED)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def with_journey(self) -> Self:
        """Fetch who it goes to and how that fared, by name."""
        return self.select_related("item", "recipient__user").order_by(
            "recipient__shown_name", "pk"
        )


class Delivery(models.Model):
    """One sending of one review to one recipient; how it went stands in its outbox row."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    review = models.ForeignKey(Review, models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    item = models.OneToOneField(OutboxItem, models.PROTECT, related_name="delivery")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["review", "recipient"], name="reviews_delivered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} to {self.recipient_id}"


class Reading(models.Model):
    """When a member first opened a published review: a read mark, kept outside `change()`."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    review = models.ForeignKey(Review, models.CASCADE, related_name="readings")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    read_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "member"], name="reviews_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} read by {self.member_id}"
