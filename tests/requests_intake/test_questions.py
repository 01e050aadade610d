from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.changes import Stale
from activity.models import Activity
from conversation.models import Comment
from notifications.actions import deliver
from notifications.models import OutboxItem
from requests_intake import actions, answer_clock, metrics
from requests_intake.models import Decision, DecisionKind, Request, RequestState

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def asked(northwind, ask):
    """A request of Sam about which Mia asked something."""
    request = ask(northwind.sam)
    actions.ask_back(request, by=northwind.mia, words="Which two numbers?", version=1)
    request.refresh_from_db()
    return request


def test_asking_back_waits_for_the_rep_and_mails_him_in_a_minute(asked, outbox, thursday):
    question = Decision.objects.get()
    assert (asked.state, asked.asked_at) == (RequestState.ASKED, question.decided_at)
    assert (question.kind, question.closed_at) == (DecisionKind.ASK, None)
    assert (asked.decision, asked.question) == (None, question)
    assert outbox() == [("intake.asked", "Sam", "queued")]
    assert Activity.objects.get(verb="request_asked").data == {
        "key": "REQ-1",
        "decision": question.pk,
    }


def test_a_question_needs_words(northwind, ask):
    with pytest.raises(ValidationError, match="Write a question") as error:
        actions.ask_back(ask(northwind.sam), by=northwind.mia, words=" ", version=1)
    assert error.value.error_dict["words"][0].code == "no_words"
    assert not Decision.objects.exists()


def test_one_question_at_a_time(northwind, asked):
    with pytest.raises(ValidationError) as error:
        actions.ask_back(asked, by=northwind.lena, words="And when?", version=asked.version)
    assert error.value.code == "already_asked"


def test_who_asks_on_what_he_has_not_read_is_told(northwind, asked):
    with pytest.raises(Stale):
        actions.ask_back(asked, by=northwind.lena, words="And when?", version=1)


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketing_asks_back_in_time(northwind, ask, who):
    with pytest.raises(PermissionDenied):
        actions.ask_back(ask(northwind.sam), by=getattr(northwind, who), words="Which?", version=1)


def test_what_waits_for_the_rep_is_neither_waiting_nor_overdue(northwind, asked, thursday):
    thursday.shift(10 * 24 * 3600)
    now = datetime(2026, 12, 20, 13, 32, tzinfo=UTC)
    assert not Request.objects.waiting().exists()
    assert not Request.objects.overdue(now).exists()
    assert list(Request.objects.asked_back()) == [asked]
    counted = metrics.answered_in_time(northwind.workspace, asked.submitted_at, now)
    assert (counted.in_time, counted.total) == (0, 0)


def test_the_reply_puts_it_back_on_top_of_triage(northwind, ask, asked, thursday):
    older = Request.objects.get()
    thursday.shift(3600)
    ask(northwind.chiara, title="A webinar")
    reply = actions.reply_to_question(asked, by=northwind.sam, words="Fat and protein.")
    assert (reply.state, reply.asked_at, reply.version) == (RequestState.WAITING, None, 3)
    assert next(iter(Request.objects.in_triage())) == older
    assert Comment.objects.get().text == "Fat and protein."
    assert reply.question.closed_at == reply.explained_at
    assert Activity.objects.filter(verb="request_explained").count() == 1


def test_what_came_back_stands_before_what_is_due_sooner(northwind, ask, thursday):
    sooner = ask(northwind.chiara, title="Due first")
    thursday.shift(4 * 3600)
    later = ask(northwind.sam)
    assert sooner.answer_due_at < later.answer_due_at
    actions.ask_back(later, by=northwind.mia, words="Which?", version=1)
    actions.reply_to_question(later, by=northwind.sam, words="This.")
    assert list(Request.objects.in_triage()) == [later, sooner]
    assert next(iter(Request.objects.waiting())) == sooner


def test_the_asker_hears_of_the_reply(northwind, asked, outbox):
    actions.reply_to_question(asked, by=northwind.chiara, words="Fat and protein.")
    assert ("conversation.comment", "Mia", "queued") in outbox()


@pytest.mark.parametrize(("who", "may"), [("chiara", True), ("lena", True), ("grace", False)])
def test_sales_answers_and_a_marketer_may_write_down_what_the_rep_says(northwind, asked, who, may):
    if may:
        actions.reply_to_question(asked, by=getattr(northwind, who), words="Fat.")
    else:
        with pytest.raises(PermissionDenied):
            actions.reply_to_question(asked, by=getattr(northwind, who), words="Fat.")
    assert Request.objects.get().is_waiting is may


def test_a_question_is_answered_once(northwind, asked):
    actions.reply_to_question(asked, by=northwind.sam, words="Fat.")
    with pytest.raises(ValidationError) as error:
        actions.reply_to_question(asked, by=northwind.sam, words="Fat.")
    assert error.value.code == "not_asked"
    assert Comment.objects.count() == 1


def test_an_empty_reply_changes_nothing(northwind, asked):
    with pytest.raises(ValidationError):
        actions.reply_to_question(asked, by=northwind.sam, words=" ")
    assert Request.objects.get().is_asked


def test_marketing_may_ask_again_and_answer_without_waiting(northwind, asked, outbox, thursday):
    actions.reply_to_question(asked, by=northwind.sam, words="Fat.")
    actions.ask_back(asked, by=northwind.mia, words="Per litre?", version=3)
    thursday.shift(61)
    decision = actions.decline_request(
        asked, by=northwind.mia, words="We have it.", version=4, reason="exists"
    )
    request = Request.objects.get()
    assert (request.state, request.asked_at) == (RequestState.DECLINED, None)
    assert not Decision.objects.filter(kind=DecisionKind.ASK, closed_at=None).exists()
    assert request.decision == decision
    assert [row for row in outbox() if row[0] == "intake.asked"][-1][2] == "cancelled"


# Undo


def test_a_question_can_be_taken_back_within_the_minute(northwind, asked, outbox):
    actions.undo_decision(Decision.objects.get(), by=northwind.mia)
    request = Request.objects.get()
    assert (request.state, request.asked_at, request.question) == (
        RequestState.WAITING,
        None,
        None,
    )
    assert outbox() == [("intake.asked", "Sam", "cancelled")]


def test_not_after_it_left_nor_after_it_was_answered(northwind, asked, thursday):
    question = Decision.objects.get()
    thursday.shift(61)
    deliver(OutboxItem.objects.get())
    with pytest.raises(ValidationError, match="has this question already") as error:
        actions.undo_decision(question, by=northwind.mia)
    assert error.value.code == "too_late"


def test_an_answered_question_is_not_taken_back(northwind, asked):
    actions.reply_to_question(asked, by=northwind.sam, words="Fat.")
    with pytest.raises(ValidationError):
        actions.undo_decision(Decision.objects.get(), by=northwind.mia)
    assert Request.objects.get().explained_at is not None


# The clock


def test_the_answer_is_due_later_by_the_working_time_that_the_question_was_open(
    northwind, asked, thursday
):
    assert asked.answer_due_at == datetime(2026, 12, 14, 16, tzinfo=UTC)
    thursday.move_to(datetime(2026, 12, 14, 9, tzinfo=UTC))  # Thursday and Friday have ended
    actions.reply_to_question(asked, by=northwind.sam, words="Fat.")
    asked.refresh_from_db()
    assert asked.answer_due_at == datetime(2026, 12, 16, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "due", "expected"),
    [
        # the same working day: nothing moves
        ("2026-12-10 09:00", "2026-12-10 16:59", "2026-12-14 17:00", "2026-12-14 17:00"),
        # over one evening: one day
        ("2026-12-10 16:00", "2026-12-11 08:00", "2026-12-14 17:00", "2026-12-15 17:00"),
        # a weekend is no working time
        ("2026-12-11 18:00", "2026-12-14 09:00", "2026-12-15 17:00", "2026-12-15 17:00"),
        ("2026-12-11 16:00", "2026-12-14 09:00", "2026-12-15 17:00", "2026-12-16 17:00"),
        # from Friday over the weekend: the next working day
        ("2026-12-10 16:00", "2026-12-10 17:00", "2026-12-11 17:00", "2026-12-14 17:00"),
        # summer time begins between: the wall clock stays
        ("2026-03-26 16:00", "2026-03-27 09:00", "2026-03-27 17:00", "2026-03-30 17:00"),
        # what was late stays late, by no more than before
        ("2026-12-10 09:00", "2026-12-11 09:00", "2026-12-09 17:00", "2026-12-10 17:00"),
    ],
)
def test_a_pause_counts_the_ends_of_working_days(since, until, due, expected):
    there = {
        name: datetime.fromisoformat(value).replace(tzinfo=STOCKHOLM)
        for name, value in (("since", since), ("until", until), ("due", due), ("to", expected))
    }
    moved = answer_clock.moved_on(
        there["due"], since=there["since"], until=there["until"], zone=STOCKHOLM, ends=time(17)
    )
    assert moved == there["to"]
