"""Mail against a server that misbehaves on purpose: the right state, and never two copies."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from activity.changes import SYSTEM, change
from notifications import actions, senders
from notifications.mails import Mail, mail_kind
from notifications.models import OutboxState


@mail_kind("tests.smtp")
def _letter(item):
    return Mail(subject="Žluť", text="Dobrý den\n.\nKonec", html="<p>Dobrý den</p>")


class Script:
    """A mail server that answers each mail as its next mode says."""

    def __init__(self) -> None:
        self.modes: list[str] = []
        self.accepted: list[bytes] = []
        self.tries = 0

    def mode(self) -> str:
        return self.modes[0] if self.modes else "ok"

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        self.tries += 1
        if self.mode() == "450 sender":
            self.modes.pop(0)
            return "450 Not now"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answers = {
            "421": "421 Too many mails, come back later",
            "450": "450 Greylisted, please try again",
            "452": "452 Mailbox full",
            "550": "550 No such mailbox",
        }
        if answer := answers.get(self.mode()):
            self.modes.pop(0)
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mode = self.modes.pop(0) if self.modes else "ok"
        if mode == "554 content":
            return "554 This looks like spam"
        if mode == "451 content":
            return "451 Try again"
        self.accepted.append(envelope.content)
        if mode == "drop":
            server.transport.abort()
            return "250 never heard"
        if mode == "hang":
            await asyncio.sleep(1)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp(settings) -> Iterator[Script]:
    script = Script()
    server = Controller(script, hostname="127.0.0.1", port=free_port())
    server.start()
    use(settings, server.port)
    yield script
    server.stop()


def use(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5


@contextlib.contextmanager
def talking(settings, say) -> Iterator[None]:
    """Listen, and let a function do the talking on each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use(settings, listener.getsockname()[1])

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    line, _address = listener.accept()
                    with line, contextlib.suppress(OSError):
                        say(line)

        threading.Thread(target=serve, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def item(northwind, monkeypatch):
    monkeypatch.setattr(actions, "ring", lambda job, *args: None)
    with change(northwind.workspace, by=SYSTEM) as record:
        return actions.queue_mail(
            record, kind="tests.smtp", recipient=northwind.sam, dedupe_key="x", payload={}
        )


def try_until_settled(item) -> OutboxState:
    """Deliver again and again, as a worker would over hours."""
    state = actions.deliver(item)
    for _ in range(5):
        if state != OutboxState.QUEUED:
            break
        type(item).objects.filter(pk=item.pk).update(not_before=actions.clock.now())
        state = actions.deliver(item)
    item.refresh_from_db()
    return state


def test_a_mail_arrives_whole(smtp, item):
    assert actions.deliver(item) == OutboxState.SENT
    (content,) = smtp.accepted
    assert item.message_id.encode() in content
    assert b"multipart/alternative" in content
    assert b"To: Sam Whitfield <sam@northwind.example>" in content


@pytest.mark.parametrize("mode", ["421", "450", "452", "450 sender", "451 content"])
def test_what_was_surely_not_accepted_is_retried_and_arrives_once(smtp, item, mode):
    smtp.modes = [mode]
    assert actions.deliver(item) == OutboxState.QUEUED
    item.refresh_from_db()
    assert mode.split()[0] in item.last_error
    assert item.not_before > actions.clock.now()
    type(item).objects.update(not_before=actions.clock.now())
    assert actions.deliver(item) == OutboxState.SENT
    assert len(smtp.accepted) == 1


@pytest.mark.parametrize(("mode", "words"), [("550", "No such mailbox"), ("554 content", "spam")])
def test_what_was_surely_refused_has_failed(smtp, item, mode, words):
    smtp.modes = [mode]
    assert try_until_settled(item) == OutboxState.FAILED
    assert words in item.last_error
    assert (smtp.tries, smtp.accepted) == (1, [])


@pytest.mark.parametrize("mode", ["drop", "hang"])
def test_a_line_that_breaks_after_the_body_is_uncertain_and_not_sent_again(
    smtp, item, mode, settings
):
    settings.EMAIL_TIMEOUT = 0.3
    smtp.modes = [mode]
    assert try_until_settled(item) == OutboxState.UNCERTAIN
    assert "may have arrived" in item.last_error
    assert len(smtp.accepted) == 1


def test_sent_again_by_a_person_the_mail_has_the_same_message_id(smtp, item, northwind):
    smtp.modes = ["drop"]
    actions.deliver(item)
    actions.send_again(item, by=northwind.mia)
    assert actions.deliver(item) == OutboxState.SENT
    first, second = smtp.accepted
    assert item.message_id.encode() in first
    assert item.message_id.encode() in second


def test_nobody_listening_is_tried_again(item, settings):
    use(settings, free_port())
    assert actions.deliver(item) == OutboxState.QUEUED
    item.refresh_from_db()
    assert item.last_error == "The mail server could not be reached."


def test_a_server_that_never_greets_is_tried_again(item, settings):
    with talking(settings, lambda line: line.recv(1)):
        settings.EMAIL_TIMEOUT = 0.2
        assert actions.deliver(item) == OutboxState.QUEUED
    item.refresh_from_db()
    assert item.last_error == "The mail server did not answer."


def test_a_server_that_drips_does_not_hold_a_worker(item, settings, monkeypatch):
    monkeypatch.setattr(senders, "DEADLINE_SECONDS", 0.6)

    def drip(line):
        while True:
            line.sendall(b"220-still here\r\n")
            time.sleep(0.05)

    began = time.monotonic()
    with talking(settings, drip):
        assert actions.deliver(item) == OutboxState.QUEUED
    assert time.monotonic() - began < 3


def test_a_sign_in_that_fails_waits_for_the_operator(smtp, item, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "board", "wrong"
    assert actions.deliver(item) == OutboxState.QUEUED
    assert smtp.accepted == []


def test_one_refused_reader_does_not_hold_up_the_others(smtp, northwind, monkeypatch):
    monkeypatch.setattr(actions, "ring", lambda job, *args: None)
    readers = [northwind.sam, northwind.chiara, northwind.grace]
    with change(northwind.workspace, by=SYSTEM) as record:
        items = [
            actions.queue_mail(
                record, kind="tests.smtp", recipient=reader, dedupe_key=f"{reader.pk}", payload={}
            )
            for reader in readers
        ]
    smtp.modes = ["ok", "550", "ok"]
    assert [actions.deliver(item) for item in items] == ["sent", "failed", "sent"]
    assert len(smtp.accepted) == 2


# Other backends --------------------------------------------------------------------------------


class ProviderError(Exception):
    def __init__(self, status_code: int | None) -> None:
        super().__init__("provider")
        self.status_code = status_code


class AnymailRecipientsRefused(Exception):
    pass


class Backend(BaseEmailBackend):
    error: Exception | None = None
    sent: list[EmailMessage] = []

    def send_messages(self, messages):
        if Backend.error:
            raise Backend.error
        Backend.sent += messages
        return len(messages)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, OutboxState.SENT),
        (ProviderError(429), OutboxState.QUEUED),
        (ProviderError(400), OutboxState.FAILED),
        (ProviderError(503), OutboxState.UNCERTAIN),
        (ProviderError(None), OutboxState.UNCERTAIN),
        (TimeoutError(), OutboxState.UNCERTAIN),
        (ConnectionRefusedError(), OutboxState.QUEUED),
        (AnymailRecipientsRefused(), OutboxState.FAILED),
    ],
)
def test_a_providers_answer_decides(item, settings, error, state):
    settings.EMAIL_BACKEND = f"{__name__}.Backend"
    Backend.error, Backend.sent = error, []
    assert actions.deliver(item) == state
    assert len(Backend.sent) == (1 if error is None else 0)


def test_without_a_server_mail_lands_in_a_folder(item, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    assert actions.deliver(item) == OutboxState.SENT
    (file,) = (tmp_path / "mail").iterdir()
    assert "sam@northwind.example" in file.read_text()


def test_a_folder_that_cannot_be_written_is_tried_again(item, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    (tmp_path / "mail").write_text("in the way")
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    assert actions.deliver(item) == OutboxState.QUEUED
