"""What each role's home shows, read in a handful of queries.

Mia sees the running sprint with what needs her; Sam his requests and what is worked on; Grace the
last review, overdue answers and the goal (product.md, D9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Window

from activity import clock
from backlog import metrics
from backlog.models import Category, Deliverable, Impediment, Sprint, SprintState, Task
from people.models import Membership
from requests_intake import metrics as intake_metrics
from requests_intake import reading as intake
from requests_intake.models import Request
from reviews import showing
from reviews.facts import from_json
from reviews.models import Reading, Review
from reviews.showing import Number
from sprintboard.my_work import Entry, Kind

SHOWN = 8
SHOWN_IN_WORK = 5
SHOWN_NEWS = 3
MOST_LATELY = 300
LATELY = timedelta(days=14)
NIGHT_ENDS, NOON, EVENING = 5, 12, 18  # hours of the reader's own clock
KEPT_OVER = timedelta(days=90)  # the period over which a promise is judged on the home


@dataclass
class SprintStrip:
    """The running sprint in a strip: how far it is, and what it is for."""

    sprint: Sprint
    today: date

    @cached_property
    def days(self) -> metrics.Days:
        """Where it is in its time box."""
        return metrics.sprint_days(self.sprint, self.today)

    @cached_property
    def progress(self) -> metrics.Progress:
        """How it stands in points: one query, for the homes that show it."""
        return metrics.sprint_progress(self.sprint)


@dataclass(frozen=True)
class MarketerHome:
    """What Mia opens in the morning. `late` counts the waiting requests past their due time."""

    strip: SprintStrip | None
    waiting: Sequence[Request]
    waiting_count: int
    late: int
    drafts: Sequence[Review]
    work: Sequence[Task]
    impediments: Sequence[Impediment]
    own: Sequence[Impediment]
    next_sprint: Sprint | None
    latest_review: Review | None

    @property
    def needs(self) -> int:
        """How many things wait for a marketer."""
        return self.waiting_count + len(self.drafts) + len(self.own)

    @property
    def others(self) -> list[Impediment]:
        """What is in the way and somebody else's to remove."""
        return [one for one in self.impediments if one not in self.own]

    @property
    def entries(self) -> list[Entry]:
        """The work as rows with their days."""
        return [Entry(Kind.TASK, task.due_on, task=task) for task in self.work]

    @property
    def is_first(self) -> bool:
        """Whether the first sprint is still to be started."""
        ran = self.strip or self.drafts or self.latest_review
        return not ran and self.next_sprint is not None


@dataclass(frozen=True)
class News:
    """A task that was delivered, with the first of its links."""

    task: Task
    label: str
    url: str


@dataclass(frozen=True)
class SalesHome:
    """What Sam opens on his phone. `news` is what was delivered lately and has a link."""

    requests: Sequence[intake.TrackedRequest]
    strip: SprintStrip | None
    in_work: Sequence[Task]
    news: Sequence[News]
    latest_review: Review | None


@dataclass(frozen=True)
class ManagerHome:
    """What Grace reads in three minutes."""

    latest_review: Review | None
    numbers: Sequence[Number]
    strip: SprintStrip | None
    overdue: Sequence[Request]
    drafts: Sequence[Review]
    answered: intake_metrics.InTime
    impediments: Sequence[Impediment]
    own: Sequence[Impediment]
    next_sprint: Sprint | None

    @property
    def needs(self) -> int:
        """How many things wait for a manager."""
        return len(self.overdue) + len(self.drafts) + len(self.own)

    @property
    def others(self) -> list[Impediment]:
        """What is in the way and somebody else's to remove."""
        return [one for one in self.impediments if one not in self.own]


def greeting(at: datetime) -> str:
    """Return the part of the day where the reader is: morning, afternoon, evening or night."""
    if at.hour >= EVENING:
        return "evening"
    if at.hour < NIGHT_ENDS:
        return "night"
    return "morning" if at.hour < NOON else "afternoon"


def for_marketer(member: Membership) -> MarketerHome:
    """Read the home of a marketer."""
    waiting, waiting_count, late = _waiting(member)
    sprints = _sprints(member)
    reviews = _reviews(member)
    impediments = _impediments(member)
    return MarketerHome(
        strip=_strip(sprints),
        waiting=waiting,
        waiting_count=waiting_count,
        late=late,
        drafts=_drafts(reviews),
        work=_my_work(member),
        impediments=impediments,
        own=_own(member, impediments),
        next_sprint=_next(sprints),
        latest_review=_latest(reviews),
    )


def for_sales(member: Membership) -> SalesHome:
    """Read the home of a sales rep."""
    sprints = _sprints(member)
    strip = _strip(sprints)
    in_work, news = _lately(member, strip.sprint if strip else None)
    return SalesHome(
        requests=intake.my_requests(member, limit=SHOWN),
        strip=strip,
        in_work=in_work,
        news=news,
        latest_review=_latest(_reviews(member)),
    )


def for_manager(member: Membership) -> ManagerHome:
    """Read the home of a manager."""
    now = clock.now()
    sprints = _sprints(member)
    reviews = _reviews(member)
    latest = _latest(reviews)
    impediments = _impediments(member)
    return ManagerHome(
        latest_review=latest,
        numbers=_numbers(latest),
        strip=_strip(sprints),
        overdue=intake.overdue(member.workspace, limit=SHOWN),
        drafts=_drafts(reviews),
        answered=intake_metrics.answered_in_time(member.workspace, now - KEPT_OVER, now),
        impediments=impediments,
        own=_own(member, impediments),
        next_sprint=_next(sprints),
    )


def _sprints(member: Membership) -> list[Sprint]:
    """Return the running sprint and the next planned one, in one query."""
    found = (
        Sprint.objects.visible_to(member)
        .exclude(state=SprintState.CLOSED)
        .select_related("workspace")
        .order_by(F("started_at").asc(nulls_last=True), "number")
    )
    return list(found[:2])


def _strip(sprints: Sequence[Sprint]) -> SprintStrip | None:
    running = next((sprint for sprint in sprints if sprint.is_active), None)
    return SprintStrip(running, running.workspace.today()) if running else None


def _next(sprints: Sequence[Sprint]) -> Sprint | None:
    return next((sprint for sprint in sprints if sprint.is_planned), None)


def _reviews(member: Membership) -> list[Review]:
    """Return the reviews that are worth a look: drafts first, then the latest published one."""
    read = Reading.objects.filter(review=OuterRef("pk"), member=member)
    found = (
        Review.objects.visible_to(member)
        .select_related("workspace", "sprint")
        .annotate(was_read=Exists(read))
        .order_by(F("published_at").desc(nulls_first=True), "-sprint__number")
    )
    return list(found[:4])


def _drafts(reviews: Sequence[Review]) -> list[Review]:
    return [review for review in reviews if not review.is_published]


def _latest(reviews: Sequence[Review]) -> Review | None:
    return next((review for review in reviews if review.is_published), None)


def _numbers(review: Review | None) -> list[Number]:
    if review is None:
        return []
    return showing.numbers(from_json(review.facts, review.facts_version))[:4]


def _my_work(member: Membership) -> list[Task]:
    """Return what is mine and open, in the running sprint or planned, due first."""
    mine = (
        Task.objects.visible_to(member)
        .current()
        .open()
        .filter(assignee=member)
        .filter(Q(sprint__state=SprintState.ACTIVE) | Q(sprint__state=SprintState.PLANNED))
        .select_related("workspace", "column", "campaign", "sprint")
        .order_by(F("due_on").asc(nulls_last=True), "sprint__number", "position")
    )
    return list(mine[:SHOWN])


def _waiting(member: Membership) -> tuple[list[Request], int, int]:
    """Return the first requests that wait, how many wait, and how many are late: one query."""
    late = Q(answer_due_at__lt=clock.now())
    queue = Request.objects.visible_to(member).waiting().select_related("requester", "workspace")
    found = queue.annotate(
        in_all=Window(Count("pk")), late_in_all=Window(Count("pk", filter=late))
    )[:SHOWN]
    rows = list(found)
    numbers = vars(rows[0]) if rows else {}
    return rows, numbers.get("in_all", 0), numbers.get("late_in_all", 0)


def _impediments(member: Membership) -> list[Impediment]:
    """Return what is in the way: the reader's own on top, then what was escalated."""
    return list(Impediment.objects.visible_to(member).open().for_list(member)[:SHOWN])


def _own(member: Membership, impediments: Sequence[Impediment]) -> list[Impediment]:
    return [one for one in impediments if one.owner_id == member.pk]


def _lately(member: Membership, running: Sprint | None) -> tuple[list[Task], list[News]]:
    """Return what is in work, nearly ready first, and what was delivered lately: one query."""
    link = Deliverable.objects.filter(task=OuterRef("pk")).order_by("pk")
    delivered = Q(done_at__gte=clock.now() - LATELY, column__category=Category.DONE)
    in_work = Q(sprint=running, column__category__in=[Category.REVIEW, Category.DOING])
    found = (
        Task.objects.visible_to(member)
        .current()
        .filter(delivered | in_work if running else delivered)
        .select_related("workspace", "column", "assignee", "campaign")
        .annotate(link=Subquery(link.values("url")[:1]), made=Subquery(link.values("label")[:1]))
        .order_by("-column__position", "position")
    )
    tasks = list(found[:MOST_LATELY])
    working = [task for task in tasks if not task.is_done]
    done = sorted(
        (task for task in tasks if task.done_at and vars(task)["link"]),
        key=lambda task: (task.done_at, task.pk),
        reverse=True,
    )
    news = [News(task, vars(task)["made"], vars(task)["link"]) for task in done[:SHOWN_NEWS]]
    return working[:SHOWN_IN_WORK], news
