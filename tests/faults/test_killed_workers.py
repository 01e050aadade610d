"""F1 to F3: workers that die in the middle of their work."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.figures import scale
from tests.faults.program import Program
from tests.system.stack import wait_for

pytestmark = pytest.mark.faults

PLACES = ("before claim", "after claim", "after send", "before commit")
LEASE_SECONDS = 300
DELIVER = "notifications.jobs.deliver"


def plan(program: Program, places: tuple[str, ...], rounds: int) -> dict[int, str]:
    """Queue mails and decide where the process that takes each is killed; return that by id."""
    ids = program.mails(rounds * len(places))
    where = {pk: places[n % len(places)] for n, pk in enumerate(ids)}
    for pk, place in where.items():
        program.pauses.plan(place, pk)
        program.ring(DELIVER, pk)
    return where


@pytest.mark.faults_quick
def test_f1_a_killed_job_loses_no_mail_and_doubles_none(program: Program, figures):
    line = figures("F1", "kill -9 of the process that delivers, at four places")
    where = plan(program, PLACES, scale(2, 20))
    program.start("worker", "beat", seams=("stops_in_delivery",))

    program.pauses.kill_all_who_come(len(where), 180)
    line.stopwatch()
    wait_for(
        "what was not claimed to be sent",
        lambda: not program.states(list(where))["queued"],
        90,
    )
    program.set_clock(LEASE_SECONDS + 1)
    states = program.wait_until_final(list(where), 60)
    line.stop()

    times = program.received(list(where))
    ends = Counter((where[pk], received) for pk, received in times.items())
    rounds = len(where) // len(PLACES)
    assert ends == {
        ("before claim", 1): rounds,
        ("after claim", 0): rounds,
        ("after send", 1): rounds,
        ("before commit", 1): rounds,
    }
    assert states == {"sent": rounds, "uncertain": 3 * rounds}
    line.tried, line.uncertain = len(where), states["uncertain"]
    line.twice = sum(received > 1 for received in times.values())
    line.lost = sum(not received and where[pk] == "before claim" for pk, received in times.items())
    line.remarks = (
        f"{rounds} rounds at each place. Killed before the claim: sent once. After it: uncertain, "
        f"and a third of those had not left. Beside the {LEASE_SECONDS} s of the claim, which the "
        "test's clock skips"
    )
