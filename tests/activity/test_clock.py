from datetime import UTC, datetime, timedelta, timezone

import pytest

from activity import clock
from activity.changes import SYSTEM, change
from activity.models import Activity

AUTUMN = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_clock_is_the_machines_and_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_nobody_sets_the_clock_outside_a_seed_run():
    with pytest.raises(RuntimeError), clock.at(AUTUMN):
        pass


def test_a_seed_run_tells_its_own_time_and_leaves_none_behind():
    with clock.seed_run():
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
        with clock.at(AUTUMN.astimezone(timezone(timedelta(hours=2)))):
            assert clock.now() == AUTUMN
            assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_hand_stays_where_it_is_between_two_instants():
    with clock.seed_run():
        with clock.at(AUTUMN):
            pass
        assert clock.now() == AUTUMN


def test_time_never_goes_back():
    with clock.seed_run():
        with clock.at(AUTUMN), clock.at(AUTUMN):
            pass
        with pytest.raises(RuntimeError), clock.at(AUTUMN - timedelta(seconds=1)):
            pass
        assert clock.now() == AUTUMN


def test_the_future_cannot_be_told():
    with clock.seed_run(), pytest.raises(RuntimeError), clock.at(datetime.now(UTC) + DAY):
        pass


def test_a_seed_run_ends_even_when_it_fails():
    with pytest.raises(ZeroDivisionError), clock.seed_run(), clock.at(AUTUMN):
        1 / 0  # noqa: B018
    with pytest.raises(RuntimeError), clock.at(AUTUMN):
        pass


def do(world, verb):
    with change(world.workspace, by=SYSTEM) as record:
        record(verb, world.workspace)


def test_a_seeded_story_lies_where_it_was_told(northwind):
    with clock.seed_run():
        for n in range(3):
            with clock.at(AUTUMN + n * DAY):
                do(northwind, "told")
    assert list(Activity.objects.order_by("seq").values_list("at", flat=True)) == [
        AUTUMN,
        AUTUMN + DAY,
        AUTUMN + 2 * DAY,
    ]


def test_a_seed_run_never_writes_to_a_workspace_that_somebody_used(northwind, fjord):
    do(northwind, "lived")
    with clock.seed_run(), clock.at(AUTUMN):
        do(fjord, "told")
        with pytest.raises(RuntimeError):
            do(northwind, "told")
    assert list(Activity.objects.order_by("pk").values_list("verb", flat=True)) == ["lived", "told"]


def test_what_a_seed_run_wrote_in_real_time_it_cannot_back_date(northwind):
    with clock.seed_run():
        do(northwind, "now")
        with clock.at(AUTUMN), pytest.raises(RuntimeError):
            do(northwind, "then")


def test_a_second_seed_run_does_not_continue_the_first(northwind):
    with clock.seed_run(), clock.at(AUTUMN):
        do(northwind, "told")
    with clock.seed_run(), clock.at(AUTUMN + DAY), pytest.raises(RuntimeError):
        do(northwind, "told again")
