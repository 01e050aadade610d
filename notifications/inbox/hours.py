"""When a mail may leave: pure functions of an instant, a person's zone and his quiet hours.

Wall-clock times become instants as everywhere (people/working_days.py): one that the clocks leave
out means the next minute that exists, one that comes twice means the first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from people.working_days import instant, is_working_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from notifications.models import Preference

DAY = timedelta(days=1)
# An evening, a Saturday, a Sunday and a morning are four steps
MOST_STEPS = 10


def awake(at: datetime, zone: ZoneInfo, hours: Preference) -> datetime:
    """Return the first instant from this one on that is not quiet for the person."""
    for _step in range(MOST_STEPS):
        until = _quiet_until(at.astimezone(zone), zone, hours)
        if until is None or until <= at:  # the hour that comes twice is quiet once
            break
        at = until
    return at.astimezone(UTC)


def next_daily(at: datetime, zone: ZoneInfo, hours: Preference) -> datetime:
    """Return when the next daily mail after this instant leaves."""
    day = at.astimezone(zone).date()
    while _is_off(day, hours) or instant(day, hours.daily_at, zone) <= at:
        day += DAY
    return awake(instant(day, hours.daily_at, zone), zone, hours)


def _quiet_until(local: datetime, zone: ZoneInfo, hours: Preference) -> datetime | None:
    if _is_off(local.date(), hours):
        return instant(local.date() + DAY, time(0), zone)
    now, begins, ends = local.time(), hours.quiet_from, hours.quiet_until
    if begins <= ends:
        return instant(local.date(), ends, zone) if begins <= now < ends else None
    if now >= begins:
        return instant(local.date() + DAY, ends, zone)
    return instant(local.date(), ends, zone) if now < ends else None


def _is_off(day: date, hours: Preference) -> bool:
    return hours.quiet_weekends and not is_working_day(day)
