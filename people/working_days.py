"""Working days of a workspace: pure functions of an instant and a working day.

They are Monday to Friday in the workspace's zone. What comes in after hours counts from the next
working morning; it is due some working days later, as that day ends. Every due time is one instant
(docs/requests.md, docs/board.md).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SATURDAY = 5


def due(came_at: datetime, *, zone: ZoneInfo, days: int, ends: time) -> datetime:
    """Return the instant, in UTC, when so many working days are over for what came in then."""
    local = came_at.astimezone(zone)
    day = local.date()
    # early in the morning the next working morning is this one: only evenings and days off wait
    if not is_working_day(day) or local.time() >= ends:
        day = next_working_day(day)
    for _day in range(days):
        day = next_working_day(day)
    return instant(day, ends, zone)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall-clock time, in UTC.

    A time that comes twice means the first; one that the clocks leave out means the next minute
    that exists.
    """
    wall = datetime.combine(day, at)
    while not _exists(wall, zone):
        wall += timedelta(minutes=1)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    there_and_back = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None, fold=0) == wall


def is_working_day(day: date) -> bool:
    """Tell whether people work on this day: Monday to Friday."""
    return day.weekday() < SATURDAY


def next_working_day(day: date) -> date:
    """Return the first working day after this one."""
    day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
