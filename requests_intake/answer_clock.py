"""When an answer is due: pure functions of an instant and a working day.

An answer is due as people/working_days.py counts; a question to the rep stops the clock
(docs/requests.md).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from people.working_days import due, instant, is_working_day, next_working_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["due", "instant", "moved_on"]


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
        day = next_working_day(day)
    return instant(day, local.time(), zone) if passed else due_at


def _working_days_ended(since: datetime, until: datetime, zone: ZoneInfo, ends: time) -> int:
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    ended = 0
    while day <= last:
        if is_working_day(day) and since < instant(day, ends, zone) <= until:
            ended += 1
        day += timedelta(days=1)
    return ended
