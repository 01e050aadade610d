"""The board as it is read: one query of tuples, and cards that are pure functions of their row.

A card is rendered once per process for each row it can have; a changed task has another row, so
there is nothing to invalidate and nothing can be stale (docs/board.md). Therefore a row holds only
str, int, bool and date, each column of one type: equal keys must mean equal cards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db.models import Case, Q, QuerySet, Value, When
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from activity.compiled import Compiled
from activity.memory import Memory
from people.models import Membership, Workspace

from . import metrics
from .models import Category, Channel, Column, Sprint, SprintState, Task

# Some ten boards of 200 cards, each in two versions; a card takes about 2 KB
REMEMBERED_CARDS = 4096
# A board of 200 cards takes about 100 KB
REMEMBERED_BOARDS = 64


class Face(NamedTuple):
    """Whose avatar a card shows."""

    shown_name: str
    initials: str
    role: str
    hue: int


class CardDays(NamedTuple):
    """What the dates of a card mean today; a part of what it is remembered by.

    `due_in` is negative when it is late; `has_come` says that the day has come of a thing from
    outside that it waits for.
    """

    due_in: int | None = None
    blocked_for: int | None = None
    has_come: bool = False

    @property
    def late(self) -> int:
        """For how many days it has been late; 0 while it is not."""
        return max(-(self.due_in or 0), 0)


class CardRow(NamedTuple):
    """All that a card shows, as the database gives it. The order is that of FIELDS."""

    pk: int
    number: int
    version: int
    title: str
    column_id: int
    category: str
    points: int | None
    due_on: date | None
    is_unplanned: bool
    carried: int
    channel_id: int | None
    campaign_id: int | None
    campaign: str | None
    campaign_hue: int | None
    assignee_id: int | None
    assignee_name: str | None
    assignee_initials: str | None
    assignee_role: str | None
    assignee_hue: int | None
    origin_name: str
    origin_backers: int
    origin_value: int
    comment_count: int
    file_count: int
    checklist_total: int
    checklist_done: int
    blocked_reason: str
    blocked_on: date | None
    blocked_owner: str | None
    is_escalated: bool
    wait_count: int
    wait_number: int | None
    wait_until: date | None
    workspace_key: str
    workspace_slug: str
    currency: str

    @property
    def key(self) -> str:
        """The name people say: NW-42."""
        return f"{self.workspace_key}-{self.number}"

    @property
    def assignee(self) -> Face | None:
        """Who does it."""
        if self.assignee_name is None:
            return None
        return Face(
            self.assignee_name,
            self.assignee_initials or "",
            self.assignee_role or "",
            self.assignee_hue or 0,
        )

    @property
    def origin_first_name(self) -> str:
        """Who in Sales asked, as colleagues say it."""
        return self.origin_name.split(" ", 1)[0]

    @property
    def wait_key(self) -> str:
        """The key of a task that it waits for; empty without one."""
        return "" if self.wait_number is None else f"{self.workspace_key}-{self.wait_number}"

    @property
    def blocked_owner_first_name(self) -> str:
        """Who removes what blocks it, as colleagues say it."""
        return (self.blocked_owner or "").split(" ", 1)[0]

    @property
    def other_waits(self) -> int:
        """How many more things it waits for than the one that the card names."""
        return max(self.wait_count - 1, 0)

    def days(self, today: date) -> CardDays:
        """Return what its dates mean on a day."""
        return CardDays(
            due_in=None if self.due_on is None else (self.due_on - today).days,
            blocked_for=None if self.blocked_on is None else (today - self.blocked_on).days,
            has_come=self.wait_until is not None and self.wait_until <= today,
        )


FIELDS = (
    "pk",
    "number",
    "version",
    "title",
    "column_id",
    "column__category",
    "points",
    "due_on",
    "is_unplanned",
    "carried",
    "channel_id",
    "campaign_id",
    "campaign__name",
    "campaign__hue",
    "assignee_id",
    "assignee__shown_name",
    "assignee__initials",
    "assignee__role",
    "assignee__hue",
    "origin_name",
    "origin_backers",
    "origin_value",
    "comment_count",
    "file_count",
    "checklist_total",
    "checklist_done",
    "blocked_reason",
    "blocked_on",
    "blocked_owner__shown_name",
    "is_escalated",
    "wait_count",
    "wait_number",
    "wait_until",
    "workspace__key",
    "workspace__slug",
    "workspace__currency",
)


_cards = Compiled(
    lambda sprint: (
        Task.objects.current().filter(sprint=sprint).order_by("position", "pk").values_list(*FIELDS)
    ),
    sprint=int,
)


def card_rows(sprint: Sprint) -> list[CardRow]:
    """Return the cards of a sprint by rank: one query, however many."""
    return [CardRow._make(row) for row in _cards.all(sprint=sprint.pk)]


def draw_card(row: CardRow, days: CardDays) -> SafeString:
    """Render a card afresh, in the language that is active."""
    address = reverse("task", args=[row.workspace_slug, row.key])
    move = reverse("task_move", args=[row.workspace_slug, row.key])
    context = {
        "row": row,
        "address": address,
        "move": move,
        "days": days,
    }
    return SafeString(get_template("backlog/card.html").render(context))


@lru_cache(maxsize=REMEMBERED_CARDS)
def _remembered(row: CardRow, days: CardDays, language: str) -> SafeString:
    return draw_card(row, days)


def render_card(row: CardRow, today: date) -> SafeString:
    """Return a card's HTML, from memory where this very card was drawn before."""
    return _remembered(row, row.days(today), get_language() or "")


@dataclass(frozen=True)
class BoardColumn:
    """A column with its cards."""

    column: Column
    rows: Sequence[CardRow]
    today: date

    @property
    def cards(self) -> list[SafeString]:
        """The HTML of its cards, from top to bottom."""
        return [render_card(row, self.today) for row in self.rows]

    @property
    def count(self) -> int:
        """How many cards lie here."""
        return len(self.rows)

    @property
    def points(self) -> int:
        """The sum of their points."""
        return sum(row.points or 0 for row in self.rows)

    @property
    def limit_state(self) -> str:
        """Say "at" or "over" for the column's WIP limit, "" below it or without one."""
        limit = self.column.wip_limit
        if limit is None or self.count < limit:
            return ""
        return "over" if self.count > limit else "at"


@dataclass(frozen=True)
class Totals:
    """The points of a sprint as its cards say them."""

    committed: int
    done: int
    done_of_committed: int
    review: int
    doing: int
    unplanned: int
    allowance: int

    @property
    def scale(self) -> int:
        """The length of the bar: the commitment, or all that is in work when that is more."""
        return max(self.committed, self.done + self.review + self.doing)

    @property
    def is_over_allowance(self) -> bool:
        """Tell whether more came in than was agreed."""
        return self.unplanned > self.allowance


def totals(sprint: Sprint, rows: Iterable[CardRow]) -> Totals:
    """Add up the cards of a sprint."""
    sums = dict.fromkeys(Category.values, 0)
    planned = unplanned = kept = 0
    for row in rows:
        points = row.points or 0
        sums[row.category] += points
        if row.is_unplanned:
            unplanned += points
        else:
            planned += points
            kept += points if row.category == Category.DONE else 0
    committed = planned if sprint.committed_points is None else sprint.committed_points
    return Totals(
        committed=committed,
        done=sums[Category.DONE],
        done_of_committed=kept,
        review=sums[Category.REVIEW],
        doing=sums[Category.DOING],
        unplanned=unplanned,
        allowance=metrics.allowance(sprint),
    )


def _sprints_of(workspace: int) -> QuerySet[Sprint]:
    """Return the running, the planned and the last closed sprints of a workspace, running first."""
    order = Case(
        When(state=SprintState.ACTIVE, then=Value(0)),
        When(state=SprintState.PLANNED, then=Value(1)),
        default=Value(2),
    )
    mine = Sprint.objects.filter(workspace=workspace)
    latest = mine.closed().values("pk")[:1]
    shown = mine.filter(~Q(state=SprintState.CLOSED) | Q(pk__in=latest))
    return shown.order_by(order, "number")


_shown_sprints = Compiled(_sprints_of, workspace=int)
_columns = Compiled(
    lambda workspace: Column.objects.filter(workspace=workspace).order_by("position", "pk"),
    workspace=int,
)


class Board:
    """What the board shows now: the running sprint, or else the one that ended last."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.today = workspace.today()

    @cached_property
    def _sprints(self) -> list[Sprint]:
        """The running, the last closed and the planned sprints, in one query, running first."""
        found = _shown_sprints.all(workspace=self.workspace.pk)
        for sprint in found:
            sprint.workspace = self.workspace
        return found

    @cached_property
    def sprint(self) -> Sprint | None:
        """The sprint on the board; None before the first one."""
        return next((one for one in self._sprints if not one.is_planned), None)

    @property
    def last_closed(self) -> Sprint | None:
        """The sprint that ended last."""
        return next((one for one in self._sprints if one.is_closed), None)

    @property
    def planned(self) -> list[Sprint]:
        """The sprints to come, the next first."""
        return [one for one in self._sprints if one.is_planned]

    @property
    def next_sprint(self) -> Sprint | None:
        """The sprint to plan."""
        return next(iter(self.planned), None)

    @property
    def is_running(self) -> bool:
        """Tell whether cards can be moved."""
        return self.sprint is not None and self.sprint.is_active

    @cached_property
    def rows(self) -> list[CardRow]:
        """The cards, by rank."""
        return card_rows(self.sprint) if self.sprint else []

    @cached_property
    def columns(self) -> list[BoardColumn]:
        """The columns with their cards."""
        columns = _columns.all(workspace=self.workspace.pk)
        cards: dict[int, list[CardRow]] = {column.pk: [] for column in columns}
        for row in self.rows:
            if row.column_id in cards:  # else it was made or removed between the two queries
                cards[row.column_id].append(row)
        return [BoardColumn(column, cards[column.pk], self.today) for column in columns]

    @property
    def column_names(self) -> tuple[tuple[int, str, str], ...]:
        """Number, category and name of the columns."""
        return tuple((one.column.pk, one.column.category, one.column.name) for one in self.columns)

    @property
    def next_numbers(self) -> tuple[tuple[int, int], ...]:
        """Id and number of the next three sprints."""
        return tuple((sprint.pk, sprint.number) for sprint in self.planned[:3])

    @cached_property
    def channels(self) -> tuple[tuple[int, str], ...]:
        """Id and name of the channels, in their order."""
        mine = Channel.objects.filter(workspace=self.workspace)
        return tuple(mine.values_list("pk", "name"))

    @property
    def day_ends(self) -> int:
        """When the ages on the cards are a day older, in seconds since 1970."""
        tomorrow = self.today + timedelta(days=1)
        return int(datetime.combine(tomorrow, time(), self.workspace.zone).timestamp())

    @cached_property
    def blocked(self) -> int:
        """How many of the cards are blocked."""
        return sum(row.blocked_reason != "" for row in self.rows)

    @cached_property
    def totals(self) -> Totals | None:
        """The points of the sprint on the board."""
        if self.sprint is None:
            return None
        return totals(self.sprint, self.rows)

    @cached_property
    def days(self) -> metrics.Days | None:
        """Where the sprint on the board is in its time box."""
        return metrics.sprint_days(self.sprint, self.today) if self.sprint else None

    def place_of(self, task: Task) -> tuple[BoardColumn, int] | None:
        """Return a task's column and its place there, counted from 1."""
        for column in self.columns:
            for place, row in enumerate(column.rows, 1):
                if row.pk == task.pk:
                    return column, place
        return None


_boards: Memory[Board] = Memory(REMEMBERED_BOARDS)


def board_of(workspace: Workspace) -> Board:
    """Return the board as it is now, read once for each state of the workspace."""
    return _boards.recall(workspace, workspace.today(), lambda: Board(workspace))


def etag(member: Membership) -> str:
    """Name the state that a member's board fragment shows; equal names mean equal bytes.

    The number of the newest activity is read before the cards, so a name can be older than what
    it names, never newer: the worst is one fetch too many.
    """
    workspace, user = member.workspace, member.user
    parts = (
        workspace.pk,
        workspace.seq,
        workspace.today().isoformat(),
        f"{member.pk}.{member.role}.{member.version}",
        get_language(),
        user.time_zone,
        build(),
    )
    return '"{}"'.format("-".join(str(part) for part in parts))


@cache
def build() -> str:
    """Return the fingerprint of what a fragment is made by; read once per process."""
    digest = hashlib.sha256()
    for folder, pattern in (("templates", "*.html"), ("backlog", "*.py"), ("sprintboard", "*.py")):
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
