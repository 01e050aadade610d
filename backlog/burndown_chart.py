"""The burndown as a drawing: where its lines and words lie, in the units of its view box."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from .burndown import Burndown, share_of_day

WIDTH, HEIGHT = 640, 270
LEFT, RIGHT, TOP, BOTTOM = 32, 22, 18, 28
MOST_DATES = 16
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500)


class Point(NamedTuple):
    """A place, written as SVG wants it in every language."""

    x: str
    y: str


class Band(NamedTuple):
    """A day off: where it begins and how wide it is."""

    x: str
    width: str


class Tick(NamedTuple):
    """A word at an axis."""

    at: Point
    value: int | date
    is_today: bool = False


def _at(x: float, y: float) -> Point:
    return Point(f"{x:.1f}", f"{y:.1f}")


def _line(points: Iterable[Point]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


@dataclass(frozen=True)
class Chart:
    """One burndown: a slot for each day, zero at the bottom."""

    burndown: Burndown

    view_box = f"0 0 {WIDTH} {HEIGHT}"
    left_edge, right_edge = str(LEFT), str(WIDTH - RIGHT)
    top_edge, base = str(TOP), str(HEIGHT - BOTTOM)
    plot_height = str(HEIGHT - BOTTOM - TOP)

    @cached_property
    def step(self) -> int:
        """The points from one line of the grid to the next: at most six lines."""
        highest = max(
            self.burndown.left_at_start,
            self.burndown.start[0],
            *(day.scope or 0 for day in self.burndown.days),
            1,
        )
        return next((step for step in STEPS if highest <= 5 * step), -(-highest // 5))

    @property
    def highest(self) -> int:
        """The points at the top."""
        return 5 * self.step

    def _x(self, days: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * days / len(self.burndown.days)

    def _y(self, points: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - points / self.highest)

    @property
    def grid(self) -> list[Tick]:
        """The lines of the grid, with the points that they stand for."""
        return [Tick(_at(LEFT, self._y(n * self.step)), n * self.step) for n in range(6)]

    @property
    def days_off(self) -> list[Band]:
        """The weekends."""
        width = f"{self._x(1) - self._x(0):.1f}"
        return [
            Band(f"{self._x(place):.1f}", width)
            for place, day in enumerate(self.burndown.days)
            if day.is_off
        ]

    @property
    def dates(self) -> list[Tick]:
        """The days below, not more than there is room for."""
        days = self.burndown.days
        every = -(-len(days) // MOST_DATES)
        return [
            Tick(_at(self._x(place + 0.5), HEIGHT - 8), day.on, day.on == self.burndown.until_day)
            for place, day in enumerate(days)
            if place % every == 0
        ]

    @property
    def plan(self) -> str:
        """An even pace over the working days."""
        found = [_at(self._x(0), self._y(self.burndown.left_at_start))]
        for place, day in enumerate(self.burndown.days, 1):
            if day.plan is not None:
                found.append(_at(self._x(place), self._y(day.plan)))
        return _line(found)

    @cached_property
    def _end(self) -> float:
        """Where the line ends: at the hour of its last day, or at the end of the last day."""
        burndown = self.burndown
        share = share_of_day(burndown.until, burndown.sprint.workspace)
        whole = len(burndown.past) - 1
        is_that_day = burndown.past[-1].on == burndown.until_day
        return whole + (share if is_that_day else 1)

    def _through(self, start: int, values: Iterable[int | None]) -> list[Point]:
        found = [_at(self._x(0), self._y(start))]
        known = [value for value in values if value is not None]
        for place, value in enumerate(known, 1):
            found.append(_at(self._x(min(place, self._end)), self._y(value)))
        return found

    @property
    def actual(self) -> str:
        """What was left at the end of each day."""
        days = self.burndown.days
        return _line(self._through(self.burndown.left_at_start, (day.left for day in days)))

    @property
    def scope(self) -> str:
        """What was in the sprint; nothing where that never changed."""
        if not self.burndown.scope_changed:
            return ""
        days = self.burndown.days
        return _line(self._through(self.burndown.start[0], (day.scope for day in days)))

    @property
    def last(self) -> Point:
        """The end of the line."""
        return _at(self._x(self._end), self._y(self.burndown.left))

    @property
    def is_early(self) -> bool:
        """Tell whether there is more room for a word behind the end of the line than before."""
        return self._end < len(self.burndown.days) * 0.8

    @property
    def last_word(self) -> Point:
        """Where the number of the last point stands."""
        x = self._x(self._end) + (9 if self.is_early else -9)
        return _at(x, max(self._y(self.burndown.left) - 7, TOP))

    @property
    def scope_word(self) -> Point:
        """Where the word for the scope stands."""
        return _at(self._x(self._end), max(self._y(self.burndown.scope) - 7, 11))

    @property
    def plan_word(self) -> Point:
        """Where the word for the plan stands: above the line's last third."""
        place = len(self.burndown.days) * 2 // 3
        return _at(self._x(place) + 6, self._y(self.burndown.days[place - 1].plan or 0) - 6)
