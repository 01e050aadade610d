"""F11, F12, F13: mail servers that refuse, wait, hang up and hang; a real worker sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.mailbox import ScriptedMail
from tests.faults.program import Program
from tests.faults.worlds import Visitor, World
from tests.system.stack import wait_for

pytestmark = [pytest.mark.faults]

DELIVER = "notifications.jobs.deliver"
LONGEST = 30  # seconds for which one message may hold a worker
TWO_HOURS = 2 * 3600


@dataclass
class Row:
    """An outbox row as it is now."""

    state: str
    attempts: int
    reason: str


class Post:
    """The program's worker in front of a mail server that misbehaves."""

    def __init__(self, program: Program, server: ScriptedMail) -> None:
        self.program, self.server, self._clock = program, server, 0.0

    def row(self, pk: int) -> Row:
        [values] = self.program.sql(
            "SELECT state, attempts, last_error FROM notifications_outboxitem WHERE id = %s", pk
        )
        return Row(*values)

    def deliver(self, pk: int) -> Row:
        """Ring for one row and wait for what becomes of the try, if it is one."""
        tries = self.row(pk).attempts
        self.program.ring(DELIVER, pk)

        def tried() -> Row | None:
            row = self.row(pk)
            return row if row.attempts > tries and row.state != "sending" else None

        return wait_for("the worker's try", tried, LONGEST)

    def ring_in_vain(self, pk: int) -> Row:
        """Ring for a row that is not due, and for one behind it, to know when it was looked at."""
        self.program.ring(DELIVER, pk)
        [other] = self.program.mails(1)
        self.deliver(other)
        return self.row(pk)

    def wait_two_hours(self) -> None:
        self._clock += TWO_HOURS
        self.program.set_clock(self._clock)

    def times(self, pk: int) -> int:
        """Return how often the server took the message of this row."""
        return self.server.times(f"<outbox-{pk}@127.0.0.1>")


@pytest.fixture
def post(program: Program) -> Iterator[Post]:
    server = ScriptedMail()
    server.open()
    program.start("worker", EMAIL_URL=server.url)
    yield Post(program, server)
    server.close()


@pytest.mark.faults_quick
def test_f11_what_was_surely_not_accepted_is_sent_later_and_once(post: Post, figures):
    line = figures("F11", "421, 450, 451, 452 and a refused connection, at each step")
    pages = ["421 banner", "421", "450", "452", "450 sender", "451 content", "closed"]
    try_each(post, pages, line)
    line.remarks = "each waits, says why, and arrives once at the second try"


def test_f11_a_server_that_never_greets_costs_ten_seconds(post: Post, figures):
    line = figures("F11", "a server that takes the connection and never says a word")
    try_each(post, ["silent"], line)
    line.remarks = "the worker hung up, and the mail arrived once at the second try"


def try_each(post: Post, modes: list[str], line: Any) -> None:
    line.stopwatch()
    for mode in modes:
        [pk] = post.program.mails(1)
        if mode == "closed":
            post.server.close()
        else:
            post.server.modes = [mode]
        row = post.deliver(pk)
        assert (row.state, row.attempts) == ("queued", 1), (mode, row)
        assert row.reason.startswith("The mail server"), (mode, row)
        assert post.times(pk) == 0
        if mode == "closed":
            post.server.open()
        assert post.ring_in_vain(pk).attempts == 1, "tried again before its pause was over"
        post.wait_two_hours()
        row = post.deliver(pk)
        assert (row.state, row.attempts) == ("sent", 2), (mode, row)
        assert post.times(pk) == 1
        line.tried += 1
    line.stop()


@pytest.mark.faults_quick
def test_f11_what_was_surely_refused_fails_at_once_with_the_servers_words(post: Post, figures):
    line = figures("F11", "550 for the mailbox, 554 for the words")
    for mode, words in (("550", "No such mailbox"), ("554 content", "This looks like spam")):
        [pk] = post.program.mails(1)
        post.server.modes = [mode]
        row = post.deliver(pk)
        assert (row.state, row.attempts) == ("failed", 1)
        assert words in row.reason
        post.wait_two_hours()
        assert post.ring_in_vain(pk).attempts == 1
        assert post.times(pk) == 0
        line.tried += 1
    line.remarks = "failed at the first try, with the server's own words; never tried again"


@pytest.mark.faults_quick
def test_f11_after_a_day_of_trying_it_is_given_up_and_says_so(post: Post, figures):
    line = figures("F11", "greylisted for longer than a day")
    [pk] = post.program.mails(1)
    post.server.modes = ["450"] * 50
    row = post.deliver(pk)
    while row.state == "queued":
        for _ in range(3):
            post.wait_two_hours()
        row = post.deliver(pk)
    assert row.state == "failed"
    assert row.reason.startswith("Tried for a day.")
    assert 4 <= row.attempts <= 12
    line.tried = 1
    line.remarks = f"failed after {row.attempts} tries, and says for how long and why"


@pytest.mark.parametrize("mode", [pytest.param("drop", marks=pytest.mark.faults_quick), "hang"])
def test_f12_a_line_that_breaks_after_the_body_is_uncertain(post: Post, figures, mode):
    line = figures("F12", f"the server takes the mail, then {mode}s")
    line.stopwatch()
    [pk] = post.program.mails(1)
    post.server.modes = [mode]
    row = post.deliver(pk)
    line.stop()
    assert (row.state, row.attempts) == ("uncertain", 1)
    assert "may have arrived" in row.reason
    post.wait_two_hours()
    assert post.ring_in_vain(pk).attempts == 1, "sent again by itself"
    assert post.times(pk) == 1

    hands(post.program).play("send_again", item=pk)
    wait_for("the second letter", lambda: post.row(pk).state == "sent", LONGEST)
    assert post.times(pk) == 2, "not the same Message-ID"
    line.tried = line.uncertain = 1
    line.remarks = (
        "not tried again by itself; sent again by a person it carries the same Message-ID"
    )


@pytest.mark.faults_quick
def test_f13_one_refused_reader_of_thirty_is_the_only_one_without_the_mail(post: Post, figures):
    line = figures("F13", "a review for 30 readers, one of whose mailboxes is gone")
    program = post.program
    bad = "rep7@northwind.example"
    post.server.refused[bad] = "550 5.1.1 No such mailbox"
    line.stopwatch()
    published = hands(program).play("publish_to_many", readers=30)
    states = program.wait_until_final(published["items"], 60)
    line.stop()

    assert states == {"sent": 29, "failed": 1}
    taken = [to for to, message_id in post.server.accepted]
    assert len(taken) == len(set(taken)) == 29
    assert bad not in taken
    program.start("web", EMAIL_URL=post.server.url)
    mia = Visitor(program.stack.port, published["session"])
    page = mia.get("/w/northwind/reviews/1/publish/").text
    assert page.count("No such mailbox") >= 1
    line.tried, line.remarks = 30, "29 have it once; the page of the review names the one and why"


def hands(program: Program) -> World:
    """Let other processes act on the program's database."""
    home = program.stack.log.parent / "hands"
    return World("postgresql", program.database, home, {}, program.stack.environment)
