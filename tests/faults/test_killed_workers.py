"""F1 to F3: workers that die in the middle of their work."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections import Counter

import pytest

from tests.faults.figures import scale
from tests.faults.program import Program
from tests.system.stack import wait_for

pytestmark = pytest.mark.faults

PLACES = ("before claim", "after claim", "after send", "before commit")
DRAFTING = ("before claim", "before commit", "after commit")
LEASE_SECONDS = 300
DELIVER = "notifications.jobs.deliver"
DRAFT = "reviews.jobs.draft"


def plan(program: Program, places: tuple[str, ...], rounds: int) -> dict[int, str]:
    """Queue mails and decide where the process that takes each is killed; return that by id."""
    ids = program.mails(rounds * len(places))
    where = {pk: places[n % len(places)] for n, pk in enumerate(ids)}
    for pk, place in where.items():
        program.pauses.plan(place, pk)
        program.ring(DELIVER, pk)
    return where


def lost_when_acknowledged_early(program: Program, rounds: int) -> int:
    """Kill jobs that the queue has already forgotten; return how many never ran."""
    where = plan(program, ("before claim",), rounds)
    program.start("worker", seams=("stops_in_delivery", "acknowledges_early"))
    program.pauses.kill_all_who_come(rounds, 90)
    program.wait_until_idle()
    time.sleep(2)
    program.stop("worker")
    lost = program.states(list(where))["queued"]
    program.wait_until_idle(1)
    return lost


def doubled_without_a_claim(program: Program, rounds: int) -> int:
    """Kill a deliverer that only writes down afterwards what it sent; count doubles."""
    where = plan(program, ("after send",), rounds)
    program.start("worker", seams=("sends_without_claim",))
    program.pauses.kill_all_who_come(rounds, 90)
    program.wait_until_final(list(where), 60)
    program.stop("worker")
    return sum(times > 1 for times in program.received(list(where)).values())


@pytest.mark.faults_quick
def test_f1_a_killed_job_loses_no_mail_and_doubles_none(program: Program, figures):
    line = figures("F1", "kill -9 of the process that delivers, at four places")
    rounds = scale(2, 20)
    lost = lost_when_acknowledged_early(program, rounds)
    doubled = doubled_without_a_claim(program, rounds)
    assert (lost, doubled) == (rounds, rounds)
    line.control = (
        f"acknowledged early: {lost} of {rounds} never ran; "
        f"sent without a claim: {doubled} of {rounds} came twice"
    )
    program.sql("UPDATE notifications_outboxitem SET state = 'cancelled' WHERE state = 'queued'")

    where = plan(program, PLACES, rounds)
    program.start("worker", "beat", seams=("stops_in_delivery",))
    program.pauses.kill_all_who_come(len(where), 180)
    line.stopwatch()
    wait_for(
        "what was not claimed to be sent", lambda: not program.states(list(where))["queued"], 90
    )
    program.set_clock(LEASE_SECONDS + 1)
    program.look_now()
    states = program.wait_until_final(list(where), 60 + 30)
    assert line.stop() <= 60 + 30

    times = program.received(list(where))
    assert Counter((where[pk], received) for pk, received in times.items()) == {
        ("before claim", 1): rounds,
        ("after claim", 0): rounds,
        ("after send", 1): rounds,
        ("before commit", 1): rounds,
    }
    assert states == {"sent": rounds, "uncertain": 3 * rounds}
    line.tried, line.uncertain = len(where), states["uncertain"]
    line.remarks = (
        f"{rounds} kills at each place. Before the claim: sent, once. After the claim: not sent, "
        "and uncertain. After sending or before the commit: sent once, and uncertain. "
        f"Not in the seconds: the claim's {LEASE_SECONDS}, which the test's clock skips"
    )


@pytest.mark.faults_quick
def test_f1_a_killed_job_drafts_one_review_each(program: Program, figures):
    line = figures("F1", "kill -9 of the process that drafts a review, at three places")
    reviews = program.ground["undrafted"][: scale(3, 20)]
    for n, pk in enumerate(reviews):
        program.pauses.plan(DRAFTING[n % len(DRAFTING)], pk)
        program.ring(DRAFT, pk)
    program.start("worker", "beat", seams=("stops_in_drafting",))
    program.pauses.kill_all_who_come(len(reviews), 180)
    line.stopwatch()
    wait_for("every review to be drafted", lambda: not undrafted(program, reviews), 90)
    program.wait_until_idle()
    assert line.stop() <= 60 + 30
    drafts = program.sql(
        "SELECT subject_id, count(*) FROM activity_activity"
        " WHERE verb = 'review_drafted' AND subject_id = ANY(%s) GROUP BY 1",
        reviews,
    )
    assert dict(drafts) == dict.fromkeys(reviews, 1)
    line.tried = len(reviews)
    line.remarks = "Drafts written for each review, and entries in the log about it: one"


def undrafted(program: Program, reviews: list[int]) -> int:
    """Return how many of these reviews have no words yet."""
    [(count,)] = program.sql(
        "SELECT count(*) FROM reviews_review WHERE drafted_at IS NULL AND id = ANY(%s)", reviews
    )
    return int(count)


def test_f2_a_killed_worker_holds_nothing_back(program: Program, figures):
    line = figures("F2", "kill -9 of the whole worker, two jobs running and twenty waiting")
    line.control = without_the_sweep(program)

    ids = program.mails(22)
    program.pauses.plan("before claim", ids[0])
    program.pauses.plan("after claim", ids[1])
    kill_with_two_running(program, ids)
    line.stopwatch()
    program.start("worker", "beat", seams=("stops_in_delivery",))
    wait_for("what was not claimed to be sent", lambda: program.states(ids)["sent"] == 21, 90)
    assert line.stop() <= 70
    program.set_clock(LEASE_SECONDS + 1)
    states = program.wait_until_final(ids, 90)
    assert states == {"sent": 21, "uncertain": 1}
    times = program.received(ids)
    assert times == {**dict.fromkeys(ids, 1), ids[1]: 0}
    line.tried, line.uncertain = len(ids), states["uncertain"]
    line.remarks = "The one that was claimed had not left; it is uncertain when its claim ends"


def kill_with_two_running(program: Program, ids: list[int]) -> None:
    """Start a worker that stops in its first two jobs, and kill it there with its children."""
    for pk in ids:
        program.ring(DELIVER, pk)
    program.start("worker", seams=("stops_in_delivery",))
    wait_for("two jobs to run", lambda: len(program.pauses.waiting()) == 2, 60)
    program.stack.kill_part("worker")
    program.pauses.forget()


def without_the_sweep(program: Program) -> str:
    """Leave it to Redis alone to give back what a dead worker held."""
    ids = program.mails(22)
    for pk in ids[:2]:
        program.pauses.plan("before claim", pk)
    kill_with_two_running(program, ids)
    program.start("worker")
    wait_for("the waiting ones to be sent", lambda: program.states(ids)["sent"] >= 20, 60)
    time.sleep(60)
    held = program.states(ids)["queued"]
    assert held == 2
    assert program.redis.length("unacked") == 2
    program.stop("worker")
    program.redis.kill()
    program.redis.start()
    program.sql("UPDATE notifications_outboxitem SET state = 'cancelled' WHERE state = 'queued'")
    return f"without the sweep: {held} of 22 still held by Redis after 60 s (it waits 900)"


def test_f3_a_stopped_worker_gives_back_what_it_cannot_finish(program: Program, figures):
    line = figures("F3", "SIGTERM with a long and a 5-second job running, SIGKILL 15 s later")
    _, _, unacked, _ = terminate(program, grace=10, REMAP_SIGTERM="")
    assert unacked == 1
    line.control = f"plain SIGTERM: {unacked} message stayed with the dead worker, killed at 10 s"
    program.redis.kill()
    program.redis.start()

    line.stopwatch()
    seconds, waiting, unacked, states = terminate(program, grace=15)
    line.seconds = round(seconds, 1)
    assert (waiting, unacked) == (1, 0)
    assert states == {"sent": 1, "queued": 1}
    line.tried = 2
    line.remarks = "The short job finished, the long one went back to the queue. Seconds to its end"
    assert seconds < 15, "the worker had to be killed"


def terminate(
    program: Program, grace: float, **environment: str
) -> tuple[float, int, int, Counter[str]]:
    """Stop a worker in its work, kill it after the grace; return what Redis then holds.

    That is: the seconds it took, the waiting messages, those still handed out, the rows' states.
    """
    ids = program.mails(2)
    program.pauses.plan("before claim", ids[0])
    program.pauses.plan("before claim", ids[1], seconds=5)
    for pk in ids:
        program.ring(DELIVER, pk)
    program.start("worker", seams=("stops_in_delivery",), **environment)
    wait_for("two jobs to run", lambda: len(program.pauses.waiting()) == 2, 60)
    process = program.stack.processes["worker"]
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    seconds = time.monotonic() - began
    program.stack.kill_part("worker")
    program.pauses.forget()
    return (
        seconds,
        program.redis.length(),
        program.redis.length("unacked"),
        program.states(ids),
    )
