"""The verbs of a conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError

from activity import clock
from activity.changes import Stale
from activity.models import Activity
from backlog.models import Task
from conversation import actions, markdown
from conversation.models import LONGEST, Comment
from notifications.models import OutboxItem
from requests_intake import actions as intake
from tests.factories import make_task

pytestmark = pytest.mark.usefixtures("office_hours")


@pytest.fixture
def answered(northwind, asked):
    intake.accept_request(asked, by=northwind.mia, words="Yes.", version=asked.version)
    asked.refresh_from_db()
    return asked


def later(**how_much):
    return time_machine.travel(clock.now() + timedelta(**how_much), tick=False)


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["mia", "sam", "grace"])
def test_everyone_who_works_here_may_say_something(northwind, task, who):
    author = northwind.people[who]
    comment = actions.add_comment(task, by=author, text="Is *14 minutes* the number?\r\n")

    comment.refresh_from_db()
    assert comment.author == author
    assert comment.text == "Is *14 minutes* the number?"
    assert comment.html == "<p>Is <em>14 minutes</em> the number?</p>"
    assert comment.rendered_by == markdown.RENDERER
    happened = Activity.objects.about(task).get()
    assert (happened.verb, happened.actor) == ("comment_added", author)
    assert happened.data == {
        "key": task.key,
        "comment": comment.pk,
        "author": author.pk,
        "told": [],
    }


def test_a_stranger_says_nothing(task, fjord):
    with pytest.raises(PermissionDenied):
        actions.add_comment(task, by=fjord.ola, text="Hello")
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        (" \n\t ", "required"),
        ("x" * (LONGEST + 1), "too_long"),
        ("a\x00b", "control"),
    ],
)
def test_what_cannot_be_kept_is_refused(northwind, task, text, code):
    with pytest.raises(ValidationError) as caught:
        actions.add_comment(task, by=northwind.mia, text=text)
    assert caught.value.error_dict["text"][0].code == code
    assert not Comment.objects.exists()
    assert not Activity.objects.about(task).exists()


def test_a_comment_is_as_long_as_it_may_be(northwind, task):
    assert len(actions.add_comment(task, by=northwind.mia, text="x" * LONGEST).text) == LONGEST


def test_a_button_pressed_twice_is_one_comment(northwind, task):
    first = actions.add_comment(task, by=northwind.mia, text="Done?")
    assert actions.add_comment(task, by=northwind.mia, text="Done?") == first
    assert actions.add_comment(task, by=northwind.sam, text="Done?") != first
    with later(minutes=5):
        actions.add_comment(task, by=northwind.sam, text="Done?")
    assert Comment.objects.about(task).count() == 3


@pytest.mark.both_databases
def test_its_author_says_it_better(northwind, task):
    comment = actions.add_comment(task, by=northwind.sam, text="13")
    edited = actions.edit_comment(comment, by=northwind.sam, version=1, text="**14**")

    assert edited.html == "<p><strong>14</strong></p>"
    assert edited.edited_at is not None
    assert edited.version == 2
    assert Activity.objects.about(task).first().verb == "comment_edited"
    with pytest.raises(Stale):
        actions.edit_comment(comment, by=northwind.sam, version=1, text="15")


def test_saving_the_same_words_is_no_edit(northwind, task):
    comment = actions.add_comment(task, by=northwind.sam, text="14")
    assert actions.edit_comment(comment, by=northwind.sam, version=1, text=" 14 ").edited_at is None
    assert Activity.objects.about(task).count() == 1


@pytest.mark.parametrize("who", ["mia", "lena", "grace"])
def test_nobody_changes_the_words_of_another(northwind, task, who):
    comment = actions.add_comment(task, by=northwind.sam, text="14")
    with pytest.raises(PermissionDenied):
        actions.edit_comment(comment, by=northwind.people[who], version=1, text="15")


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["sam", "mia"])
def test_author_and_admin_take_words_away(northwind, task, who):
    comment = actions.add_comment(task, by=northwind.sam, text="Secret")
    removed = actions.remove_comment(comment, by=northwind.people[who])

    removed.refresh_from_db()
    assert (removed.text, removed.html) == ("", "")
    assert removed.removed_by == northwind.people[who]
    assert removed.was_removed_by_author == (who == "sam")
    assert "Secret" not in str(list(Activity.objects.values_list("data", flat=True)))
    with pytest.raises(ValidationError):
        actions.remove_comment(comment, by=northwind.people[who])
    with pytest.raises(ValidationError):
        actions.edit_comment(comment, by=northwind.sam, version=2, text="Back")


def test_a_colleague_takes_nothing_away(northwind, task):
    comment = actions.add_comment(task, by=northwind.sam, text="14")
    with pytest.raises(PermissionDenied):
        actions.remove_comment(comment, by=northwind.lena)


@pytest.mark.both_databases
def test_the_number_on_the_card_is_the_number_of_comments(northwind, task):
    other = make_task(northwind.workspace)
    comments = [
        actions.add_comment(task, by=northwind.mia, text=text) for text in ("one", "two", "three")
    ]
    actions.edit_comment(comments[0], by=northwind.mia, version=1, text="uno")
    actions.remove_comment(comments[1], by=northwind.mia)
    actions.add_comment(other, by=northwind.sam, text="elsewhere")

    for found in Task.objects.all():
        assert found.comment_count == Comment.objects.about(found).standing().count()
    task.refresh_from_db()
    assert (task.comment_count, task.version) == (2, 1)


# Mail ------------------------------------------------------------------------------------------


def mails():
    return OutboxItem.objects.filter(kind="conversation.comment").order_by("pk")


def test_the_requester_is_told_what_marketing_says(northwind, asked):
    comment = actions.add_comment(asked, by=northwind.lena, text="Which fair?")

    mail = mails().get()
    assert mail.recipient == northwind.sam
    assert mail.payload["comments"] == [comment.pk]
    assert mail.not_before == comment.written_at + timedelta(minutes=1)
    assert mail.dedupe_key == f"conversation.comment:{comment.pk}:{northwind.sam.pk}"


def test_who_answered_is_told_what_the_requester_says(northwind, answered):
    actions.add_comment(answered, by=northwind.sam, text="Thank you")
    assert mails().get().recipient == northwind.mia


@pytest.mark.parametrize("who", ["sam", "chiara"])
def test_nobody_is_told_where_nobody_waits(northwind, asked, who):
    """Sam talks to nobody who answered, Chiara is no marketer."""
    actions.add_comment(asked, by=northwind.people[who], text="Any news?")
    assert not mails().exists()


def test_comments_on_tasks_are_no_mail(northwind, task):
    actions.add_comment(task, by=northwind.sam, text="Nice")
    assert not mails().exists()


def test_what_is_removed_before_it_leaves_is_no_mail(northwind, asked):
    comment = actions.add_comment(asked, by=northwind.lena, text="Oops")
    actions.remove_comment(comment, by=northwind.lena)
    assert mails().get().state == "cancelled"


def test_a_lively_talk_is_one_mail(northwind, asked):
    comments = [
        actions.add_comment(asked, by=northwind.lena, text=text) for text in ("Which", "fair", "?")
    ]
    actions.remove_comment(comments[1], by=northwind.lena)

    mail = mails().get()
    assert mail.state == "queued"
    assert mail.payload["comments"] == [comments[0].pk, comments[2].pk]


def test_there_is_one_mail_an_hour_at_most(northwind, asked):
    actions.add_comment(asked, by=northwind.lena, text="First")
    first = mails().get()
    OutboxItem.objects.filter(pk=first.pk).update(state="sent")
    with later(minutes=10):
        actions.add_comment(asked, by=northwind.lena, text="Second")
        second = mails().last()
        assert second.not_before == first.not_before + timedelta(hours=1)
        actions.add_comment(asked, by=northwind.mia, text="Third")
        assert mails().count() == 2
    OutboxItem.objects.filter(pk=second.pk).update(state="sent")
    with later(hours=3):
        last = actions.add_comment(asked, by=northwind.lena, text="Fourth")
        assert mails().last().not_before == last.written_at + timedelta(minutes=1)
