"""The archive of reviews: a page of them, their trend, and the sprint that runs now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backlog.metrics import Days, Progress, sprint_days, sprint_progress
from backlog.models import Sprint
from people.models import Membership

from .facts import Facts, Points
from .models import Review
from .reading import ArchiveRow, archive, read_shares
from .showing import first_sentence
from .trends import SprintNumbers, Trend, trends

PAGE = 12
IN_TREND = 6


@dataclass(frozen=True)
class Entry:
    """One review in the list."""

    review: Review
    facts: Facts
    numbers: SprintNumbers
    line: str
    read_by: int
    readers: int

    @property
    def points(self) -> Points:
        """Its sprint in points."""
        return self.facts.points

    @property
    def is_over(self) -> bool:
        """Tell whether more came in than the allowance."""
        return self.points.unplanned > self.points.allowance


@dataclass(frozen=True)
class Listing:
    """What the archive shows one member."""

    entries: list[Entry]
    numbers: list[SprintNumbers]
    trends: list[Trend]
    running: Sprint | None
    progress: Progress | None
    days: Days | None
    older: int | None
    is_first_page: bool


def listing(member: Membership, before: int | None = None) -> Listing:
    """Return a page of the archive in at most four queries.

    The trend and the running sprint stand on the first page only.
    """
    rows = archive(member, before=before, limit=PAGE + 1)
    shown = rows[:PAGE]
    shares = read_shares(row.review for row in shown)
    running = _running(member) if before is None else None
    compared = _compared(shown) if before is None else []
    return Listing(
        entries=[_entry(row, shares.get(row.review.pk, (0, 0))) for row in shown],
        numbers=compared,
        trends=trends(compared),
        running=running,
        progress=sprint_progress(running) if running else None,
        days=sprint_days(running, running.workspace.today()) if running else None,
        older=shown[-1].facts.number if len(rows) > PAGE else None,
        is_first_page=before is None,
    )


def _running(member: Membership) -> Sprint | None:
    sprint = Sprint.objects.visible_to(member).active().first()
    if sprint is not None:
        sprint.workspace = member.workspace
    return sprint


def _compared(rows: Sequence[ArchiveRow]) -> list[SprintNumbers]:
    """Return the numbers of the last published sprints, the oldest first: drafts may change."""
    published = [row for row in rows if row.review.is_published][:IN_TREND]
    return [_numbers(row.facts) for row in reversed(published)]


def _numbers(facts: Facts) -> SprintNumbers:
    return SprintNumbers(
        number=facts.number,
        committed=facts.points.committed,
        kept=facts.points.done_of_committed,
        done=facts.points.done,
        answered=facts.answered.total,
        answered_in_time=facts.answered.in_time,
        delivered=len(facts.asked),
    )


def _entry(row: ArchiveRow, share: tuple[int, int]) -> Entry:
    opening = first_sentence(row.review.lead)[0]
    return Entry(
        review=row.review,
        facts=row.facts,
        numbers=_numbers(row.facts),
        line=opening or _("The words are still being drafted."),
        read_by=share[0],
        readers=share[1],
    )
