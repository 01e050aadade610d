"""Tasks in one ranked order, the columns they pass through, and the sprints they are planned in."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Self

from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from activity.bounds import validate_day
from activity.lines import Lines
from campaigns.models import Campaign
from people.models import Membership, Workspace

# What every database can hold and no marketing number reaches
LARGEST = 1_000_000_000
# A card shows all of it
LONGEST_REASON = 200


class Category(models.TextChoices):
    """What a column means to the numbers, whatever a team calls it."""

    TODO = "todo", _("To do")
    DOING = "doing", _("Doing")
    REVIEW = "review", _("Review")
    DONE = "done", _("Done")


class Column(models.Model):
    """A stage on the board. Its WIP limit warns and never forbids."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="columns")
    name = models.CharField(_("name"), max_length=40)
    category = models.CharField(max_length=10, choices=Category.choices)
    position = models.PositiveSmallIntegerField()
    wip_limit = models.PositiveSmallIntegerField(_("WIP limit"), null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="backlog_column_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_done(self) -> bool:
        """Tell whether what lies here is finished."""
        return self.category == Category.DONE


class Channel(models.Model):
    """Where marketing reaches people: content, e-mail, events…; each workspace has its own list."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="channels")
    name = models.CharField(_("name"), max_length=40)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="backlog_channel_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Label(models.Model):
    """A word that a team puts on tasks."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="labels")
    name = models.CharField(_("name"), max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="backlog_label_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SprintState(models.TextChoices):
    """`planned` -> `active` -> `closed`."""

    PLANNED = "planned", _("Planned")
    ACTIVE = "active", _("Running")
    CLOSED = "closed", _("Closed")


class Verdict(models.TextChoices):
    """What became of a sprint's goal."""

    MET = "met", _("Goal met")
    MISSED = "missed", _("Goal missed")


class SprintQuerySet(models.QuerySet["Sprint"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the sprints of the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def planned(self) -> Self:
        """Return what has not started, the next first."""
        return self.filter(state=SprintState.PLANNED).order_by("number")

    def active(self) -> Self:
        """Return the running sprint, if any."""
        return self.filter(state=SprintState.ACTIVE)

    def after(self, sprint: Sprint) -> Self:
        """Return the planned sprints behind this one, the next first."""
        return self.filter(workspace=sprint.workspace_id, number__gt=sprint.number).planned()

    def closed(self) -> Self:
        """Return what is over, the latest first."""
        return self.filter(state=SprintState.CLOSED).order_by("-number")


class Sprint(models.Model):
    """A time box with one goal.

    Its edges are dates in the workspace's zone (`ends_on` is its last day); `started_at` and
    `closed_at` are when it really began and ended. Points are frozen at the start.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sprints")
    number = models.PositiveIntegerField()
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    goal_measure = models.CharField(
        _("measure"),
        max_length=120,
        blank=True,
        help_text=_("For example “booth meetings booked”."),
    )
    goal_target = models.PositiveIntegerField(
        _("target"), null=True, blank=True, validators=[MaxValueValidator(LARGEST)]
    )
    goal_actual = models.PositiveIntegerField(
        _("reached"), null=True, blank=True, validators=[MaxValueValidator(LARGEST)]
    )
    starts_on = models.DateField(_("first day"), validators=[validate_day])
    ends_on = models.DateField(_("last day"), validators=[validate_day])
    state = models.CharField(
        max_length=10, choices=SprintState.choices, default=SprintState.PLANNED
    )
    started_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    committed_points = models.PositiveIntegerField(null=True, blank=True)
    committed_tasks = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SprintQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="backlog_sprint_number"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state="active"), name="backlog_one_active_sprint"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="backlog_sprint_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"Sprint {self.number}"

    @property
    def is_planned(self) -> bool:
        """Tell whether it has not started."""
        return self.state == SprintState.PLANNED

    @property
    def is_active(self) -> bool:
        """Tell whether it is running."""
        return self.state == SprintState.ACTIVE

    @property
    def is_closed(self) -> bool:
        """Tell whether it is over."""
        return self.state == SprintState.CLOSED

    @property
    def ends_at(self) -> datetime:
        """The instant when its last day is over in the workspace's zone."""
        return datetime.combine(
            self.ends_on + timedelta(days=1), time(0), tzinfo=self.workspace.zone
        )

    def days(self) -> list[date]:
        """Return each calendar day of the time box."""
        count = (self.ends_on - self.starts_on).days + 1
        return [self.starts_on + timedelta(days=n) for n in range(count)]

    @property
    def verdict(self) -> Verdict | None:
        """Whether its measure reached its target; None while that is not known."""
        if self.goal_target is None or self.goal_actual is None:
            return None
        return Verdict.MET if self.goal_actual >= self.goal_target else Verdict.MISSED


class Capacity(models.Model):
    """How many points a marketer can take in a sprint."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    sprint = models.ForeignKey(Sprint, models.CASCADE, related_name="capacities")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="capacities")
    points = models.PositiveSmallIntegerField(_("points"), validators=[MaxValueValidator(100)])
    note = models.CharField(_("note"), max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sprint", "member"], name="backlog_one_capacity"),
        ]

    def __str__(self) -> str:
        return f"{self.points} points"


# Words for the numbers that people choose by
IMPACT = {1: _("lowest"), 2: _("low"), 3: _("medium"), 4: _("high"), 5: _("highest")}
EFFORT = {1: _("tiny"), 2: _("small"), 3: _("medium"), 4: _("large"), 5: _("huge")}


def number_of(key: str, workspace: Workspace) -> int | None:
    """Return the number in a key as people write it, NW-42; None for what is no key of ours."""
    prefix, _dash, number = key.rpartition("-")
    # isdecimal and the length keep what is no number of ours out of the database
    if prefix.upper() != workspace.key or not number.isdecimal() or len(number) > 9:
        return None
    return int(number)


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the tasks of the reader's workspace, archived ones too."""
        return self.filter(workspace=member.workspace_id)

    def with_labels(self) -> Self:
        """Fetch with each task the names of its labels, in the same query (`label_names`)."""
        mine = Label.objects.filter(tasks=models.OuterRef("pk")).order_by().values("tasks")
        names = mine.annotate(names=Lines("name")).values("names")
        return self.annotate(label_lines=models.Subquery(names))

    def named(self, key: str, workspace: Workspace) -> Self:
        """Keep the one task that people call by this key; none for what is no key of ours."""
        number = number_of(key, workspace)
        return self.none() if number is None else self.filter(workspace=workspace, number=number)

    def current(self) -> Self:
        """Leave out what was archived."""
        return self.filter(archived_at=None)

    def backlog(self) -> Self:
        """Return what is in no sprint, by rank."""
        return self.current().filter(sprint=None).order_by("position")

    def ranked(self) -> Self:
        """Order by the workspace's one order."""
        return self.order_by("position")

    def done(self) -> Self:
        """Keep what lies in a column of category done."""
        return self.filter(column__category=Category.DONE)

    def open(self) -> Self:
        """Keep what is not done."""
        return self.exclude(column__category=Category.DONE)

    def for_rows(self) -> Self:
        """Fetch with each task what its row in a list shows, and not what its page is for."""
        joined = self.select_related("workspace", "assignee", "campaign", "promised_sprint")
        return joined.defer("description", "description_html", "unplanned_reason")

    def points(self) -> int:
        """Return the sum of points; a task without an estimate counts as none."""
        total: int = self.aggregate(total=Coalesce(Sum("points"), 0))["total"]
        return total

    def promised_first(self, sprint: Sprint) -> Self:
        """Order by rank, with what was promised for this sprint on top."""
        return self.annotate(
            promised_here=Case(When(promised_sprint=sprint, then=Value(0)), default=Value(1))
        ).order_by("promised_here", "position")


class Face(NamedTuple):
    """A person as rows show him: what the template tag `avatar` asks for."""

    shown_name: str
    initials: str
    role: str
    hue: int


class Row(NamedTuple):
    """All that a task's row in a list shows. `money` is shown in the workspace's `currency`."""

    pk: int
    slug: str
    key: str
    version: int
    title: str
    campaign: str
    campaign_hue: int
    promised: int | None
    blocked_reason: str
    carried: int
    origin_name: str
    origin_first_name: str
    origin_backers: int
    origin_value: int
    currency: str
    impact: int | None
    impact_word: str
    effort: int | None
    effort_word: str
    age_days: int
    points: int | None
    assignee: Face | None


class Task(models.Model):
    """A piece of marketing work: in the backlog (no sprint) or in one sprint, in one column.

    `position` is its place in the workspace's one order, with gaps (backlog/ordering.py).
    `version` grows with each edit or move: whoever saves on top of another's change is told.
    The `origin_*` columns are kept by the app that knows the requests; the counts of comments and
    checklist steps, and what `blocked_*` and `wait_*` say of the open impediment and the open
    waits, by the verbs that change them: so a card is a pure function of its row.
    Cost is in the workspace's currency; impact and effort are 1 to 5.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tasks")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=20_000)
    description_html = models.TextField(blank=True, editable=False)
    rendered_by = models.PositiveSmallIntegerField(default=0, editable=False)
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    points = models.PositiveSmallIntegerField(
        _("points"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    impact = models.PositiveSmallIntegerField(
        _("impact"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    effort = models.PositiveSmallIntegerField(
        _("effort"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    assignee = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    labels = models.ManyToManyField(Label, blank=True, related_name="tasks")
    due_on = models.DateField(_("due"), null=True, blank=True, validators=[validate_day])
    cost = models.PositiveIntegerField(
        _("cost"), null=True, blank=True, validators=[MaxValueValidator(LARGEST)]
    )

    column = models.ForeignKey(Column, models.PROTECT, related_name="tasks")
    position = models.BigIntegerField()
    sprint = models.ForeignKey(Sprint, models.PROTECT, null=True, blank=True, related_name="tasks")
    promised_sprint = models.ForeignKey(
        Sprint, models.PROTECT, null=True, blank=True, related_name="promised_tasks"
    )
    is_unplanned = models.BooleanField(default=False)
    unplanned_reason = models.CharField(max_length=200, blank=True)
    carried = models.PositiveSmallIntegerField(default=0)

    origin_name = models.CharField(max_length=120, blank=True)
    origin_backers = models.PositiveIntegerField(default=0)
    origin_value = models.PositiveBigIntegerField(default=0)
    comment_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    file_count = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    checklist_total = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    checklist_done = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    blocked_reason = models.CharField(
        max_length=LONGEST_REASON, blank=True, default="", db_default="", editable=False
    )
    blocked_on = models.DateField(null=True, blank=True, editable=False)
    blocked_owner = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    is_escalated = models.BooleanField(default=False, db_default=False, editable=False)
    wait_count = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    wait_number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    wait_until = models.DateField(null=True, blank=True, editable=False)

    created_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    entered_column_at = models.DateTimeField(default=clock.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TaskQuerySet.as_manager()
    label_lines: str | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="backlog_task_number"),
            models.CheckConstraint(
                condition=Q(blocked_reason="") ^ Q(blocked_on__isnull=False),
                name="backlog_blocked_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "position"],
                name="backlog_rank",
                condition=Q(sprint=None, archived_at=None),
            ),
            models.Index(fields=["sprint", "position"], name="backlog_sprint_rank"),
            models.Index(fields=["workspace", "position"], name="backlog_order"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("task", args=[self.workspace.slug, self.key])

    @property
    def key(self) -> str:
        """The name people say: NW-42."""
        return f"{self.workspace.key}-{self.number}"

    @property
    def is_done(self) -> bool:
        """Tell whether it lies in a column of category done."""
        return self.column.is_done

    @property
    def is_blocked(self) -> bool:
        """Tell whether an impediment of it is open."""
        return self.blocked_reason != ""

    @property
    def label_names(self) -> list[str]:
        """The names of its labels, where it was read `with_labels`."""
        return sorted((self.label_lines or "").splitlines())

    @property
    def origin_first_name(self) -> str:
        """Who in Sales asked, as colleagues say it; empty when nobody did."""
        return self.origin_name.split(" ", 1)[0]

    @property
    def impact_word(self) -> str:
        """Say its impact in a word."""
        return str(IMPACT.get(self.impact or 0, _("unknown")))

    @property
    def effort_word(self) -> str:
        """Say its effort in a word."""
        return str(EFFORT.get(self.effort or 0, _("unknown")))

    @property
    def age_days(self) -> int:
        """Return for how many days it has existed."""
        return (clock.now() - self.created_at).days

    @property
    def row(self) -> Row:
        """What its row in a list shows, where it was read `for_rows`."""
        who, campaign, promised = self.assignee, self.campaign, self.promised_sprint
        return Row(
            pk=self.pk,
            slug=self.workspace.slug,
            key=self.key,
            version=self.version,
            title=self.title,
            campaign=campaign.name if campaign else "",
            campaign_hue=campaign.hue if campaign else 0,
            promised=promised.number if promised else None,
            blocked_reason=self.blocked_reason,
            carried=self.carried,
            origin_name=self.origin_name,
            origin_first_name=self.origin_first_name,
            origin_backers=self.origin_backers,
            origin_value=self.origin_value,
            currency=self.workspace.currency,
            impact=self.impact,
            impact_word=self.impact_word,
            effort=self.effort,
            effort_word=self.effort_word,
            age_days=self.age_days,
            points=self.points,
            assignee=Face(who.shown_name, who.initials, who.role, who.hue) if who else None,
        )


class Deliverable(models.Model):
    """A link to what a task made: the PDF, the page, the film."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="deliverables")
    label = models.CharField(_("what it is"), max_length=80)
    url = models.URLField(
        _("link"), max_length=500, validators=[URLValidator(schemes=["http", "https"])]
    )
    added_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.label


class ChecklistItem(models.Model):
    """A step of a task, to be ticked. `position` is its place in the list, from 1."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="checklist")
    text = models.CharField(_("step"), max_length=200)
    position = models.PositiveSmallIntegerField()
    done = models.BooleanField(default=False)
    done_by = models.ForeignKey(Membership, models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done=False) ^ Q(done_at__isnull=False), name="backlog_step_done_at"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Ending(models.TextChoices):
    """Why an impediment is over."""

    SOLVED = "solved", _("solved")
    DONE = "done", _("the task is done")
    ARCHIVED = "archived", _("the task was archived")


class ImpedimentQuerySet(models.QuerySet["Impediment"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the impediments of the reader's workspace, old ones too: everybody sees them."""
        return self.filter(workspace=member.workspace_id)

    def open(self) -> Self:
        """Keep what still blocks something."""
        return self.filter(resolved_at=None)

    def resolved(self) -> Self:
        """Keep what is over, the latest first."""
        return self.exclude(resolved_at=None).order_by("-resolved_at", "-pk")

    def of(self, owner: Membership) -> Self:
        """Keep what this member is to remove."""
        return self.filter(owner=owner)

    def overdue(self, at: datetime) -> Self:
        """Return what is open for too long, or without an owner, and nobody was told yet."""
        late = Q(escalated_at=None, escalates_at__lte=at)
        is_here = Q(owner__is_active=True, owner__user__is_active=True)
        return self.open().filter(late | Q(~is_here, owner_left_at=None))

    def taken_up_again(self) -> Self:
        """Return what is open and whose owner left, and is here again."""
        back = self.open().exclude(owner_left_at=None)
        return back.filter(owner__is_active=True, owner__user__is_active=True)

    def for_rows(self) -> Self:
        """Fetch with each what a row shows of it; `dependants` is how many tasks wait for its."""
        waiting = (
            Wait.objects.filter(other=OuterRef("task"), ended_at=None)
            .order_by()
            .values("other")
            .annotate(number=Count("pk"))
            .values("number")
        )
        return self.select_related(
            "workspace",
            "owner__user",
            "raised_by",
            "resolved_by",
            "task__workspace",
            "task__column",
            "task__sprint",
            "task__promised_sprint",
            "task__assignee",
            "task__campaign",
        ).annotate(dependants=Coalesce(Subquery(waiting), 0))

    def for_list(self, reader: Membership | None = None) -> Self:
        """Return rows, escalated first, then the oldest; a reader's own before all others."""
        mine = Case(When(owner=reader, then=Value(0)), default=Value(1))
        escalated = Case(When(escalated_at=None, then=Value(1)), default=Value(0))
        return self.for_rows().order_by(mine, escalated, "raised_at", "pk")


class Impediment(models.Model):
    """What blocks a task: why, who removes it, since when. A task has at most one open one.

    `escalates_at` is fixed when it is raised, by the workspace's working days; `handovers` counts
    its owners, so that each is told once. `owner_left_at` says since when its owner is no member
    any more: nobody removes it then, and the managers are told.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="impediments")
    reason = models.CharField(_("what blocks it"), max_length=LONGEST_REASON)
    owner = models.ForeignKey(Membership, models.PROTECT, related_name="impediments")
    raised_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    raised_at = models.DateTimeField(default=clock.now, editable=False)
    escalates_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    how = models.CharField(_("what helped"), max_length=LONGEST_REASON, blank=True)
    handovers = models.PositiveSmallIntegerField(default=0, editable=False)
    owner_left_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ImpedimentQuerySet.as_manager()
    dependants: int

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(resolved_at=None), name="backlog_one_open_impediment"
            ),
            models.CheckConstraint(
                condition=Q(ending="") ^ Q(resolved_at__isnull=False),
                name="backlog_impediment_ending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["escalates_at"],
                name="backlog_impediment_due",
                condition=Q(resolved_at=None, escalated_at=None),
            ),
            models.Index(fields=["workspace", "resolved_at"], name="backlog_impediments"),
        ]

    def __str__(self) -> str:
        return self.reason

    @property
    def is_open(self) -> bool:
        """Tell whether it still blocks."""
        return self.resolved_at is None

    @property
    def is_escalated(self) -> bool:
        """Tell whether it was open for too long or lost its owner, and the managers were told."""
        return self.escalated_at is not None

    @property
    def has_owner(self) -> bool:
        """Tell whether somebody is there to remove it."""
        return self.owner_left_at is None

    @property
    def days(self) -> int:
        """Return how many days old it is, or grew, by the calendar of the workspace."""
        zone = self.workspace.zone
        until = self.resolved_at or clock.now()
        return (until.astimezone(zone).date() - self.raised_at.astimezone(zone).date()).days

    @property
    def escalation(self) -> str:
        """What makes one telling of the managers one mail: again when it loses another owner."""
        named = f"impediment-escalated:{self.pk}"
        return named if self.has_owner else f"{named}:left:{self.handovers}"

    @property
    def mail_key(self) -> str:
        """What makes one telling of one owner one mail."""
        return f"impediment:{self.pk}:{self.handovers}"


class WaitQuerySet(models.QuerySet["Wait"]):
    def standing(self) -> Self:
        """Leave out what somebody ended by hand."""
        return self.filter(ended_at=None)

    def for_rows(self) -> Self:
        """Fetch with each the task that it waits for, and the one that waits."""
        return self.select_related("task__column", "other__column", "added_by").order_by("pk")


class Wait(models.Model):
    """What a task waits for: another task, or a thing from outside with its day.

    Waiting for a task is over while that task is done: that is computed, and stored only in the
    `wait_*` columns of the task that waits. A thing from outside comes when somebody says so; its
    day only says when to ask.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="waits")
    other = models.ForeignKey(
        Task, models.CASCADE, null=True, blank=True, related_name="waited_for_by"
    )
    thing = models.CharField(_("what"), max_length=120, blank=True)
    until = models.DateField(_("expected"), null=True, blank=True, validators=[validate_day])
    added_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = WaitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(other__isnull=False, thing="", until=None)
                | (Q(other=None, until__isnull=False) & ~Q(thing="")),
                name="backlog_wait_for_one_thing",
            ),
            models.UniqueConstraint(
                fields=["task", "other"], condition=Q(ended_at=None), name="backlog_wait_once"
            ),
        ]

    def __str__(self) -> str:
        return self.thing or str(self.other)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is waited for any more."""
        return self.ended_at is not None or (self.other is not None and self.other.is_done)

    @property
    def is_due(self) -> bool:
        """Tell whether the day of a thing from outside has come."""
        return self.until is not None and self.until <= self.workspace.today()


class Lanes(models.TextChoices):
    """By what a reader groups the cards of the board, across all columns."""

    ASSIGNEE = "assignee", _("Lanes by person")
    CAMPAIGN = "campaign", _("Lanes by campaign")
    CHANNEL = "channel", _("Lanes by channel")
    ORIGIN = "origin", _("Lanes by origin")


class BoardView(models.Model):
    """How a member likes to see the board, on whatever device.

    An operational table: it changes nothing that anybody else sees, so it is kept outside
    `change()`.
    """

    member = models.OneToOneField(
        Membership, models.CASCADE, primary_key=True, related_name="board_view"
    )
    lanes = models.CharField(max_length=10, choices=Lanes.choices, blank=True, default="")
    is_compact = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.lanes or 'plain'}{', compact' if self.is_compact else ''}"
