"""Campaigns: marketing with an audience, a message and dates, to which tasks belong."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from activity.bounds import validate_day
from people.models import Membership, Workspace

# Hues offered for campaigns: none reads as the accent, as “bad” or as Sales (design)
HUES = (95, 130, 235, 265, 280, 325)


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the campaigns of the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def with_task_counts(self) -> Self:
        """Count with each its tasks: `tasks_open` and `tasks_done`."""
        current = Q(tasks__archived_at=None)
        done = Q(tasks__column__category="done")
        return self.annotate(
            tasks_open=Count("tasks", filter=current & ~done),
            tasks_done=Count("tasks", filter=current & done),
        )

    def by_date(self) -> Self:
        """Order by first day, the latest first."""
        return self.order_by(F("starts_on").desc(nulls_last=True), "name")


class Campaign(models.Model):
    """Marketing with an audience, a message and dates."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="campaigns")
    name = models.CharField(_("name"), max_length=80)
    hue = models.PositiveSmallIntegerField(
        _("colour"), choices=[(hue, str(hue)) for hue in HUES], default=HUES[0]
    )
    audience = models.CharField(_("audience"), max_length=200, blank=True)
    message = models.CharField(_("message"), max_length=300, blank=True)
    starts_on = models.DateField(_("first day"), null=True, blank=True, validators=[validate_day])
    ends_on = models.DateField(_("last day"), null=True, blank=True, validators=[validate_day])
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="campaigns_name_once"),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="campaigns_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the page where it is read and edited."""
        return reverse("campaign", args=[self.workspace.slug, self.pk])

    def when(self, today: date) -> str:
        """Say whether it is "current", "coming" or "past" on a day; without dates it is current."""
        if self.ends_on is not None and self.ends_on < today:
            return "past"
        if self.starts_on is not None and self.starts_on > today:
            return "coming"
        return "current"
