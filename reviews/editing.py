"""What the editor of a review offers to highlight or hide: the facts, by section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .facts import Done, Facts
from .models import HIDDEN, HIGHLIGHTED
from .showing import answer_in_words, where_to


class _Item(Protocol):
    """What every item of the facts has."""

    @property
    def id(self) -> str:
        """Its name in the marks."""

    @property
    def title(self) -> str:
        """What it says first."""


@dataclass(frozen=True)
class Pick:
    """One thing in the facts, and what the editor says about it."""

    id: str
    title: str
    detail: str
    mark: str
    from_sales: bool
    may_be_mailed: bool


@dataclass(frozen=True)
class PickGroup:
    """A section of the review."""

    title: str
    picks: list[Pick]

    @property
    def note(self) -> str:
        """Return "5 on the page, 2 of them starred, 1 hidden"."""
        hidden = sum(pick.mark == HIDDEN for pick in self.picks)
        starred = sum(pick.mark == HIGHLIGHTED for pick in self.picks)
        parts = [_("%(n)d on the page") % {"n": len(self.picks) - hidden}]
        if starred:
            parts.append(_("%(n)d starred") % {"n": starred})
        if hidden:
            parts.append(_("%(n)d hidden") % {"n": hidden})
        return ", ".join(parts)


def picks_of(facts: Facts, marks: Mapping[str, str]) -> list[PickGroup]:
    """Return the sections that have anything in them, in the order of the page."""

    def pick(
        item: _Item, detail: str, *, from_sales: bool = False, may_be_mailed: bool = True
    ) -> Pick:
        mark = marks.get(item.id, "")
        return Pick(item.id, item.title, detail, mark, from_sales, may_be_mailed)

    groups = [
        PickGroup(
            _("You asked, we delivered"),
            [pick(one, f"{one.key}, {one.requester}", from_sales=True) for one in facts.asked],
        ),
        PickGroup(_("What we made"), [pick(one, _effort(one)) for one in facts.done]),
        PickGroup(
            _("Not done yet"),
            # the mail tells each reader of his own late ideas, starred or not
            [
                pick(one, where_to(one), from_sales=bool(one.asked_by), may_be_mailed=False)
                for one in facts.carried
            ],
        ),
        PickGroup(
            _("What we decided about your ideas"),
            [pick(one, answer_in_words(one)[0], from_sales=True) for one in facts.answers],
        ),
    ]
    return [group for group in groups if group.picks]


def _effort(task: Done) -> str:
    parts = [task.key]
    if task.points is not None:
        parts.append(ngettext("%(n)d point", "%(n)d points", task.points) % {"n": task.points})
    if task.unplanned:
        parts.append(_("unplanned"))
    return ", ".join(parts)
