"""F18: clocks that change, step and skip days: each edge of a sprint and each due time once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from activity import clock
from backlog.models import Sprint
from people.models import Workspace
from requests_intake import answer_clock
from reviews import actions as reviews
from reviews.models import Review
from tests.arranging import arranging
from tests.factories import make_sprint

# alone: Django lets nobody ask the database in a process where Playwright has its loop
pytestmark = [pytest.mark.faults, pytest.mark.faults_quick, pytest.mark.alone]

# zone, last day, and the instant when that day is over there
ENDS = [
    ("Europe/Berlin", "2027-03-27", "2027-03-27T23:00Z"),  # the night before the change
    ("Europe/Berlin", "2027-03-28", "2027-03-28T22:00Z"),  # a day of 23 hours
    ("Europe/Berlin", "2027-10-31", "2027-10-31T23:00Z"),  # a day of 25 hours
    ("Australia/Lord_Howe", "2026-10-04", "2026-10-04T13:00Z"),  # half an hour
    ("Australia/Lord_Howe", "2027-04-04", "2027-04-04T13:30Z"),
    ("Asia/Beirut", "2027-03-27", "2027-03-27T22:00Z"),  # midnight is left out: 00:00 is 01:00
    ("Atlantic/Azores", "2027-03-27", "2027-03-28T01:00Z"),  # the same
    ("Atlantic/Azores", "2027-10-30", "2027-10-31T00:00Z"),  # midnight comes twice: the first
    ("Atlantic/Azores", "2027-10-31", "2027-11-01T01:00Z"),
    ("America/Santiago", "2027-09-04", "2027-09-05T04:00Z"),
    ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00Z"),  # the 30th does not exist there
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"),
    ("Pacific/Apia", "2011-12-31", "2011-12-31T10:00Z"),
    ("Europe/Stockholm", "2028-02-28", "2028-02-28T23:00Z"),  # a leap year
    ("Europe/Stockholm", "2028-02-29", "2028-02-29T23:00Z"),
    ("Pacific/Kiritimati", "2026-12-31", "2026-12-31T10:00Z"),  # the first to reach a day
    ("Etc/GMT+12", "2026-12-31", "2027-01-01T12:00Z"),  # the last
    ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00Z"),  # midnight was left out
]

# zone, submission as the wall clock showed it, and the instant of the answer two working days later
ANSWERS = [
    ("Europe/Berlin", "2027-03-26T12:00", time(17), "2027-03-30T15:00Z"),  # over the change
    ("Europe/Berlin", "2027-10-29T12:00", time(17), "2027-11-02T16:00Z"),
    ("Europe/Berlin", "2027-03-28T03:30", time(17), "2027-03-31T15:00Z"),  # on the Sunday itself
    ("Australia/Lord_Howe", "2026-10-01T12:00", time(17), "2026-10-05T06:00Z"),
    ("Pacific/Apia", "2011-12-28T12:00", time(17), "2011-12-30T10:00Z"),  # on the lost Friday
    ("Europe/Stockholm", "2028-02-25T12:00", time(17), "2028-02-29T16:00Z"),
    ("Asia/Riyadh", "2026-12-10T12:00", time(23, 59), "2026-12-14T20:59Z"),
]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(("zone", "last_day", "over"), ENDS)
def test_f18_a_sprint_ends_when_its_last_day_is_over_in_its_zone(zone, last_day, over):
    workspace = Workspace(slug="w", time_zone=zone)
    sprint = Sprint(workspace=workspace, ends_on=date.fromisoformat(last_day))
    assert sprint.ends_at.astimezone(UTC) == instant(over)


@pytest.mark.parametrize(("zone", "asked", "ends", "due"), ANSWERS)
def test_f18_an_answer_is_due_when_the_wall_clock_says(zone, asked, ends, due):
    zone = ZoneInfo(zone)
    submitted = datetime.fromisoformat(asked).replace(tzinfo=zone)
    assert answer_clock.due(submitted, zone=zone, days=2, ends=ends) == instant(due)


def test_f18_the_control_fourteen_days_of_24_hours_would_end_at_another_time():
    began = datetime(2027, 3, 18, tzinfo=ZoneInfo("Europe/Berlin"))
    naive = (began.astimezone(UTC) + timedelta(hours=24 * 14)).astimezone(began.tzinfo)
    assert naive.time() == time(1), "then there is nothing to get wrong"


STEPS = [
    ("Europe/Berlin", "2027-03-28"),
    ("Europe/Berlin", "2027-10-31"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Atlantic/Azores", "2027-10-30"),
    ("Europe/Stockholm", "2028-02-29"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "last_day"), STEPS)
def test_f18_a_sprint_ends_once_however_the_clock_steps(
    northwind, monkeypatch, figures, zone, last_day
):
    """The sweep looks a second too early, on time, an hour back, an hour on, and once more."""
    line = figures("F18", f"a sprint that ends on {last_day} in {zone}")
    ends_on = date.fromisoformat(last_day)
    with arranging():
        northwind.workspace.time_zone = zone
        northwind.workspace.save()
    sprint = make_sprint(
        northwind.workspace, 1, starts_on=ends_on - timedelta(days=13), ends_on=ends_on,
        state="active", started_at=instant(f"{last_day}T00:00Z") - timedelta(days=13),
    )  # fmt: skip
    sprint.workspace = Workspace.objects.get(pk=northwind.workspace.pk)
    over = sprint.ends_at.astimezone(UTC)

    def look_at(moment: datetime) -> int:
        monkeypatch.setattr(clock, "system_now", lambda: moment)
        reviews.sweep()
        return Review.objects.count()

    hour = timedelta(hours=1)
    assert look_at(over - timedelta(seconds=1)) == 0
    moments = [over, over - hour, over, over + hour, over - hour, over + 2 * hour]
    assert [look_at(moment) for moment in moments] == [1] * len(moments)
    sprint.refresh_from_db()
    assert sprint.closed_at == over
    line.tried, line.seconds = 1 + len(moments), 0
    line.remarks = f"closed once, at {over:%d %B %Y %H:%M} UTC"
