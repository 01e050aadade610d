"""F16 and F17: two clocks that ring, or none for hours over the end of a sprint."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.figures import scale
from tests.faults.program import Program
from tests.system.stack import wait_for

pytestmark = pytest.mark.faults

THREE_HOURS = timedelta(hours=3)
APPS = ("notifications", "reviews")


def doubled_without_a_claim(program: Program, count: int) -> int:
    """Ring twice for each mail, as two beats do, with a careless worker; count the doubles."""
    ids = program.mails(count)
    for pk in ids:
        program.ring("notifications.jobs.deliver", pk)
        program.ring("notifications.jobs.deliver", pk)
    program.start("worker", seams=("sends_without_claim",))
    program.wait_until_final(ids, 60)
    program.wait_until_idle()
    program.stop("worker")
    return sum(times > 1 for times in program.received(ids).values())


def swept(program: Program, app: str) -> int:
    """Return how often the sweep of an app has run."""
    return (program.pauses.folder / "sweeps").read_text().split().count(app)


def to_draft(program: Program) -> tuple[list[int], int]:
    """Return the reviews without words and the running sprint of Northwind."""
    return program.ground["undrafted"], program.ground["sprint"]


def move_past_the_end(program: Program, sprint: int, by: timedelta) -> datetime:
    """Let all processes tell a time so long after the end of a sprint; return that end."""
    [(last_day, zone)] = program.sql(
        "SELECT s.ends_on, w.time_zone FROM backlog_sprint s"
        " JOIN people_workspace w ON w.id = s.workspace_id WHERE s.id = %s",
        sprint,
    )
    [(end,)] = program.sql("SELECT (%s::date + 1)::timestamp AT TIME ZONE %s", last_day, zone)
    program.set_clock((end + by - datetime.now(UTC)).total_seconds())
    return end


def reviews_of(program: Program, sprint: int) -> list[tuple[int, str, datetime | None]]:
    """Return the reviews of a sprint: id, the last day in its facts, when it was drafted."""
    return program.sql(
        "SELECT id, facts->>'ends_on', drafted_at FROM reviews_review WHERE sprint_id = %s", sprint
    )


def events(program: Program, verb: str) -> Counter[int]:
    """Return how often a verb was recorded about each subject."""
    return Counter(
        dict(
            program.sql(
                "SELECT subject_id, count(*) FROM activity_activity WHERE verb = %s GROUP BY 1",
                verb,
            )
        )
    )


def test_f16_two_beats_do_each_thing_once(program: Program, figures):
    line = figures("F16", "two beats and a worker for two minutes")
    mails = 30
    doubled = doubled_without_a_claim(program, mails)
    assert doubled
    line.control = f"rung twice and sent without a claim: {doubled} of {mails} came twice"

    undrafted, sprint = to_draft(program)
    ids = program.mails(mails)
    drafted, ended = events(program, "review_drafted"), events(program, "sprint_ended")
    program.start("worker", seams=("notes_sweeps",))
    program.start("beat")
    program.start("beat", under="second beat")
    line.stopwatch()
    time.sleep(scale(20, 65))
    move_past_the_end(program, sprint, THREE_HOURS)
    ids += program.mails(mails)
    program.wait_until_final(ids, 90)
    wait_for("the ended sprint's review to be drafted", lambda: drafted_of(program, sprint), 90)
    wait_for(
        "the sweeps of the first minutes and of both beats",
        lambda: all(swept(program, app) >= 4 for app in APPS),
        90,
    )
    line.stop()
    times = Counter(program.received(ids).values())
    new_drafts = events(program, "review_drafted") - drafted
    new_ends = events(program, "sprint_ended") - ended
    assert times == {1: len(ids)}
    assert set(new_drafts.values()) == {1}
    assert set(undrafted) < set(new_drafts)
    assert new_ends == {sprint: 1}
    line.tried = len(ids) + len(new_drafts) + len(new_ends)
    line.remarks = (
        f"{len(ids)} mails, {len(new_drafts)} drafts and the end of a sprint, each once, under "
        f"{swept(program, 'notifications')} sweeps of each kind"
    )


def drafted_of(program: Program, sprint: int) -> bool:
    """Tell whether the review of a sprint has words."""
    return any(at for _, _, at in reviews_of(program, sprint))


def test_f17_a_sprint_that_ended_while_no_beat_ran_has_one_review(program: Program, figures):
    line = figures("F17", "no beat from before a sprint's end until three hours after it")
    _, sprint = to_draft(program)
    end = move_past_the_end(program, sprint, THREE_HOURS)
    program.start("worker", seams=("looks_by_the_tick",))
    program.ring("reviews.jobs.sweep")
    program.wait_until_idle()
    assert reviews_of(program, sprint) == []
    program.stop("worker")
    line.control = "a sweep by the tick (what ended in the last minute): no review, ever"

    program.start("worker")
    line.stopwatch()
    program.start("beat")
    wait_for("the review to be drafted", lambda: drafted_of(program, sprint), 120)
    assert line.stop() <= 120
    program.ring("reviews.jobs.sweep")
    program.wait_until_idle()
    [(_, last_day, _)] = reviews_of(program, sprint)
    assert datetime.fromisoformat(last_day).date() == (end - timedelta(hours=12)).date()
    assert events(program, "sprint_ended")[sprint] == 1
    line.tried = 1
    line.remarks = f"One review, about the days until {last_day}. Seconds from the start of beat"
