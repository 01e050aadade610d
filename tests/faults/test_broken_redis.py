"""F4 to F6: the queue is away, frozen, or has lost its memory. People write on meanwhile."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from tests.faults.figures import Figures, scale
from tests.faults.load import Answer, Load, Session, percentile, signed_in
from tests.faults.program import Program
from tests.system.stack import wait_for

pytestmark = pytest.mark.faults

A_SECOND = 20
DELIVER = "notifications.jobs.deliver"
SLOWER = 0.5  # what a write may take longer without Redis, in seconds


def again(ids: list[int]) -> list[str]:
    """Return where mails are sent again: each post is a change, an outbox row and a ring."""
    return [f"/w/northwind/outbox/{pk}/again/" for pk in ids]


def write(session: Session, ids: list[int]) -> list[Answer]:
    """Send mails again at an even pace; return the answers."""
    return Load(session, again(ids), a_second=A_SECOND).start().finish()


def is_final(program: Program, ids: list[int]) -> bool:
    states = program.states(ids)
    return not states["queued"] + states["sending"]


def settle(program: Program, line: Figures, ids: list[int]) -> None:
    """Wait until every mail has arrived, and fill in how it went."""
    line.stopwatch()
    program.look_now()
    states = program.wait_until_final(ids, 90 + 30)
    assert line.stop() <= 90
    times = Counter(program.received(ids).values())
    line.tried, line.lost, line.uncertain = len(ids), times[0], states["uncertain"]
    line.twice = sum(count for received, count in times.items() if received > 1)
    assert states == {"sent": len(ids)}
    assert times == {1: len(ids)}


def test_f4_people_write_on_while_redis_is_away(program: Program, figures):
    line = figures("F4", f"Redis refuses connections for 20 s, {A_SECOND} writes a second")
    seconds = scale(4, 20)
    usual = program.mails(A_SECOND * 5, state="failed")
    ids = program.mails(A_SECOND * seconds, state="failed")
    program.start("web", "worker", "beat")
    with signed_in(program.stack.port) as session:
        before = write(session, usual)
        program.wait_until_final(usual, 90)
        program.redis.kill()
        without = write(session, ids)
        program.redis.start()
    assert {answer.status for answer in before + without} == {302}
    settle(program, line, ids)
    baseline, p99 = percentile(before, 0.99), percentile(without, 0.99)
    assert p99 <= baseline + SLOWER
    line.remarks = (
        f"0 of {len(ids)} writes failed; p50 {percentile(without, 0.5):.3f} s and p99 {p99:.3f} s, "
        f"with Redis {percentile(before, 0.5):.3f} and {baseline:.3f}. Seconds from its return"
    )


@pytest.mark.alone
@pytest.mark.faults_quick
def test_f5_a_frozen_redis_holds_up_one_write(program: Program, figures):
    line = figures("F5", f"Redis accepts and never answers, {A_SECOND} writes a second")
    seconds = scale(4, 20)
    usual = program.mails(A_SECOND * 2, state="failed")
    ids = program.mails(A_SECOND * seconds, state="failed")
    program.start("web", "worker", "beat")
    with signed_in(program.stack.port) as session:
        before = write(session, usual)
        program.wait_until_final(usual, 90)
        program.redis.signal(signal.SIGSTOP)
        without = write(session, ids)
        program.redis.signal(signal.SIGCONT)
    assert {answer.status for answer in before + without} == {302}
    settle(program, line, ids)
    slow = [answer for answer in without if answer.seconds > 1]
    quick = [answer for answer in without if answer.seconds <= 1]
    assert max(answer.seconds for answer in without) <= 2.5
    assert len(slow) <= 1 + seconds // 10, [(a.began, a.seconds) for a in slow]
    assert percentile(quick, 0.95) <= percentile(before, 0.95) + 0.2
    slowest = max((answer.seconds for answer in slow), default=0)
    line.remarks = (
        f"0 of {len(ids)} writes failed; {len(slow)} waited, {slowest:.1f} s at most; the others "
        f"p50 {percentile(quick, 0.5):.3f} s and p99 {percentile(quick, 0.99):.3f} s, with Redis "
        f"{percentile(before, 0.5):.3f} and {percentile(before, 0.99):.3f}"
    )


def test_f6_redis_forgets_everything(program: Program, figures):
    line = figures("F6", "200 mails queued, Redis killed with its memory and started empty")
    ids = program.mails(200)
    for pk in ids:
        program.ring(DELIVER, pk)
    held = program.redis.length()
    program.redis.kill()
    program.redis.start()
    left = program.redis.length()
    assert (held, left) == (len(ids), 0)
    line.control = without_rows(program, ids)
    program.start("worker", "beat")
    settle(program, line, ids)
    line.remarks = f"{held} messages before, {left} after; beat's sweep rang again for each"


def without_rows(program: Program, ids: list[int]) -> str:
    """Start a worker alone, which has nothing but the queue."""
    program.start("worker")
    wait_for("the worker to be ready", lambda: "celery@" in program.log(), 60)
    time.sleep(5)
    sent = program.states(ids)["sent"]
    assert sent == 0
    program.stop("worker")
    return f"the queue alone: {len(ids) - sent} of {len(ids)} never sent"
