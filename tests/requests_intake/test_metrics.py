from datetime import UTC, date, datetime, timedelta

from backlog import actions as backlog
from requests_intake import actions, metrics
from requests_intake.models import Decision
from tests.factories import make_sprint, make_task

SINCE, UNTIL = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def test_answers_in_time_count_late_ones_and_those_that_never_came(northwind, ask, thursday):
    in_time, late, silent = (ask(northwind.sam) for _ in range(3))
    actions.accept_request(in_time, by=northwind.mia, words="Yes.", version=1)
    thursday.shift(timedelta(days=6))
    actions.accept_request(late, by=northwind.mia, words="Yes.", version=1)
    found = metrics.answered_in_time(northwind.workspace, SINCE, UNTIL)
    assert (found.in_time, found.total, found.percent) == (1, 3, 33)
    assert silent.answer_due_at < UNTIL


def test_what_is_not_due_yet_is_not_counted(northwind, ask):
    ask(northwind.sam)
    found = metrics.answered_in_time(northwind.workspace, SINCE, datetime(2026, 12, 11, tzinfo=UTC))
    assert (found.in_time, found.total, found.percent) == (0, 0, None)


def test_another_workspace_is_not_counted(northwind, fjord, ask):
    actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    assert metrics.answered_in_time(fjord.workspace, SINCE, UNTIL).total == 0


def test_room_counts_what_is_pulled_and_what_is_promised(northwind, sprint, ask):
    make_task(northwind.workspace, points=5, sprint=sprint)
    promised = make_task(northwind.workspace, points=3)
    backlog.promise_task(promised, by=northwind.mia, sprint=sprint)
    backlog.set_capacity(sprint, by=northwind.mia, member=northwind.mia, points=8)
    backlog.set_capacity(sprint, by=northwind.mia, member=northwind.lena, points=4)
    [room] = metrics.room_in_sprints(northwind.workspace)
    assert (room.sprint, room.taken, room.capacity, room.is_full) == (sprint, 8, 12, False)


def test_room_falls_back_to_what_the_team_did_lately(northwind, thursday):
    past = make_sprint(northwind.workspace, 12, state="closed")
    make_task(northwind.workspace, points=9, sprint=past, column=northwind.column("done"))
    make_sprint(northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30))
    [room] = metrics.room_in_sprints(northwind.workspace)
    assert room.capacity == 9


def test_the_running_sprint_comes_before_the_next_three(northwind, thursday):
    for number in range(13, 19):
        make_sprint(
            northwind.workspace,
            number,
            starts_on=date(2026, 12, 3) + timedelta(days=14 * (number - 13)),
            ends_on=date(2026, 12, 16) + timedelta(days=14 * (number - 13)),
            state="active" if number == 13 else "planned",
        )
    rooms = metrics.room_in_sprints(northwind.workspace)
    assert [room.sprint.number for room in rooms] == [13, 14, 15, 16]


def test_decisions_of_a_period_leave_out_the_undone(northwind, fjord, ask):
    undone = actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Y", version=1)
    actions.undo_decision(undone, by=northwind.mia)
    kept = actions.decline_request(
        ask(northwind.chiara), by=northwind.mia, words="N", version=1, reason="not_now"
    )
    standing = Decision.objects.standing()
    assert list(standing.between(northwind.workspace, SINCE, UNTIL)) == [kept]
    assert not standing.between(fjord.workspace, SINCE, UNTIL).exists()
    assert not standing.between(northwind.workspace, SINCE, kept.decided_at).exists()
