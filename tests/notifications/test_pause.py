"""A paused outbox: nothing leaves until a person says so."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command

from activity import doorbell
from activity.changes import SYSTEM, change
from notifications import actions, mails
from notifications.models import OutboxItem, OutboxState
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(northwind: World, monkeypatch: pytest.MonkeyPatch) -> OutboxItem:
    monkeypatch.setattr(doorbell, "_ring_now", lambda *args: None)
    monkeypatch.setattr(mails, "message_for", lambda item: EmailMessage())
    with change(northwind.workspace, by=SYSTEM) as record:
        return actions.queue_mail(
            record, kind="news", recipient=northwind.sam, dedupe_key="one", payload={}
        )


def test_nothing_leaves_while_it_is_paused(item: OutboxItem) -> None:
    sent: list[EmailMessage] = []
    actions.pause()
    assert actions.deliver(item, send=sent.append) == OutboxState.QUEUED
    assert actions.sweep() == 0
    assert sent == []
    actions.resume()
    assert actions.sweep() == 1
    assert actions.deliver(item, send=sent.append) == OutboxState.SENT
    assert len(sent) == 1


def test_the_settings_pause_it_too_and_resume_does_not_overrule_them(
    item: OutboxItem, settings: Any
) -> None:
    settings.OUTBOX_PAUSED = True
    actions.resume()
    assert actions.is_paused()
    assert actions.deliver(item, send=lambda message: None) == OutboxState.QUEUED


def test_what_is_held_back_waits_for_a_person(item: OutboxItem) -> None:
    actions.pause()
    assert actions.resume(hold_back=True) == 1
    assert actions.deliver(item, send=lambda message: None) == OutboxState.UNCERTAIN
    item.refresh_from_db()
    assert item.can_be_sent_again
    assert "restored" in item.last_error


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("outbox", *arguments, stdout=StringIO())
    return capsys.readouterr().out


def test_the_command_says_how_things_are(
    item: OutboxItem, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "status").startswith("Running.")
    paused = said(capsys, "pause")
    assert "Paused: nothing leaves." in paused
    assert "1 queued, since" in paused
    resumed = said(capsys, "resume", "--hold-back")
    assert "1 messages are held back" in resumed
    assert "1 uncertain" in resumed


def test_admins_are_told_on_every_page_and_nobody_else(northwind: World, client_of: Any) -> None:
    sentence = "Nothing is mailed at the moment."
    mia, lena = client_of(northwind.mia), client_of(northwind.lena)
    assert sentence not in mia.get("/w/northwind/board/").content.decode()
    actions.pause()
    assert sentence in mia.get("/w/northwind/board/").content.decode()
    assert sentence in mia.get("/w/northwind/").content.decode()
    assert sentence not in lena.get("/w/northwind/board/").content.decode()
