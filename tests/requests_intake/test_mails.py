"""What a rep reads by mail, as text and as HTML."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from activity.changes import SYSTEM, change
from backlog import actions as backlog
from backlog.models import Task
from notifications.mails import message_for
from notifications.models import OutboxItem
from requests_intake import actions

ATTACK = "<script>alert(1)</script>"


def mail(kind: str) -> tuple[str, str, str]:
    """Return the subject, text and HTML of the newest mail of a kind."""
    item = OutboxItem.objects.with_recipient().filter(kind=kind).order_by("pk").last()
    message = message_for(item)
    assert message.to == ["Sam Whitfield <sam@northwind.example>"]
    [(html, kind_of)] = message.alternatives
    assert kind_of == "text/html"
    return message.subject, message.body, html


def tags(html: str) -> set[str]:
    """Return the names of the elements that a mail program would build."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.add(tag)

    Reader().feed(html)
    return found


def test_a_promise_is_mailed_with_its_sprint(northwind, ask, sprint):
    request = ask(northwind.sam)
    actions.plan_request(
        request, by=northwind.mia, words="Before Dairyland.", version=1, sprint=sprint
    )
    subject, text, html = mail("intake.answer")
    assert subject == "Yes, in sprint 14: Slides for dairies"
    for part in (text, html):
        assert "Planned for sprint 14, 17 to 30 December" in part
        assert "Before Dairyland." in part
        assert "Mia Lindqvist, Thursday 10 December, 07:32 in Chicago" in part
        assert f"/w/northwind/requests/{request.key}/" in part


def test_a_yes_without_a_date_promises_none(northwind, ask):
    actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    subject, text, _html = mail("intake.answer")
    assert subject == "Yes: Slides for dairies"
    assert "sprint" not in text


def test_a_no_carries_its_reason(northwind, ask):
    actions.decline_request(
        ask(northwind.sam), by=northwind.mia, words="Sorry.", version=1, reason="over_budget"
    )
    subject, text, html = mail("intake.answer")
    assert subject == "Not this time: Slides for dairies"
    assert "Reason: Over budget." in text
    assert "Over budget." in html


def test_what_people_type_is_text_in_the_html_and_raw_in_the_text(northwind, ask):
    actions.decline_request(
        ask(northwind.sam, title=f"A & {ATTACK}"),
        by=northwind.mia,
        words=f"No.\n{ATTACK}",
        version=1,
        reason="other",
    )
    subject, text, html = mail("intake.answer")
    assert subject == f"Not this time: A & {ATTACK}"
    assert text.count(ATTACK) == 2
    assert "&amp;" not in text
    assert "script" not in tags(html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.fixture
def running(northwind, ask, sprint):
    request = ask(northwind.sam)
    actions.plan_request(request, by=northwind.mia, words="In 14.", version=1, sprint=sprint)
    task = Task.objects.get()
    task = backlog.pull_task(task, by=northwind.mia, version=task.version, sprint=sprint)
    backlog.start_sprint(sprint, by=northwind.mia, version=1)
    return task


def test_delivered_work_comes_with_its_links(northwind, running):
    backlog.add_deliverable(
        running, by=northwind.mia, label="The slides", url="https://x.example/?a=1&b=2"
    )
    running.refresh_from_db()
    backlog.move_task(
        running, by=northwind.mia, version=running.version, column=northwind.column("done")
    )
    actions.follow_work()
    subject, text, html = mail("intake.delivered")
    assert subject == "It is done: Slides for dairies"
    assert "https://x.example/?a=1&b=2" in text
    assert 'href="https://x.example/?a=1&amp;b=2"' in html
    assert "You asked for it on Thursday 10 December." in text


def test_a_moved_promise_says_what_was_and_what_is(northwind, running, sprint, thursday):
    thursday.shift(timedelta(days=21))
    sprint.refresh_from_db()
    with change(northwind.workspace, by=SYSTEM) as record:
        backlog.end_sprint(sprint, by=SYSTEM, record=record)
    actions.follow_work()
    subject, text, html = mail("intake.moved")
    assert subject == "New date for Slides for dairies"
    assert "It is now planned for sprint 15, 31 December 2026 to 13 January 2027." in text
    assert "You had been told sprint 14, until Wednesday 30 December." in text
    assert "<strong" in html


def test_a_lost_promise_says_so(northwind, running, sprint):
    sprint.refresh_from_db()
    with change(northwind.workspace, by=SYSTEM) as record:
        backlog.end_sprint(sprint, by=SYSTEM, record=record, carry_to="backlog")
    actions.follow_work()
    subject, text, _html = mail("intake.moved")
    assert subject == "No date any more for Slides for dairies"
    assert "It is not planned for a sprint any more." in text
