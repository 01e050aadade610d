"""When an answer is due: pure functions of an instant and a working day.

Working days are Monday to Friday in the workspace's zone. What comes in after hours counts from the
next working morning; the answer is due some working days later, as that day ends. Every due time is
one instant (docs/requests.md).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SATURDAY = 5


def due(submitted_at: datetime, *, zone: ZoneInfo, days: int, ends: time) -> datetime:
    """Return the instant, in UTC, by which a request that came in then is answered."""
    local = submitted_at.astimezone(zone)
    day = local.date()
    # early in the morning the next working morning is this one: only evenings and days off wait
    if not _is_working_day(day) or local.time() >= ends:
        day = _next_working_day(day)
    for _day in range(days):
        day = _next_working_day(day)
    return instant(day, ends, zone)


def moved_on(
    due_at: datetime, *, since: datetime, until: datetime, zone: ZoneInfo, ends: time
) -> datetime:
    """Return a due time moved on by the working time between two instants, in whole days.

    Each end of a working day that passed moves it on by one working day; its time of day stays. So
    a question that is answered on the same day moves nothing, and a pause never brings it forward.
    """
    passed = _working_days_ended(since, until, zone, ends)
    local = due_at.astimezone(zone)
    day = local.date()
    for _day in range(passed):
        day = _next_working_day(day)
    return instant(day, local.time(), zone) if passed else due_at


def _working_days_ended(since: datetime, until: datetime, zone: ZoneInfo, ends: time) -> int:
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    ended = 0
    while day <= last:
        if _is_working_day(day) and since < instant(day, ends, zone) <= until:
            ended += 1
        day += timedelta(days=1)
    return ended


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


def _is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while not _is_working_day(day):
        day += timedelta(days=1)
    return day
