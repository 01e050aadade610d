"""F30: one row that breaks what handles it, and a worker older than what it is asked to do."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.program import Program
from tests.system.stack import wait_for

pytestmark = pytest.mark.faults

DELIVER = "notifications.jobs.deliver"
PAUSES = (60, 300, 900, 3600)  # before the second, third, fourth and fifth try
LATE = 1.3  # they are spread by a fifth


def ring(program: Program, ids: list[int]) -> None:
    for pk in ids:
        program.ring(DELIVER, pk)


def attempts(program: Program, pk: int) -> int:
    [(count,)] = program.sql(
        "SELECT attempts FROM notifications_outboxitem WHERE id = %s AND state <> 'sending'", pk
    ) or [(0,)]
    return int(count)


@pytest.mark.faults_quick
def test_f30_a_poisoned_row_holds_up_nobody(program: Program, figures):
    line = figures("F30", "99 mails and one that cannot be written")
    [poison] = program.mails(1, payload={"review": 0})
    others = program.mails(99)
    ring(program, [poison, *others])
    program.start("worker")
    states = program.wait_until_final(others, 90)
    assert states == {"sent": 99}
    later = 0.0
    for number, pause in enumerate(PAUSES, start=1):
        wait_for(f"try {number}", lambda number=number: attempts(program, poison) == number, 30)
        later += pause * LATE
        program.set_clock(later)
        ring(program, [poison])
    assert program.wait_until_final([poison], 30) == {"failed": 1}
    line.stop()
    [(reason, tries)] = program.sql(
        "SELECT last_error, attempts FROM notifications_outboxitem WHERE id = %s", poison
    )
    assert (tries, "DoesNotExist" in reason) == (5, True)
    assert Counter(program.received(others).values()) == {1: 99}
    assert "WorkerLost" not in program.log()
    assert program.stack.processes["worker"].poll() is None
    line.tried = 100
    line.remarks = f"99 sent, once; one failed after {tries} tries: “{reason}”; 0 crashes"


@pytest.mark.faults_quick
def test_f30_an_old_worker_leaves_new_work_to_a_newer_one(program: Program, figures):
    line = figures("F30", "a worker that knows neither the kind of mail nor the job")
    new, others = program.mails(1, kind="newer.kind"), program.mails(9)
    program.ring("notifications.jobs.not_written_yet", 7)
    ring(program, [*new, *others])
    program.start("worker")
    assert program.wait_until_final(others, 60) == {"sent": 9}
    wait_for("the warning", lambda: "unknown kind" in program.log(), 30)
    wait_for("the row to wait again", lambda: program.states(new)["queued"] == 1, 30)
    assert attempts(program, new[0]) == 0
    assert program.stack.processes["worker"].poll() is None
    program.stop("worker")

    program.start("worker", seams=("knows_a_newer_kind",))
    program.set_clock(180)
    ring(program, new)
    assert program.wait_until_final(new, 30) == {"sent": 1}
    line.stop()
    assert Counter(program.received([*new, *others]).values()) == {1: 10}
    line.tried = 10
    line.remarks = "The rest went on; the new kind waited and left with the newer worker"
