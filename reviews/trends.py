"""How the sprints compare: the few numbers of each review, as lines to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

#: The drawing is 100 wide and 36 high; zero lies on the floor, the highest value under the ceiling.
LEFT, RIGHT, FLOOR, CEILING = 4.0, 96.0, 34.0, 5.4


@dataclass(frozen=True)
class SprintNumbers:
    """What one review counts, small enough to compare many."""

    number: int
    committed: int
    kept: int
    done: int
    answered: int
    answered_in_time: int
    delivered: int

    @property
    def kept_percent(self) -> int | None:
        """Committed points that were done, in per cent; None when nothing was committed."""
        return round(100 * self.kept / self.committed) if self.committed else None

    @property
    def in_time_percent(self) -> int | None:
        """Answers that came in time, in per cent; None when nothing was answered."""
        return round(100 * self.answered_in_time / self.answered) if self.answered else None


@dataclass(frozen=True)
class Trend:
    """One number over the last sprints: what it says, and how it is drawn."""

    label: str
    latest: str
    note: str
    description: str
    points: str
    last_x: float
    last_y: float


def trends(numbers: Sequence[SprintNumbers]) -> list[Trend]:
    """Return the lines above the archive, from the oldest sprint to the latest.

    A sprint without a value is left out of its line; a line needs two sprints.
    """
    drawn = [
        _trend(_("Commitment kept"), numbers, lambda one: one.kept_percent, unit=" %", top=100),
        _trend(
            _("Requests answered in time"),
            numbers,
            lambda one: one.in_time_percent,
            unit=" %",
            top=100,
        ),
        _trend(_("Velocity"), numbers, lambda one: one.done),
        _trend(
            _("Requests delivered"),
            numbers,
            lambda one: one.delivered,
            note=_("%(n)d in %(sprints)d sprints")
            % {"n": sum(one.delivered for one in numbers), "sprints": len(numbers)},
        ),
    ]
    return [trend for trend in drawn if trend is not None]


def _trend(
    label: str,
    numbers: Sequence[SprintNumbers],
    value_of: Callable[[SprintNumbers], int | None],
    *,
    unit: str = "",
    top: int = 0,
    note: str = "",
) -> Trend | None:
    known = [(one.number, value) for one in numbers if (value := value_of(one)) is not None]
    if len(known) < 2:
        return None
    values = [value for _number, value in known]
    spots = _spots(values, top)
    last_three = values[-3:]
    average = round(sum(last_three) / len(last_three))
    said = ", ".join(f"{value}{unit}" for value in values)
    return Trend(
        label=label,
        latest=f"{values[-1]}{unit}",
        note=note
        or _("average of the last %(n)d: %(average)s")
        % {"n": len(last_three), "average": f"{average}{unit}"},
        description=_("Sprints %(first)d to %(last)d: %(values)s")
        % {"first": known[0][0], "last": known[-1][0], "values": said},
        points=" ".join(f"{x},{y}" for x, y in spots),
        last_x=spots[-1][0],
        last_y=spots[-1][1],
    )


def _spots(values: Sequence[int], top: int) -> list[tuple[float, float]]:
    """Place values from left to right, the axis beginning at zero."""
    highest = max(top, *values) or 1
    step = (RIGHT - LEFT) / (len(values) - 1)
    return [
        (round(LEFT + step * n, 1), round(FLOOR - (FLOOR - CEILING) * value / highest, 1))
        for n, value in enumerate(values)
    ]
