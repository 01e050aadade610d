"""Done, now and next: what anybody may want to know of the sprint, in three queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from django.db.models import Prefetch, Q, prefetch_related_objects

from campaigns.models import Campaign
from people.models import Workspace

from . import metrics
from .board import Board
from .models import Category, Deliverable, Sprint, Task

# With fewer done in this sprint, what the sprint before delivered is shown too
FEW: Final = 4
SPRINTS_AHEAD: Final = 3


@dataclass(frozen=True)
class Room:
    """How many lines there is room for: a page scrolls, a wall screen does not."""

    done: int
    in_work: int
    rest: int
    coming: int


PAGE: Final = Room(done=8, in_work=30, rest=8, coming=6)
WALL: Final = Room(done=6, in_work=4, rest=2, coming=2)


@dataclass
class Group:
    """What is in work for one campaign; without one, for none."""

    campaign: Campaign | None
    tasks: list[Task] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The campaign's name, or nothing."""
        return self.campaign.name if self.campaign else ""


@dataclass(frozen=True)
class Coming:
    """A sprint to come, with the first of what is planned or promised for it."""

    sprint: Sprint
    tasks: list[Task]
    more: int


class Now:
    """What was delivered lately, what is in work, and what comes next."""

    def __init__(self, workspace: Workspace, room: Room = PAGE) -> None:
        self.board = Board(workspace)
        self.workspace = workspace
        self.room = room

    @property
    def today(self) -> date:
        """The workspace's day."""
        return self.board.today

    @property
    def running(self) -> Sprint | None:
        """The running sprint; None between sprints and before the first."""
        return self.board.sprint if self.board.is_running else None

    @property
    def days(self) -> metrics.Days | None:
        """Where the running sprint is in its time box."""
        return metrics.sprint_days(self.running, self.today) if self.running else None

    @cached_property
    def before(self) -> Sprint | None:
        """The sprint that ended last."""
        return self.board.last_closed

    @property
    def ahead(self) -> list[Sprint]:
        """The next sprints."""
        return self.board.planned[:SPRINTS_AHEAD]

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task that the page may show, by rank."""
        shown = [one.pk for one in (self.running, self.before, *self.ahead) if one]
        wanted = Q(sprint__in=shown) | Q(promised_sprint__in=self.ahead)
        found = Task.objects.current().filter(wanted, workspace=self.workspace)
        found = found.select_related("assignee", "campaign", "column").ranked()
        tasks = list(found.defer("description", "description_html"))
        for task in tasks:
            task.workspace = self.workspace
        return tasks

    def _of(self, sprint: Sprint | None, *categories: Category) -> list[Task]:
        return [
            task
            for task in self.tasks
            if sprint and task.sprint_id == sprint.pk and task.column.category in categories
        ]

    @cached_property
    def done_count(self) -> int:
        """How much the running sprint has done."""
        return len(self._of(self.running, Category.DONE))

    @cached_property
    def done(self) -> list[Task]:
        """What was delivered lately, the newest first, with its links."""
        found = self._of(self.running, Category.DONE)
        if len(found) < FEW:
            found = found + self._of(self.before, Category.DONE)
        stamped = [task for task in found if task.done_at]
        stamped.sort(key=lambda task: (task.done_at, task.pk), reverse=True)
        shown = stamped[: self.room.done]
        links = Prefetch("deliverables", Deliverable.objects.order_by("pk"))
        prefetch_related_objects(shown, links)
        return shown

    @cached_property
    def doing(self) -> list[Task]:
        """What is being worked on."""
        return self._of(self.running, Category.DOING)

    @cached_property
    def review(self) -> list[Task]:
        """What is nearly ready."""
        return self._of(self.running, Category.REVIEW)

    @cached_property
    def in_work(self) -> int:
        """How much is in work or in review."""
        return len(self.doing) + len(self.review)

    @cached_property
    def groups(self) -> list[Group]:
        """What is in work or in review, by campaign; what is for none comes last."""
        groups: dict[int | None, Group] = {}
        # where there is little room, what is nearly ready is shown
        for task in (self.review + self.doing)[: self.room.in_work]:
            groups.setdefault(task.campaign_id, Group(task.campaign)).tasks.append(task)
        return sorted(groups.values(), key=lambda group: not group.name)

    @property
    def more_in_work(self) -> int:
        """How much of it there is no room for."""
        return max(self.in_work - self.room.in_work, 0)

    @cached_property
    def rest(self) -> list[Task]:
        """What waits in the running sprint."""
        return self._of(self.running, Category.TODO)

    @property
    def first_of_rest(self) -> list[Task]:
        """What of it is next in turn."""
        return self.rest[: self.room.rest]

    @property
    def more_rest(self) -> int:
        """How much of it there is no room for."""
        return max(len(self.rest) - self.room.rest, 0)

    @cached_property
    def coming(self) -> list[Coming]:
        """The next sprints, with what is planned or promised for each."""
        return [self._coming(sprint) for sprint in self.ahead]

    def _coming(self, sprint: Sprint) -> Coming:
        found = [
            task
            for task in self.tasks
            if sprint.pk in (task.sprint_id, task.promised_sprint_id)
            and task.sprint_id in (None, sprint.pk)
            and not task.is_done
        ]
        # what somebody in Sales waits for comes first
        found.sort(key=lambda task: task.promised_sprint_id != sprint.pk)
        return Coming(sprint, found[: self.room.coming], max(len(found) - self.room.coming, 0))

    @property
    def planned(self) -> list[Task]:
        """What is planned or promised for the next sprint."""
        return self.coming[0].tasks if self.coming else []

    @property
    def points(self) -> tuple[int, int]:
        """The points done in the running sprint, and all that are in it."""
        mine = [task for task in self.tasks if self.running and task.sprint_id == self.running.pk]
        done = sum(task.points or 0 for task in mine if task.is_done)
        return done, sum(task.points or 0 for task in mine)
