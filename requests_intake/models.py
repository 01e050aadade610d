"""What Sales asks for, what Marketing answered, and which tasks came of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from backlog.models import Sprint, Task
from people.models import Membership, Workspace


class Kind(models.TextChoices):
    """What is asked for, roughly; Marketing decides the form."""

    MATERIAL = "material", _("Sales material")
    CONTENT = "content", _("Content or case study")
    EVENT = "event", _("Event or webinar")
    CAMPAIGN = "campaign", _("Campaign or advert")
    ANSWER = "answer", _("An answer for a buyer")
    OTHER = "other", _("Something else")


class Stage(models.TextChoices):
    """Where in the sales cycle it would help."""

    PROSPECTING = "prospecting", _("Prospecting")
    DISCOVERY = "discovery", _("Discovery")
    EVALUATION = "evaluation", _("Evaluation")
    NEGOTIATION = "negotiation", _("Negotiation")
    CUSTOMER = "customer", _("Already a customer")


class RequestState(models.TextChoices):
    """Where the answer stands; what happens to the work is computed from its tasks."""

    WAITING = "waiting", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    PLANNED = "planned", _("Planned")
    DECLINED = "declined", _("Declined")


class RequestQuerySet(models.QuerySet["Request"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the requests of the reader's workspace: every member may read them."""
        return self.filter(workspace=member.workspace_id)

    def waiting(self) -> Self:
        """Return what has no answer yet, the one due first on top."""
        return self.filter(state=RequestState.WAITING).order_by("answer_due_at", "number")

    def asked_by(self, member: Membership) -> Self:
        """Return one rep's requests, the newest first."""
        return self.filter(requester=member).order_by("-number")


class Request(models.Model):
    """An idea from Sales. It always gets an answer, due at one instant (`answer_due_at`)."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="requests")
    number = models.PositiveIntegerField()
    submission_id = models.UUIDField(default=uuid.uuid4)
    requester = models.ForeignKey(Membership, models.PROTECT, related_name="requests")
    entered_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    title = models.CharField(_("what you need"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, blank=True)
    heard = models.TextField(_("what you hear from buyers"), max_length=4_000, blank=True)
    buyers = models.CharField(_("which buyers"), max_length=200, blank=True)
    stage = models.CharField(
        _("stage of the sales cycle"), max_length=20, choices=Stage.choices, blank=True
    )
    would_help = models.TextField(_("what you think would help"), max_length=4_000, blank=True)
    accounts = models.CharField(_("accounts or deals"), max_length=300, blank=True)
    deal_value = models.PositiveIntegerField(_("value of the deals"), null=True, blank=True)
    needed_by = models.DateField(_("needed by"), null=True, blank=True)
    needed_why = models.CharField(_("why then"), max_length=200, blank=True)
    budget = models.PositiveIntegerField(_("budget idea"), null=True, blank=True)
    links = models.TextField(_("links"), max_length=2_000, blank=True)

    state = models.CharField(
        max_length=10, choices=RequestState.choices, default=RequestState.WAITING
    )
    submitted_at = models.DateTimeField(default=clock.now)
    answer_due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    tasks = models.ManyToManyField(Task, related_name="requests", through="RequestTask")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="intake_number_once"),
            models.UniqueConstraint(
                fields=["workspace", "submission_id"], name="intake_submitted_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "answer_due_at"],
                name="intake_waiting",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["requester", "-number"], name="intake_of_rep"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def key(self) -> str:
        """The name people say: REQ-17."""
        return f"REQ-{self.number}"

    @property
    def is_waiting(self) -> bool:
        """Tell whether it still has no answer."""
        return self.state == RequestState.WAITING

    def is_late(self, at: datetime) -> bool:
        """Tell whether its answer was due before this instant and has not come."""
        return self.is_waiting and self.answer_due_at < at

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("request", args=[self.workspace.slug, self.key])


class RequestTask(models.Model):
    """A task that serves a request; several requests may share one, one may need several."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    request = models.ForeignKey(Request, models.CASCADE, related_name="request_tasks")
    task = models.ForeignKey(Task, models.PROTECT, related_name="request_tasks")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "task"], name="intake_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} by {self.task_id}"


class DecisionKind(models.TextChoices):
    """What Marketing answered. (Merging and asking back come with the conversation.)"""

    ACCEPT = "accept", _("Accepted")
    PLAN = "plan", _("Planned")
    DECLINE = "decline", _("Declined")


class DeclineReason(models.TextChoices):
    """Why not."""

    OVER_BUDGET = "over_budget", _("Over budget")
    OFF_STRATEGY = "off_strategy", _("Off strategy")
    EXISTS = "exists", _("Exists already")
    NOT_NOW = "not_now", _("Not now")
    OTHER = "other", _("Another reason")


class Decision(models.Model):
    """An answer to a request: always with who, when and why. `undone_at` keeps a slip on record."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    request = models.ForeignKey(Request, models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=DeclineReason.choices, blank=True)
    words = models.TextField(_("answer"), max_length=4_000)
    sprint = models.ForeignKey(
        Sprint, models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="+")
    made_task = models.BooleanField(default=False)
    decided_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="decline") | ~Q(reason=""), name="intake_no_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(undone_at=None),
                name="intake_one_standing_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.request_id}"
