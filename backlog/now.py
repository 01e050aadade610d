"""Done, now and next: what anybody may want to know of the sprint, in three queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.db.models import Prefetch, Q

from people.models import Workspace

from .board import Board
from .models import Category, Deliverable, Sprint, Task

# With fewer done in this sprint, what the sprint before delivered is shown too
FEW = 4
MOST_DONE = 8


@dataclass
class Group:
    """What is in work for one campaign; without a name, for none."""

    name: str
    tasks: list[Task] = field(default_factory=list)


class Now:
    """What was delivered lately, what is in work, and what comes next."""

    def __init__(self, workspace: Workspace) -> None:
        self.board = Board(workspace)
        self.workspace = workspace

    @property
    def today(self) -> date:
        """The workspace's day."""
        return self.board.today

    @property
    def running(self) -> Sprint | None:
        """The running sprint; None between sprints and before the first."""
        return self.board.sprint if self.board.is_running else None

    @cached_property
    def before(self) -> Sprint | None:
        """The sprint that ended last."""
        return self.board.last_closed

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task that the page may show, by rank."""
        shown = [one.pk for one in (self.running, self.before, self.board.next_sprint) if one]
        following = self.board.next_sprint
        wanted = Q(sprint__in=shown)
        if following:
            wanted |= Q(promised_sprint=following)
        links = Prefetch("deliverables", Deliverable.objects.order_by("pk"))
        found = Task.objects.current().filter(wanted, workspace=self.workspace)
        found = found.select_related("workspace", "assignee", "campaign", "column")
        return list(found.prefetch_related(links).ranked())

    def _of(self, sprint: Sprint | None, *categories: Category) -> list[Task]:
        return [
            task
            for task in self.tasks
            if sprint and task.sprint_id == sprint.pk and task.column.category in categories
        ]

    @cached_property
    def done(self) -> list[Task]:
        """What was delivered lately, the newest first."""
        found = self._of(self.running, Category.DONE)
        if len(found) < FEW:
            found = found + self._of(self.before, Category.DONE)
        stamped = [task for task in found if task.done_at]
        return sorted(stamped, key=lambda task: (task.done_at, task.pk), reverse=True)[:MOST_DONE]

    @cached_property
    def groups(self) -> list[Group]:
        """What is in work or in review, by campaign; what is for none comes last."""
        groups: dict[int | None, Group] = {}
        for task in self._of(self.running, Category.DOING, Category.REVIEW):
            name = task.campaign.name if task.campaign else ""
            groups.setdefault(task.campaign_id, Group(name)).tasks.append(task)
        return sorted(groups.values(), key=lambda group: not group.name)

    @cached_property
    def rest(self) -> list[Task]:
        """What waits in the running sprint."""
        return self._of(self.running, Category.TODO)

    @cached_property
    def planned(self) -> list[Task]:
        """What is planned or promised for the next sprint."""
        following = self.board.next_sprint
        shown = {
            task.pk for task in self.tasks if self.running and task.sprint_id == self.running.pk
        }
        return [
            task
            for task in self.tasks
            if following
            and task.pk not in shown
            and not task.is_done
            and following.pk in (task.sprint_id, task.promised_sprint_id)
        ]
