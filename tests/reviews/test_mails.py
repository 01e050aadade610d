"""The mail of a review: “you” for the reader's own, HTML and text alike, everything escaped."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import html5lib
import pytest
from django.core import mail as outbox_of_django

from notifications import actions as outbox
from notifications.models import OutboxItem, OutboxState
from reviews import actions, mails, wording
from reviews.facts import (
    Facts,
    Goal,
    Link,
    Points,
)
from tests.arranging import arranging
from tests.reviews.scenes import facts_for, review_of

HOSTILE = '<script>alert("x")</script><img src=x onerror=y>&"\''


@pytest.fixture
def review(northwind):
    return review_of(northwind, facts_for(northwind))


def test_the_first_screen_says_verdict_lead_and_three_numbers(northwind, review):
    mail = mails.preview(review, northwind.sam)
    assert mail.subject == "Sprint 13: goal met, and 2 things you asked for"
    for words in ("Goal met", "Make the fair count", "96 of 80 meetings booked", "Hello Sam."):
        assert words in mail.html
        assert words.lower() in mail.text.lower()
    assert "* 55 of 60 points done" in mail.text
    assert "* 2 of your requests delivered" in mail.text
    assert "* 12 of 12 requests answered in time" in mail.text


def test_the_readers_own_requests_are_said_with_you(northwind, review):
    sams, chiaras = (mails.preview(review, one).text for one in (northwind.sam, northwind.chiara))
    assert "One-page flyer (You asked, REQ-1)" in sams
    assert "Battle card (Chiara asked, REQ-2)" in sams
    assert "Battle card (You asked, REQ-2)" in chiaras
    assert sams.index("One-page flyer (") < sams.index("Battle card (")
    assert chiaras.index("Battle card (") < chiaras.index("One-page flyer (")
    assert "“Case study”, which you asked for, is not done yet; it moves to sprint 14." in sams
    assert "which you asked for" not in chiaras
    assert "Slides\n  Your idea, planned for sprint 14. Gladly." in sams
    assert "Advert\n  Declined, over budget. No." in sams


def test_a_managers_mail_names_the_people_who_asked(northwind, review):
    text = mails.preview(review, northwind.grace).text
    assert "One-page flyer (Sam asked, REQ-1)" in text
    assert "because you are a manager at Northwind Instruments" in text


def test_what_is_hidden_is_in_no_mail_even_for_who_asked(northwind):
    facts = facts_for(northwind)
    marks = {**wording.marks(facts), "asked-REQ-1": "hidden", "task-NW-2": "hidden"}
    marks |= {"carried-NW-4": "hidden", "answer-REQ-3": "hidden"}
    review = review_of(northwind, facts, marks=marks, lead="Done.")
    mail = mails.preview(review, northwind.sam)
    for title in ("One-page flyer", "Booth graphics", "Case study", "Slides"):
        assert title not in mail.html
        assert title not in mail.text


def test_what_is_neither_starred_nor_the_readers_own_stays_on_the_page(northwind):
    review = review_of(northwind, facts_for(northwind), marks={"task-NW-3": "highlighted"})
    text = mails.preview(review, northwind.sam).text
    assert "Booth crew roster" in text
    assert "One-page flyer" in text  # his own
    assert "Battle card" not in text
    assert "Booth graphics" not in text
    assert "Advert" not in text


def test_links_lead_to_what_was_made_and_to_the_review(northwind, review, settings):
    settings.SITE_URL = "https://board.example.com"
    mail = mails.preview(review, northwind.sam)
    page = "https://board.example.com/w/northwind/reviews/13/"
    assert f"Read the review:\n{page}" in mail.text
    links = re.findall(r'href="([^"]+)"', mail.html)
    assert page in links
    assert "https://files.example/flyer.pdf?a=1&amp;b=2" in links
    assert "https://board.example.com/w/northwind/requests/REQ-2/" in links
    assert "https://files.example/flyer.pdf?a=1&b=2" in mail.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example/"])
def test_a_link_of_another_kind_is_no_link_in_a_mail(northwind, url):
    facts = facts_for(northwind)
    asked = replace(facts.asked[0], links=(Link("Open", url),))
    review = review_of(northwind, replace(facts, asked=(asked,)))
    mail = mails.preview(review, northwind.sam)
    assert url not in mail.html
    assert "/requests/REQ-1/" in mail.html


def test_whatever_people_write_is_text_in_every_mail(northwind):
    facts = facts_for(northwind, HOSTILE)
    with arranging():
        northwind.workspace.name = f"Northwind {HOSTILE}"[:80]
        northwind.workspace.save()
        northwind.sam.shown_name = f"Sam{HOSTILE}"
        northwind.sam.save()
    words = dict.fromkeys(("subject", "lead", "learnings", "next_up"), f"Words {HOSTILE}")
    review = review_of(northwind, facts, **words)
    for reader in (northwind.sam, northwind.grace):
        mail = mails.preview(review, reader)
        elements = list(html5lib.parse(mail.html, namespaceHTMLElements=False).iter())
        tags = {element.tag for element in elements}
        assert not tags & {"script", "img", "iframe", "form", "input", "link"}
        assert not any(name.startswith("on") for one in elements for name in one.attrib)
        assert any(HOSTILE in (element.text or "") for element in elements)
        assert HOSTILE in mail.text  # as it was typed: text escapes nothing
        assert "&lt;" not in mail.text


def test_a_mail_loads_nothing_and_keeps_its_look_inline(northwind, review):
    html = mails.preview(review, northwind.sam).html
    assert not re.search(r"<(img|link|script|iframe)\b|url\(|@import", html)
    assert html.count('style="') > 20
    assert "prefers-color-scheme" in html
    assert 'role="presentation"' in html
    assert "{%" not in html
    assert "{{" not in html


def test_the_mail_is_small_enough_not_to_be_clipped(northwind):
    facts = facts_for(northwind)
    many = tuple(replace(facts.asked[1], key=f"REQ-{n}") for n in range(60))
    answers = tuple(replace(facts.answers[1], key=f"REQ-{n}", words="x" * 4000) for n in range(60))
    facts = replace(facts, asked=many, answers=answers)
    review = review_of(northwind, facts)
    assert len(mails.preview(review, northwind.grace).html.encode()) < 100_000


def test_learnings_stand_in_the_mail_when_there_are_any(northwind, review):
    assert "What we learned" not in mails.preview(review, northwind.sam).html
    review.learnings = "Ask two reps first.\nOne round instead of four."
    with arranging():
        review.save()
    html = mails.preview(review, northwind.sam).html
    assert "What we learned" in html
    assert "Ask two reps first.<br>One round" in html


def test_a_review_with_hardly_any_facts_still_makes_a_mail(northwind):
    facts = Facts(
        number=13,
        starts_on=date(2026, 12, 3),
        ends_on=date(2026, 12, 16),
        started_at=None,
        closed_at=datetime(2026, 12, 16, 23, 0, tzinfo=UTC),
        goal=Goal(),
        points=Points(),
        tasks_done=0,
    )
    mail = mails.preview(review_of(northwind, facts), northwind.sam)
    assert "You asked, we delivered" not in mail.html
    assert "What we decided" not in mail.html
    assert "* 0 points done" in mail.text
    assert mail.subject == "Sprint 13: 0 tasks done"


def test_a_test_says_that_it_is_one(northwind, review):
    actions.send_test(review, by=northwind.mia)
    assert outbox.deliver(OutboxItem.objects.get()) == OutboxState.SENT
    (sent,) = outbox_of_django.outbox
    assert sent.subject == f"Test: {review.subject}"
    assert "nobody else got this mail" in sent.body


def test_each_reader_gets_html_and_text_once(northwind, review, time_machine):
    time_machine.move_to(datetime(2026, 12, 17, 6, 0, tzinfo=UTC), tick=False)
    actions.publish_review(review, by=northwind.mia, version=review.version)
    for _ in range(2):
        for item in OutboxItem.objects.all():
            assert outbox.deliver(item) == OutboxState.SENT
    assert sorted(message.to[0] for message in outbox_of_django.outbox) == [
        "Chiara Bianchi <chiara@northwind.example>",
        "Grace Adeyemi <grace@northwind.example>",
        "Sam Whitfield <sam@northwind.example>",
    ]
    for message in outbox_of_django.outbox:
        assert "One-page flyer" in message.body
        ((html, kind),) = message.alternatives
        assert kind == "text/html"
        assert "One-page flyer" in html


def test_a_mail_tells_the_words_that_are_in_the_review_when_it_leaves(northwind, review):
    actions.publish_review(review, by=northwind.mia, version=review.version, send="morning")
    item = OutboxItem.objects.get(recipient=northwind.sam)
    OutboxItem.objects.update(not_before=item.created_at - timedelta(minutes=1))
    assert outbox.deliver(item) == OutboxState.SENT
    assert review.lead in outbox_of_django.outbox[0].body
