"""My work: what is a member's across sprints, backlog, requests, impediments and reviews.

What waits for him comes first, then everything by its day, what is due first on top
(product.md, D9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from django.db.models import Case, F, Value, When

from backlog.models import Impediment, SprintState, Task
from people.models import Membership
from requests_intake import reading as intake
from requests_intake.models import Request, RequestState
from reviews.models import Review

MOST_TASKS: Final = 200
MOST_OTHERS: Final = 30
DELIVERED: Final = "delivered"


class Kind(StrEnum):
    """What an entry is about."""

    TASK = "task"
    ANSWER = "answer"
    QUESTION = "question"
    IMPEDIMENT = "impediment"
    REVIEW = "review"


class Place(StrEnum):
    """The part of the page that an entry stands in."""

    WAITING = "waiting"
    LATE = "late"
    TODAY = "today"
    THIS_WEEK = "this_week"
    NEXT_WEEK = "next_week"
    LATER = "later"
    SPRINT = "sprint"
    BACKLOG = "backlog"


@dataclass(frozen=True)
class Entry:
    """One thing that is the member's; `on` is the day it is due, where it has one."""

    kind: Kind
    on: date | None = None
    task: Task | None = None
    request: Request | None = None
    impediment: Impediment | None = None
    review: Review | None = None

    def stands(self, today: date) -> Place:
        """Return where it stands on the page."""
        if self.on is None:
            return self._without_a_day
        if self.on < today:
            return Place.LATE
        if self.on == today:
            return Place.TODAY
        weeks = (self.on - monday(today)).days // 7
        return (Place.THIS_WEEK, Place.NEXT_WEEK)[weeks] if weeks < 2 else Place.LATER

    @property
    def _without_a_day(self) -> Place:
        if self.task is None:
            return Place.WAITING
        return Place.SPRINT if self.task.sprint_id else Place.BACKLOG


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Group:
    """Entries that stand together, up to a last day where they have one."""

    when: Place
    entries: list[Entry]
    until: date | None = None


class MyWork:
    """What a page shows of one member's work: at most five queries, however much it is."""

    def __init__(self, member: Membership) -> None:
        self.member = member
        self.today = member.workspace.today()

    @cached_property
    def requests(self) -> list[intake.TrackedRequest]:
        """A rep's own requests, without what he has already got."""
        if not self.member.is_sales:
            return []
        mine = Request.objects.visible_to(self.member).asked_by(self.member).questions_first()
        alive = mine.exclude(state__in=[RequestState.DECLINED, RequestState.MERGED])
        found = [intake.track(request, self.member) for request in alive.tracked()[:MOST_OTHERS]]
        return [tracked for tracked in found if tracked.stage != DELIVERED]

    @cached_property
    def tasks(self) -> list[Task]:
        """The member's open tasks, what is due first on top, then the running sprint's."""
        running = Case(When(sprint__state=SprintState.ACTIVE, then=Value(0)), default=Value(1))
        mine = (
            Task.objects.visible_to(self.member)
            .current()
            .open()
            .filter(assignee=self.member)
            .select_related("column", "campaign", "sprint")
            .defer("description", "description_html")
            .order_by(F("due_on").asc(nulls_last=True), running, "sprint__number", "position")
        )
        tasks = list(mine[:MOST_TASKS])
        for task in tasks:
            task.workspace = self.member.workspace
        return tasks

    @property
    def is_full(self) -> bool:
        """Tell whether there may be more tasks than the page shows."""
        return len(self.tasks) == MOST_TASKS

    def _day_of(self, at: datetime) -> date:
        """Return the workspace's day: with those of its tasks, and never with the reader's own."""
        return at.astimezone(self.member.workspace.zone).date()

    def _answers(self) -> Iterator[Entry]:
        """Give what waits for the member's answer: for Marketing's, when he is a marketer."""
        workspace = self.member.workspace
        for tracked in self.requests:
            if tracked.request.is_asked:
                yield Entry(Kind.QUESTION, request=tracked.request)
        if self.member.is_sales:
            return
        read = intake.waiting if self.member.is_marketer else intake.overdue
        for request in read(workspace, MOST_OTHERS):
            due = self._day_of(request.answer_due_at)
            yield Entry(Kind.ANSWER, due, request=request)

    def _impediments(self) -> Iterator[Entry]:
        found = Impediment.objects.visible_to(self.member).open().of(self.member).for_list()
        for impediment in found[:MOST_OTHERS]:
            due = self._day_of(impediment.escalates_at)
            yield Entry(Kind.IMPEDIMENT, due, impediment=impediment)

    def _reviews(self) -> Iterator[Entry]:
        if self.member.is_sales:  # for Sales a draft does not exist
            return
        drafts = Review.objects.visible_to(self.member).filter(published_at=None)
        for review in drafts.select_related("workspace", "sprint").order_by("sprint__number"):
            yield Entry(Kind.REVIEW, review=review)

    @cached_property
    def entries(self) -> list[Entry]:
        """Everything, what is due first on top."""
        found = [*self._answers(), *self._impediments(), *self._reviews()]
        found += [Entry(Kind.TASK, task.due_on, task=task) for task in self.tasks]
        return sorted(found, key=lambda entry: entry.on or date.max)

    @cached_property
    def groups(self) -> list[Group]:
        """The entries as the page shows them; a group that would be empty is not there."""
        sunday = monday(self.today) + timedelta(days=6)
        until = {Place.THIS_WEEK: sunday, Place.NEXT_WEEK: sunday + timedelta(days=7)}
        by_place: dict[Place, list[Entry]] = {when: [] for when in Place}
        for entry in self.entries:
            by_place[entry.stands(self.today)].append(entry)
        return [Group(when, found, until.get(when)) for when, found in by_place.items() if found]

    @property
    def late(self) -> int:
        """How much should have been done before today."""
        return sum(len(group.entries) for group in self.groups if group.when == Place.LATE)
