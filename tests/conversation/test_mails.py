"""The mail that says what was said."""

from __future__ import annotations

import pytest

from conversation import actions
from notifications import mails
from notifications.models import OutboxItem


@pytest.fixture
def mail(northwind, asked):
    actions.add_comment(
        asked, by=northwind.lena, text="Which **fair**?\n\nAnalytica, or <b>Arablab</b>?"
    )
    actions.add_comment(asked, by=northwind.mia, text="And in which language?")
    return OutboxItem.objects.with_recipient().get(kind="conversation.comment")


def test_it_brings_all_that_was_said_and_the_way_to_answer(mail, asked, settings):
    rendered = mails.render(mail)

    assert rendered.subject == f"Lena and Mia on {asked.key}: {asked.title}"
    assert "Which <strong>fair</strong>?" in rendered.html
    assert "&lt;b&gt;Arablab" in rendered.html
    for words in ("Which **fair**?", "And in which language?", "Lena Okafor"):
        assert words in rendered.text
    address = f"{settings.SITE_URL}{asked.get_absolute_url()}#comments"
    assert address in rendered.html
    assert address in rendered.text


def test_it_tells_the_time_of_its_reader(mail):
    assert "in Chicago" in mails.render(mail).text


def test_it_says_nothing_of_what_was_removed_while_it_left(northwind, mail):
    OutboxItem.objects.filter(pk=mail.pk).update(state="sending")
    comments = northwind.workspace.comments.order_by("pk")
    actions.remove_comment(comments[0], by=northwind.lena)
    assert "fair" not in mails.render(mail).text
    actions.remove_comment(comments[1], by=northwind.mia)
    rendered = mails.render(mail)
    assert "has been removed since" in rendered.text
    assert "language" not in rendered.html


def test_three_people_are_named_by_the_first(northwind, asked, mail):
    actions.add_comment(asked, by=northwind.grace, text="Please hurry")
    mail.refresh_from_db()
    assert mails.render(mail).subject.startswith("Lena and others on ")
