"""The backlog as a list: what is asked for, in one of four orders, a page at a time.

A page begins by comparing rows with the last one of the page before, so that the hundredth page
costs what the first one costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db.models import F, IntegerField, QuerySet
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce

from activity.compiled import Compiled
from people.models import Membership

from .models import Column, Task, TaskQuerySet

# A number that every database can compare
WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Order:
    """A way to sort: its columns in one direction, so that a page begins by comparing rows."""

    columns: tuple[str, ...]
    descending: bool = False

    def sorted(self, tasks: TaskQuerySet) -> TaskQuerySet:
        """Put the tasks into this order."""
        sign = "-" if self.descending else ""
        return tasks.order_by(*(sign + column for column in self.columns))

    def after(self, tasks: TaskQuerySet, values: list[int]) -> TaskQuerySet:
        """Keep what comes behind the row of these values."""
        compare = TupleLessThan if self.descending else TupleGreaterThan
        here = Tuple(*(F(column) for column in self.columns))
        # where Django spells the comparison out with OR (SQLite), this bound finds the index
        bound = {f"{self.columns[0]}__{'lte' if self.descending else 'gte'}": values[0]}
        return tasks.filter(compare(here, tuple(values)), **bound)

    def values(self, task: Task) -> list[int]:
        """Return where a row stands in this order."""
        return [getattr(task, column) for column in self.columns]


ORDERS = {
    "rank": Order(("position", "pk")),
    "demand": Order(("origin_value", "origin_backers", "pk"), descending=True),
    "impact": Order(("worth", "pk"), descending=True),
    "age": Order(("number",)),
}


def _with_worth(tasks: TaskQuerySet) -> TaskQuerySet:
    """Add impact to effort as a whole number; what nobody judged comes last."""
    worth = Coalesce(F("impact"), 0) * 60 / Coalesce(F("effort"), 3)
    return tasks.annotate(worth=ExpressionWrapper(worth, output_field=IntegerField()))


def found(member: Membership, asked: Mapping[str, Any]) -> TaskQuerySet:
    """Return what a reader asks for: `show`, `channel`, `campaign`, `assignee`, words in `q`.

    `sort="impact"` adds the column that its order compares.
    """
    tasks = Task.objects.visible_to(member)
    show = asked.get("show")
    if show == "archived":
        tasks = tasks.exclude(archived_at=None)
    else:
        tasks = tasks.current().filter(sprint=None)
    for name in ("channel", "campaign", "assignee"):
        if asked.get(name):
            tasks = tasks.filter(**{name: asked[name]})
    if show == "promised":
        tasks = tasks.exclude(promised_sprint=None)
    elif show == "sales":
        tasks = tasks.exclude(origin_name="")
    elif show == "mine":
        tasks = tasks.filter(assignee=member)
    elif show == "unassigned":
        tasks = tasks.filter(assignee=None)
    tasks = searched(member, tasks, asked.get("q", ""))
    return _with_worth(tasks) if asked.get("sort") == "impact" else tasks


def searched(member: Membership, tasks: TaskQuerySet, words: str) -> TaskQuerySet:
    """Find a key as people write it (NW-42, 42), or each word in the title."""
    prefix, _dash, number = words.strip().rpartition("-")
    prefixes = {"", member.workspace.key}
    if number.isdecimal() and len(number) <= 9 and prefix.upper() in prefixes:
        return tasks.filter(number=int(number))
    for word in words.split()[:10]:
        tasks = tasks.filter(title__icontains=word)
    return tasks


def cursor(asked: Mapping[str, Any], order: Order) -> tuple[list[int], int] | None:
    """Read where the page begins: the values of the row before it, and that row's number."""
    parts = (asked.get("after") or "").split(".")
    numbers = [int(part) for part in parts if WHOLE.fullmatch(part)]
    if len(numbers) != len(parts) or len(numbers) != len(order.columns) + 1:
        return None
    return numbers[:-1], max(0, min(numbers[-1], 10_000_000))


def _next_number(sprint: int, column: int, position: int, *, up: bool) -> QuerySet[Task, int]:
    """Return the number of the card directly above or below a place in a column of a sprint."""
    cards = Task.objects.current().filter(sprint=sprint, column=column)
    beside = (
        cards.filter(position__lt=position).order_by("-position")
        if up
        else cards.filter(position__gt=position).order_by("position")
    )
    return beside.values_list("number", flat=True)[:1]


ABOVE: Final = Compiled(partial(_next_number, up=True), sprint=int, column=int, position=int)
BELOW: Final = Compiled(partial(_next_number, up=False), sprint=int, column=int, position=int)


def ends_of(task: Task, column: Column) -> tuple[Task | None, Task | None]:
    """Return the first and the last of the other cards in a column of the task's sprint."""
    others = Task.objects.current().filter(sprint=task.sprint_id, column=column)
    others = others.exclude(pk=task.pk).ranked()
    return others.first(), others.last()
