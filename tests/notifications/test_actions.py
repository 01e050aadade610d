"""The outbox: each message leaves at most once and ends in a state that says what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.core.exceptions import PermissionDenied, ValidationError

from activity.changes import SYSTEM, change
from activity.models import Activity
from notifications import actions, mails
from notifications.mails import Mail, mail_kind
from notifications.models import OutboxItem, OutboxState
from notifications.senders import NotAcceptedError, RefusedError, UncertainError
from people import actions as people
from tests.arranging import arranging

NOW = datetime(2026, 12, 17, 6, 0, tzinfo=UTC)


@mail_kind("tests.letter")
def _letter(item: OutboxItem) -> Mail:
    words = item.payload.get("words", "Hello")
    if words == "poison":
        raise ValueError("no such word")
    return Mail(subject=words, text=words, html=f"<p>{words}</p>")


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def rung(monkeypatch):
    """Collect what is rung instead of asking a broker."""
    ids: list[int] = []
    monkeypatch.setattr(actions, "ring", lambda job, *args: ids.append(*args))
    return ids


def queue(world, *, to=None, key="letter", words="Hello", **more):
    with change(world.workspace, by=SYSTEM) as record:
        return actions.queue_mail(
            record,
            kind=more.pop("kind", "tests.letter"),
            recipient=to or world.sam,
            dedupe_key=key,
            payload={"words": words},
            **more,
        )


class Post:
    """A sender that keeps what it was given, and first raises what it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[object] = []

    def __call__(self, message):
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(message)


def test_the_same_key_is_the_same_mail(northwind, rung):
    first = queue(northwind)
    assert queue(northwind, words="Again").pk == first.pk
    assert OutboxItem.objects.get().payload == {"words": "Hello"}
    assert rung == [first.pk]


def test_another_workspace_may_use_the_same_key(northwind, fjord, rung):
    assert queue(northwind).pk != queue(fjord, to=fjord.ola).pk


def test_a_mail_for_later_rings_nobody(northwind, rung):
    item = queue(northwind, not_before=NOW + timedelta(minutes=1))
    assert rung == []
    assert actions.deliver(item, send=Post()) == OutboxState.QUEUED


def test_what_is_queued_inside_a_failed_change_is_not_queued(northwind, rung):
    with pytest.raises(ZeroDivisionError), change(northwind.workspace, by=SYSTEM) as record:
        actions.queue_mail(
            record, kind="tests.letter", recipient=northwind.sam, dedupe_key="x", payload={}
        )
        raise ZeroDivisionError
    assert not OutboxItem.objects.exists()


def test_a_delivered_mail_is_sent_once(northwind, rung):
    item, post = queue(northwind), Post()
    assert actions.deliver(item, send=post) == OutboxState.SENT
    assert actions.deliver(item, send=post) == OutboxState.SENT
    assert len(post.taken) == 1
    item.refresh_from_db()
    assert (item.sent_at, item.attempts, item.lease_token) == (NOW, 1, None)


def test_the_message_goes_to_one_person_under_a_stable_name(northwind, rung, settings):
    settings.SITE_URL = "https://board.example.com"
    item = queue(northwind, words="Hello\r\nBcc: everybody@example.com")
    message = mails.message_for(item)
    assert message.recipients() == ["Sam Whitfield <sam@northwind.example>"]
    assert message.extra_headers["Message-ID"] == f"<outbox-{item.pk}@board.example.com>"
    assert message.subject == "Hello Bcc: everybody@example.com"
    assert message.message()["Bcc"] is None
    assert message.from_email.startswith("Northwind Instruments via Sprintboard <")


def test_a_name_cannot_break_out_of_its_header(northwind, rung):
    with arranging():
        northwind.sam.shown_name = 'Sam"\r\nBcc: x@example.com, <y@example.com>'
        northwind.sam.save()
    item = queue(northwind)
    assert actions.deliver(item) == OutboxState.SENT
    sent = django_mail.outbox[0].message()
    assert sent["Bcc"] is None
    assert "sam@northwind.example" in sent["To"]


def test_a_cancelled_mail_does_not_leave_and_can_be_queued_anew(northwind, rung):
    item = queue(northwind, not_before=NOW)
    with change(northwind.workspace, by=SYSTEM) as record:
        assert actions.cancel_mail(record, dedupe_key="letter")
        assert not actions.cancel_mail(record, dedupe_key="letter")
    assert actions.deliver(item, send=Post()) == OutboxState.CANCELLED
    again = queue(northwind, words="New words")
    assert (again.pk, again.state, again.payload["words"]) == (item.pk, "queued", "New words")


def test_a_sent_mail_cannot_be_cancelled(northwind, rung):
    actions.deliver(queue(northwind), send=Post())
    with change(northwind.workspace, by=SYSTEM) as record:
        assert not actions.cancel_mail(record, dedupe_key="letter")


def test_what_was_not_accepted_is_tried_again_with_growing_pauses(northwind, rung, time_machine):
    item = queue(northwind)
    waited = []
    for _ in range(6):
        assert actions.deliver(item, send=Post(NotAcceptedError("Busy"))) == OutboxState.QUEUED
        item.refresh_from_db()
        waited.append((item.not_before - actions.clock.now()).total_seconds() / 60)
        assert item.last_error == "Busy"
        assert item.waits_for_retry
        time_machine.move_to(item.not_before, tick=False)
    for minutes, expected in zip(waited, [1, 5, 15, 60, 240, 240], strict=True):
        assert expected * 0.8 <= minutes <= expected * 1.2


def test_after_a_day_of_trying_a_mail_has_failed(northwind, rung, time_machine):
    item, tries = queue(northwind), 0
    while actions.deliver(item, send=Post(NotAcceptedError("Busy"))) == OutboxState.QUEUED:
        tries += 1
        item.refresh_from_db()
        time_machine.move_to(item.not_before, tick=False)
    item.refresh_from_db()
    assert item.state == OutboxState.FAILED
    assert "Busy" in item.last_error
    assert 8 <= tries <= 12
    assert actions.clock.now() <= NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RefusedError("No such mailbox"), OutboxState.FAILED),
        (UncertainError("The line broke"), OutboxState.UNCERTAIN),
        (ZeroDivisionError("a bug in the sender"), OutboxState.UNCERTAIN),
    ],
)
def test_what_will_not_be_tried_again_says_why(northwind, rung, error, state):
    item = queue(northwind)
    assert actions.deliver(item, send=Post(error)) == state
    assert actions.deliver(item, send=Post()) == state
    item.refresh_from_db()
    assert item.last_error
    assert item.can_be_sent_again


def test_a_poison_row_fails_after_five_tries_and_the_others_go_on(northwind, rung, time_machine):
    poison = queue(northwind, words="poison")
    for _ in range(4):
        assert actions.deliver(poison, send=Post()) == OutboxState.QUEUED
        poison.refresh_from_db()
        time_machine.move_to(poison.not_before, tick=False)
    assert actions.deliver(queue(northwind, key="good"), send=Post()) == OutboxState.SENT
    assert actions.deliver(poison, send=Post()) == OutboxState.FAILED
    poison.refresh_from_db()
    assert "no such word" in poison.last_error


def test_a_kind_of_a_newer_build_waits_for_it(northwind, rung, caplog):
    item = queue(northwind, kind="tests.from_the_future")
    assert actions.deliver(item, send=Post()) == OutboxState.QUEUED
    item.refresh_from_db()
    assert item.attempts == 0
    assert item.not_before > NOW
    assert "tests.from_the_future" in caplog.text


def test_nothing_is_mailed_to_who_has_left(northwind, rung):
    item, post = queue(northwind), Post()
    with arranging():
        northwind.sam.is_active = False
        northwind.sam.save()
    assert actions.deliver(item, send=post) == OutboxState.CANCELLED
    assert post.taken == []


def test_a_mail_that_is_queued_anew_has_not_been_tried(northwind, rung):
    item = queue(northwind)
    people.deactivate_member(northwind.sam, by=northwind.mia)
    assert actions.deliver(item, send=Post()) == OutboxState.CANCELLED
    people.reactivate_member(northwind.sam, by=northwind.mia)
    again = queue(northwind)
    assert (again.pk, again.state) == (item.pk, OutboxState.QUEUED)
    assert (again.attempts, again.first_tried_at, again.last_error) == (0, None, "")


def test_an_expired_lease_becomes_uncertain_and_is_not_sent_again(northwind, rung, time_machine):
    item, post = queue(northwind), Post()
    assert actions._claim(item) is not None  # and then the worker dies
    actions.sweep()
    item.refresh_from_db()
    assert item.state == OutboxState.SENDING
    time_machine.move_to(NOW + actions.LEASE + timedelta(seconds=1), tick=False)
    rung.clear()
    actions.sweep()
    item.refresh_from_db()
    assert item.state == OutboxState.UNCERTAIN
    assert item.last_error
    assert actions.deliver(item, send=post) == OutboxState.UNCERTAIN
    assert (post.taken, rung) == ([], [])


def test_only_the_holder_of_the_token_finishes_a_row(northwind, rung):
    item = queue(northwind)

    def lose_the_row(message):
        OutboxItem.objects.update(state=OutboxState.QUEUED, lease_token=None)

    assert actions.deliver(item, send=lose_the_row) == OutboxState.QUEUED
    item.refresh_from_db()
    assert item.state == OutboxState.QUEUED


def test_a_late_answer_settles_what_the_sweep_called_uncertain(northwind, rung):
    item = queue(northwind)

    def take_very_long(message):
        OutboxItem.objects.update(state=OutboxState.UNCERTAIN)

    assert actions.deliver(item, send=take_very_long) == OutboxState.SENT


def test_the_sweep_rings_what_is_due_and_nothing_else(northwind, rung):
    due = queue(northwind)
    queue(northwind, key="later", not_before=NOW + timedelta(minutes=5))
    actions.deliver(queue(northwind, key="sent"), send=Post())
    rung.clear()
    assert actions.sweep() == 1
    assert rung == [due.pk]


def test_delivering_inside_a_change_is_refused(northwind, rung, transactional_db):
    item = queue(northwind)
    with (
        pytest.raises(RuntimeError, match="durable"),
        change(northwind.workspace, by=SYSTEM),
    ):
        actions.deliver(item, send=Post())


def test_a_person_may_send_again_what_failed(northwind, rung):
    item = queue(northwind)
    actions.deliver(item, send=Post(RefusedError("No such mailbox")))
    rung.clear()
    actions.send_again(item, by=northwind.mia)
    assert rung == [item.pk]
    assert item.last_error == ""
    assert actions.deliver(item, send=Post()) == OutboxState.SENT
    activity = Activity.objects.get(verb="mail_queued_again")
    assert (activity.actor, activity.data["was"]) == (northwind.mia, "failed")


def test_what_was_sent_is_not_sent_again_by_a_person_either(northwind, rung):
    item = queue(northwind)
    actions.deliver(item, send=Post())
    with pytest.raises(ValidationError) as error:
        actions.send_again(item, by=northwind.mia)
    assert error.value.code == "not_settled"


def test_sales_and_other_workspaces_may_not_send_again(northwind, fjord, rung):
    item = queue(northwind)
    actions.deliver(item, send=Post(RefusedError("No")))
    for somebody in (northwind.sam, fjord.ola):
        with pytest.raises(PermissionDenied):
            actions.send_again(item, by=somebody)
    item.refresh_from_db()
    assert item.state == OutboxState.FAILED


def test_the_stored_sender_mails_nothing(northwind, rung):
    assert actions.deliver(queue(northwind), send=mails.send_stored) == OutboxState.SENT
    assert django_mail.outbox == []


def test_two_renderers_of_one_kind_are_a_mistake():
    with pytest.raises(RuntimeError, match=r"tests\.letter"):
        mail_kind("tests.letter")(lambda item: Mail("", "", ""))


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "w/northwind/"])
def test_links_lead_to_our_own_site_only(path):
    with pytest.raises(ValueError, match="no path"):
        mails.absolute(path)
