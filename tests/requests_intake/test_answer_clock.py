from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from requests_intake import answer_clock

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def due(local: str, *, zone: ZoneInfo = STOCKHOLM, days: int = 2, ends: time = time(17)) -> str:
    """Return when an answer is due for a local time of submission, as a local time."""
    submitted_at = datetime.fromisoformat(local).replace(tzinfo=zone)
    answer = answer_clock.due(submitted_at, zone=zone, days=days, ends=ends)
    assert answer.tzinfo is UTC
    return f"{answer.astimezone(zone):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        ("2026-12-10 14:32", "Mon 2026-12-14 17:00"),  # Thursday: Friday and Monday count
        ("2026-12-08 16:05", "Thu 2026-12-10 17:00"),
        ("2026-12-08 16:59:59", "Thu 2026-12-10 17:00"),
        ("2026-12-08 17:00", "Fri 2026-12-11 17:00"),  # the day is over: Wednesday is the first
        ("2026-12-08 23:30", "Fri 2026-12-11 17:00"),
        ("2026-12-09 03:00", "Fri 2026-12-11 17:00"),  # before the doors open: that morning
        ("2026-12-11 18:00", "Wed 2026-12-16 17:00"),  # Friday evening counts as Monday
        ("2026-12-12 12:00", "Wed 2026-12-16 17:00"),
        ("2026-12-13 23:59", "Wed 2026-12-16 17:00"),
        ("2026-12-14 00:00", "Wed 2026-12-16 17:00"),
    ],
)
def test_an_answer_is_due_two_working_days_later_at_the_end_of_the_day(submitted, expected):
    assert due(submitted) == expected


def test_the_number_of_days_is_the_workspaces():
    assert due("2026-12-10 14:32", days=1) == "Fri 2026-12-11 17:00"
    assert due("2026-12-10 14:32", days=10) == "Thu 2026-12-24 17:00"


def test_the_day_ends_when_the_workspace_says():
    assert due("2026-12-08 15:30", ends=time(15, 30)) == "Fri 2026-12-11 15:30"


def test_a_rep_elsewhere_gets_the_same_instant():
    chicago = datetime(2026, 12, 10, 7, 32, tzinfo=ZoneInfo("America/Chicago"))
    answer = answer_clock.due(chicago, zone=STOCKHOLM, days=2, ends=time(17))
    assert answer == datetime(2026, 12, 14, 16, 0, tzinfo=UTC)


def test_a_tokyo_morning_is_still_the_evening_before_in_stockholm():
    tokyo = datetime(2026, 12, 11, 1, 30, tzinfo=ZoneInfo("Asia/Tokyo"))  # Thursday 17:30
    answer = answer_clock.due(tokyo, zone=STOCKHOLM, days=2, ends=time(17))
    assert answer.astimezone(STOCKHOLM).isoformat() == "2026-12-15T17:00:00+01:00"


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        # the clocks go forward on Sunday 28 March 2027, back on Sunday 25 October 2026
        ("2027-03-26 12:00", datetime(2027, 3, 30, 15, 0, tzinfo=UTC)),
        ("2026-10-22 12:00", datetime(2026, 10, 26, 16, 0, tzinfo=UTC)),
    ],
)
def test_the_wall_clock_rules_over_a_change_of_the_clocks(submitted, expected):
    submitted_at = datetime.fromisoformat(submitted).replace(tzinfo=STOCKHOLM)
    assert answer_clock.due(submitted_at, zone=STOCKHOLM, days=2, ends=time(17)) == expected


def test_a_submission_in_the_hour_that_comes_twice_counts_as_its_day():
    for fold in (0, 1):
        at = datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=STOCKHOLM)
        answer = answer_clock.due(at, zone=STOCKHOLM, days=2, ends=time(17))
        assert answer == datetime(2026, 10, 28, 16, 0, tzinfo=UTC)


def test_lord_howe_changes_by_half_an_hour():
    before = datetime(2026, 10, 1, 12, 0, tzinfo=LORD_HOWE)  # +10:30, a Thursday
    answer = answer_clock.due(before, zone=LORD_HOWE, days=2, ends=time(17))
    assert answer == datetime(2026, 10, 5, 6, 0, tzinfo=UTC)  # +11:00 since Sunday


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        # the clocks leave these out: the next minute that exists
        ("Europe/Stockholm", "2027-03-28 02:30", "2027-03-28T01:00:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03T15:30:00+00:00"),
        ("Pacific/Apia", "2011-12-30 17:00", "2011-12-30T10:00:00+00:00"),  # no such day
        # these come twice: the first
        ("Europe/Stockholm", "2026-10-25 02:30", "2026-10-25T00:30:00+00:00"),
        ("Australia/Lord_Howe", "2027-04-04 01:45", "2027-04-03T14:45:00+00:00"),
    ],
)
def test_a_wall_clock_time_is_one_instant_even_when_the_clocks_change(zone, wall, expected):
    day, at = datetime.fromisoformat(wall).date(), datetime.fromisoformat(wall).time()
    assert answer_clock.instant(day, at, ZoneInfo(zone)).isoformat() == expected
