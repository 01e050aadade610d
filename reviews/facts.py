"""What happened in a sprint, as typed and versioned values that never change after it closed.

A review keeps them as JSON. `reviews/metrics.py` gathers them once, when the sprint closes; words
(`wording.py`), pages and mails are made from them and from nothing else, so that a later edit of
a task cannot rewrite history. A new field needs a default; a change of meaning a new version.
"""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

FACTS_VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True)
class Link:
    """What a task made, to open."""

    label: str
    url: str


@dataclass(frozen=True)
class Goal:
    """The sprint's goal and its measure."""

    text: str = ""
    measure: str = ""
    target: int | None = None
    actual: int | None = None

    @property
    def verdict(self) -> str:
        """Return "met", "missed", or "" while the numbers do not say."""
        if self.target is None or self.actual is None:
            return ""
        return "met" if self.actual >= self.target else "missed"


@dataclass(frozen=True)
class Done:
    """One task that was finished."""

    key: str
    title: str
    points: int | None = None
    assignee: str = ""
    channel: str = ""
    unplanned: bool = False
    links: tuple[Link, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the marks of a review."""
        return f"task-{self.key}"


@dataclass(frozen=True)
class Group:
    """What was finished for one campaign; the name is empty for what belongs to none."""

    name: str
    hue: int | None
    points: int
    share: int
    tasks: tuple[Done, ...]


@dataclass(frozen=True)
class Asked:
    """A request from Sales whose work was finished in this sprint."""

    key: str
    title: str
    requester: str
    requester_id: int
    tasks: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the marks of a review."""
        return f"asked-{self.key}"


@dataclass(frozen=True)
class Answer:
    """What Marketing decided about a request."""

    key: str
    title: str
    requester: str
    requester_id: int
    kind: str
    words: str
    reason: str = ""
    sprint: int | None = None
    decided_by: str = ""
    merged_into: str = ""

    @property
    def id(self) -> str:
        """Its name in the marks of a review."""
        return f"answer-{self.key}"


@dataclass(frozen=True)
class Carried:
    """A task that was not finished, and where it went."""

    key: str
    title: str
    points: int | None = None
    to_sprint: int | None = None
    asked_by: tuple[str, ...] = ()
    asked_by_ids: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the marks of a review."""
        return f"carried-{self.key}"


@dataclass(frozen=True)
class Points:
    """The sprint in points; an estimate that is missing counts as none."""

    committed: int = 0
    done: int = 0
    done_of_committed: int = 0
    unplanned: int = 0
    unplanned_done: int = 0
    allowance: int = 0
    carried: int = 0


@dataclass(frozen=True)
class Answers:
    """How many requests were answered in time, and what was agreed."""

    in_time: int = 0
    total: int = 0
    days: int = 0


@dataclass(frozen=True)
class Before:
    """The sprints before this one: up to three, and the very last."""

    sprints: int = 0
    average_done: int = 0
    average_share: int | None = None
    delivered: int | None = None


@dataclass(frozen=True)
class Next:
    """The sprint that follows."""

    number: int
    goal: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Facts:
    """Everything that a review says, apart from a person's words."""

    number: int
    starts_on: date
    ends_on: date
    started_at: datetime | None
    closed_at: datetime
    goal: Goal
    points: Points
    tasks_done: int
    groups: tuple[Group, ...] = ()
    asked: tuple[Asked, ...] = ()
    carried: tuple[Carried, ...] = ()
    answers: tuple[Answer, ...] = ()
    answered: Answers = Answers()
    before: Before = Before()
    next: Next | None = None

    @property
    def done(self) -> tuple[Done, ...]:
        """Every finished task, campaign by campaign."""
        return tuple(task for group in self.groups for task in group.tasks)

    @property
    def item_ids(self) -> frozenset[str]:
        """The names that a review's marks may use."""
        sections: tuple[tuple[Done | Asked | Carried | Answer, ...], ...] = (
            self.done,
            self.asked,
            self.carried,
            self.answers,
        )
        return frozenset(item.id for items in sections for item in items)

    @property
    def done_share(self) -> int | None:
        """The share of the commitment that was done, in per cent."""
        if not self.points.committed:
            return None
        return 100 * self.points.done_of_committed // self.points.committed


class UnknownFactsError(Exception):
    """These facts were frozen by a newer build."""


def to_json(facts: Facts) -> dict[str, Any]:
    """Return facts as JSON values."""
    plain: dict[str, Any] = _plain(asdict(facts))
    return plain


def from_json(data: dict[str, Any], version: int = FACTS_VERSION) -> Facts:
    """Return the facts that were frozen as these JSON values.

    Raises UnknownFactsError for a version that this build does not know.
    """
    if version != FACTS_VERSION:
        raise UnknownFactsError(f"Facts of version {version}.")
    found: Facts = _typed(Facts, data)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    """Return a JSON value as the type that a field declares."""
    if get_origin(kind) in {Union, types.UnionType}:
        if value is None:
            return None
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        return tuple(_typed(get_args(kind)[0], one) for one in value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        known = {field.name for field in fields(kind)} & value.keys()
        return kind(**{name: _typed(hints[name], value[name]) for name in known})
    if kind in {date, datetime}:
        return kind.fromisoformat(value)
    return value
