"""What Sales asks for, what Marketing answered, and which tasks came of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from activity.bounds import validate_day
from backlog.models import Category, Deliverable, Sprint, Task
from people.models import Membership, Workspace

from .demand import worth

# Money is whole units of the workspace's currency; beyond this it is a slip of the finger
MOST_MONEY = 100_000_000
# An answer leaves the house so long after it was given: until then it can be undone
UNDO_WINDOW = timedelta(minutes=1)
_KEY = re.compile(r"REQ-(\d{1,9})", re.IGNORECASE | re.ASCII)


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
    ASKED = "asked", _("Waiting for the rep")
    MERGED = "merged", _("Merged")


# What still has no answer: nobody decided, or Marketing wants to know more first
UNDECIDED = (RequestState.WAITING, RequestState.ASKED)


class RequestQuerySet(models.QuerySet["Request"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the requests of the reader's workspace: every member may read them."""
        return self.filter(workspace=member.workspace_id)

    def named(self, key: str, workspace: Workspace) -> Self:
        """Keep the one request that people call by this key; none for what is no key of ours."""
        match = _KEY.fullmatch(key)
        if match is None:
            return self.none()
        return self.filter(workspace=workspace, number=int(match[1]))

    def waiting(self) -> Self:
        """Return what has no answer yet, the one due first on top."""
        return self.filter(state=RequestState.WAITING).order_by("answer_due_at", "number")

    def in_triage(self) -> Self:
        """Return what waits for an answer: what a rep explained first, then what is due first."""
        return self.waiting().order_by(
            F("explained_at").asc(nulls_last=True), "answer_due_at", "number"
        )

    def asked_back(self) -> Self:
        """Return what waits for the rep, the longest first."""
        return self.filter(state=RequestState.ASKED).order_by("asked_at", "number")

    def overdue(self, at: datetime) -> Self:
        """Return what should have had its answer before this instant."""
        return self.waiting().filter(answer_due_at__lt=at)

    def asked_by(self, member: Membership) -> Self:
        """Return one rep's requests, the newest first."""
        return self.filter(requester=member).order_by("-number")

    def questions_first(self) -> Self:
        """Put what its rep was asked back on top, then the newest."""
        is_question = Case(When(state=RequestState.ASKED, then=Value(0)), default=Value(1))
        return self.order_by(is_question, "-number")

    def said_yes_to(self) -> Self:
        """Keep what Marketing accepted or planned."""
        return self.filter(state__in=[RequestState.ACCEPTED, RequestState.PLANNED])

    def with_open_work(self) -> Self:
        """Keep what still has a task to be done."""
        return self.filter(Exists(_tasks_of_request().filter(_OPEN)))

    def with_all_done(self) -> Self:
        """Keep what has tasks, all of them done; archived ones count only when they were done."""
        done = _tasks_of_request().filter(task__column__category=Category.DONE)
        return self.filter(Exists(done), ~Exists(_tasks_of_request().filter(_OPEN)))

    def delivered_by_tasks(self, task_ids: Iterable[int]) -> Self:
        """Return the requests that these tasks served and that have nothing left to be done."""
        return (
            self.said_yes_to()
            .filter(Exists(_tasks_of_request().filter(task__in=list(task_ids))))
            .with_all_done()
            .select_related("requester", "workspace")
            .order_by("number")
        )

    def tracked(self) -> Self:
        """Load what a tracker is computed from: people, the answer, the tasks; three queries."""
        tasks = Task.objects.select_related(
            "workspace", "column", "sprint", "promised_sprint", "assignee"
        ).order_by("number")
        standing = Decision.objects.standing().select_related(*_SHOWN_WITH_A_DECISION)
        people = self.select_related("workspace", "requester", "entered_by", "merged_into")
        return people.prefetch_related(
            Prefetch("decisions", standing, to_attr="standing_decisions"),
            Prefetch("tasks", tasks, to_attr="tracked_tasks"),
        )

    def tracked_with_results(self) -> Self:
        """Load a tracker and the links to what was made; four queries."""
        return self.tracked().prefetch_related(
            Prefetch("tracked_tasks__deliverables", Deliverable.objects.order_by("pk"))
        )

    def with_demand(self) -> Self:
        """Load who backs them, with what deals; one query."""
        backings = Backing.objects.select_related("backer").order_by("pk")
        return self.prefetch_related(Prefetch("backings", backings, to_attr="known_backings"))


def _tasks_of_request() -> models.QuerySet[RequestTask]:
    return RequestTask.objects.filter(request=OuterRef("pk"))


_OPEN = Q(task__archived_at=None) & ~Q(task__column__category=Category.DONE)

_SHOWN_WITH_A_DECISION = ("decided_by", "sprint", "task", "target")


class Request(models.Model):
    """An idea from Sales. It always gets an answer, due at one instant (`answer_due_at`).

    `told_sprint` and `told_until` are what its rep was last told about when it comes; `notices`
    counts the notices after the answer, so that each has a name of its own in the outbox.
    `asked_at` tells since when a question of Marketing is open, `explained_at` when the last one
    was answered. `merged_into` is the request that serves it now, never itself a merged one.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="requests")
    number = models.PositiveIntegerField()
    submission_id = models.UUIDField(default=uuid.uuid4)
    requester = models.ForeignKey(Membership, models.PROTECT, related_name="requests")
    entered_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    title = models.CharField(_("what you need"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, blank=True)
    heard = models.TextField(
        _("what you hear from buyers"),
        max_length=4_000,
        validators=[MaxLengthValidator(4_000)],
        blank=True,
    )
    buyers = models.CharField(_("which buyers"), max_length=200, blank=True)
    stage = models.CharField(
        _("stage of the sales cycle"), max_length=20, choices=Stage.choices, blank=True
    )
    would_help = models.TextField(
        _("what you think would help"),
        max_length=4_000,
        validators=[MaxLengthValidator(4_000)],
        blank=True,
    )
    accounts = models.CharField(_("accounts or deals"), max_length=300, blank=True)
    deal_value = models.PositiveIntegerField(
        _("value of the deals"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_MONEY)],
    )
    needed_by = models.DateField(_("needed by"), null=True, blank=True, validators=[validate_day])
    needed_why = models.CharField(_("why then"), max_length=200, blank=True)
    budget = models.PositiveIntegerField(
        _("budget idea"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_MONEY)],
    )
    links = models.TextField(
        _("links"), max_length=2_000, validators=[MaxLengthValidator(2_000)], blank=True
    )

    state = models.CharField(
        max_length=10, choices=RequestState.choices, default=RequestState.WAITING
    )
    submitted_at = models.DateTimeField(default=clock.now)
    answer_due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    told_sprint = models.ForeignKey(Sprint, models.PROTECT, null=True, blank=True, related_name="+")
    told_until = models.DateField(null=True, blank=True)
    notices = models.PositiveIntegerField(default=0, editable=False)
    asked_at = models.DateTimeField(null=True, blank=True)
    explained_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged"
    )
    tasks = models.ManyToManyField(Task, related_name="requests", through="RequestTask")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="intake_number_once"),
            models.UniqueConstraint(
                fields=["workspace", "submission_id"], name="intake_submitted_once"
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into=None)),
                name="intake_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", asked_at__isnull=False)
                | (~Q(state="asked") & Q(asked_at=None)),
                name="intake_asked_at_a_time",
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

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("request", args=[self.workspace.slug, self.key])

    @property
    def key(self) -> str:
        """The name people say: REQ-17."""
        return f"REQ-{self.number}"

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits for Marketing to answer."""
        return self.state == RequestState.WAITING

    @property
    def is_asked(self) -> bool:
        """Tell whether it waits for the rep to answer a question."""
        return self.state == RequestState.ASKED

    @property
    def is_merged(self) -> bool:
        """Tell whether another request serves it now."""
        return self.state == RequestState.MERGED

    @property
    def is_undecided(self) -> bool:
        """Tell whether Marketing has neither said yes nor no."""
        return self.state in UNDECIDED

    @cached_property
    def decision(self) -> Decision | None:
        """The answer that stands, if there is one."""
        return next((one for one in self._standing if one.kind != DecisionKind.ASK), None)

    @cached_property
    def question(self) -> Decision | None:
        """What Marketing asked last, if anything; `closed_at` tells whether it is open."""
        questions = [one for one in self._standing if one.kind == DecisionKind.ASK]
        return questions[-1] if questions else None

    @cached_property
    def _standing(self) -> list[Decision]:
        found: list[Decision] | None = getattr(self, "standing_decisions", None)
        if found is None:
            found = list(self.decisions.standing().select_related(*_SHOWN_WITH_A_DECISION))
        return found

    @cached_property
    def backers(self) -> list[Backing]:
        """Who needs it too, the first one first."""
        found: list[Backing] | None = getattr(self, "known_backings", None)
        return (
            list(self.backings.select_related("backer").order_by("pk")) if found is None else found
        )

    @cached_property
    def worth(self) -> int:
        """What the deals are worth that hang on it, each account counted once."""
        return worth([self, *self.backers])

    @property
    def account(self) -> str:
        """Whose deals its value is, as a backing has it."""
        return self.accounts

    @property
    def link_list(self) -> list[str]:
        """The links that came with it, one each."""
        return self.links.split()

    def is_late(self, at: datetime) -> bool:
        """Tell whether its answer was due before this instant and has not come."""
        return self.is_waiting and self.answer_due_at < at


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


class Backing(models.Model):
    """Another rep's “I need this too”; one for each member and request.

    `came_with` is the merge that brought it here, until its backer makes it his own.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    request = models.ForeignKey(Request, models.CASCADE, related_name="backings")
    backer = models.ForeignKey(Membership, models.PROTECT, related_name="backings")
    entered_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    account = models.CharField(_("account"), max_length=300, blank=True)
    deal_value = models.PositiveIntegerField(
        _("deal value"), null=True, blank=True, validators=[MaxValueValidator(MOST_MONEY)]
    )
    note = models.TextField(
        _("note"), max_length=1_000, validators=[MaxLengthValidator(1_000)], blank=True
    )
    came_with = models.ForeignKey(
        "Decision", models.PROTECT, null=True, blank=True, related_name="brought"
    )
    backed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "backer"], name="intake_backed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.backer_id} backs {self.request_id}"


class DecisionKind(models.TextChoices):
    """What Marketing answered; a question is none yet."""

    ACCEPT = "accept", _("Accepted")
    PLAN = "plan", _("Planned")
    DECLINE = "decline", _("Declined")
    ASK = "ask", _("Asked back")
    MERGE = "merge", _("Merged")


class DeclineReason(models.TextChoices):
    """Why not."""

    OVER_BUDGET = "over_budget", _("Over budget")
    OFF_STRATEGY = "off_strategy", _("Off strategy")
    EXISTS = "exists", _("Exists already")
    NOT_NOW = "not_now", _("Not now")
    OTHER = "other", _("Another reason")


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> Self:
        """Leave out answers that were undone before they left the house."""
        return self.filter(undone_at=None)

    def answers(self) -> Self:
        """Leave out questions: asking back answers nothing."""
        return self.exclude(kind=DecisionKind.ASK)

    def between(self, workspace: Workspace, start: datetime, end: datetime) -> Self:
        """Return the answers given in a workspace from one instant to before another."""
        return (
            self.filter(workspace=workspace, decided_at__gte=start, decided_at__lt=end)
            .select_related("request__requester", "decided_by", "sprint", "task", "target")
            .order_by("decided_at", "pk")
        )


class Decision(models.Model):
    """An answer to a request: always with who, when and why. `undone_at` keeps a slip on record.

    `made_task` tells whether the answer made its task or joined one; `task_version` is how it left
    the task, so that undoing archives only what nobody has touched since. `target` is what a merged
    request was merged into; `closed_at` is when a question was answered, or overtaken by an answer.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    request = models.ForeignKey(Request, models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=DeclineReason.choices, blank=True)
    words = models.TextField(_("answer"), max_length=4_000, validators=[MaxLengthValidator(4_000)])
    sprint = models.ForeignKey(
        Sprint, models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="+")
    made_task = models.BooleanField(default=False)
    task_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    target = models.ForeignKey(
        Request, models.PROTECT, null=True, blank=True, related_name="merges"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="decline") | ~Q(reason=""), name="intake_no_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(undone_at=None) & ~Q(kind="ask"),
                name="intake_one_standing_answer",
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(undone_at=None, closed_at=None, kind="ask"),
                name="intake_one_open_question",
            ),
            models.CheckConstraint(
                condition=~Q(kind="merge") | Q(target__isnull=False),
                name="intake_merge_has_a_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.request_id}"

    @property
    def mail_key(self) -> str:
        """The name of its mail in the outbox: one mail for one answer, whoever asks twice."""
        return f"intake.answer:{self.pk}"

    def can_still_be_undone(self, at: datetime) -> bool:
        """Tell whether its mail waits: the words have not left the house."""
        open_still = self.undone_at is None and self.closed_at is None
        return open_still and at < self.decided_at + UNDO_WINDOW
