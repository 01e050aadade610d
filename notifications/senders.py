"""Handing one message to the outside, and saying honestly what became of it.

Three answers beside success: surely not accepted (`NotAcceptedError`, try again later), surely
refused (`RefusedError`), and broken after the body went out (`UncertainError`): nobody knows
whether it arrived, so a person decides. Django's backends do not tell the last from the first,
therefore SMTP is watched here while the body is on its way.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.utils.translation import gettext as _

# A sender takes one message and returns when it was accepted, or raises one of the errors below.
Sender = Callable[[EmailMessage], None]

# However slowly the other side answers, one message holds a worker no longer than this
DEADLINE_SECONDS = 25.0


class SendingError(Exception):
    """The message was not accepted, as far as we know; the text is for people."""


class NotAcceptedError(SendingError):
    """Surely not accepted: trying again cannot make a second copy."""


class RefusedError(SendingError):
    """Surely refused: trying again by ourselves would not help."""


class UncertainError(SendingError):
    """The line broke while the other side took it: it may have arrived."""


def send_mail(message: EmailMessage) -> None:
    """Send by whatever the settings name: our own SMTP client, or any Django backend.

    Raises NotAcceptedError, RefusedError or UncertainError.
    """
    if settings.EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
        send_by_smtp(message)
    else:
        _send_by_backend(message)


def send_by_smtp(message: EmailMessage) -> None:
    """Send over SMTP within a total deadline, noticing how far it came.

    Raises NotAcceptedError, RefusedError or UncertainError.
    """
    backend = _WatchedBackend()
    try:
        backend.open()
    except Exception as error:
        backend.abandon()
        # a wrong password or certificate is for the operator to mend; the mail can wait for it
        raise NotAcceptedError(_said(error)) from error
    line = backend.connection
    try:
        _, sender = parseaddr(message.from_email)
        recipients = [parseaddr(address)[1] for address in message.recipients()]
        body = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's
        line.sendmail(sender, recipients, body)
    except Exception as error:
        raise _smtp_verdict(error, may_have_arrived=line.may_have_arrived) from error
    finally:
        backend.abandon()


def _smtp_verdict(error: Exception, *, may_have_arrived: bool) -> SendingError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, _text = next(iter(error.recipients.values()))
        return _by_code(code, _said(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, _said(error))
    if may_have_arrived:
        return UncertainError(
            _("The line broke while the mail server took it. It may have arrived.")
        )
    return NotAcceptedError(_said(error))


def _by_code(code: int, sentence: str) -> SendingError:
    return RefusedError(sentence) if 500 <= code < 600 else NotAcceptedError(sentence)


def _said(error: Exception) -> str:
    """Return what happened as a sentence for people, and never more than a few lines."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _answer(code, text)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _("The mail server did not accept our sign-in.")
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return _("The mail server could not be reached.")
    if isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected):
        return _("The mail server did not answer.")
    return _("The mail could not be handed over: %(reason)s") % {"reason": str(error)[:300]}


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    readable = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return _("The mail server said: %(code)s %(text)s") % {"code": code, "text": readable[:300]}


class _WatchedLine(smtplib.SMTP):
    """An SMTP connection that ends at a deadline and knows whether the body has gone out."""

    may_have_arrived = False
    _in_data = False
    _is_late = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._watchdog = threading.Timer(DEADLINE_SECONDS, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            super().__init__(*args, **kwargs)
        except BaseException:
            self._watchdog.cancel()
            raise

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the body; from the server's “go ahead” to its answer nobody knows."""
        self._in_data = True
        answer = super().data(msg)
        self._in_data = False
        return answer

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer."""
        if self._is_late:
            raise TimeoutError
        code, text = super().getreply()
        self.may_have_arrived = self._in_data and code == 354
        return code, text

    def close(self) -> None:
        """Hang up."""
        self._watchdog.cancel()
        super().close()

    def _cut(self) -> None:
        self._is_late = True
        line = self.sock
        if line is not None:
            # past SSL's own shutdown, which would wait for the other side
            with contextlib.suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)


class _WatchedSslLine(_WatchedLine, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class _WatchedBackend(smtp.EmailBackend):
    """Django's backend for its settings, sign-in and TLS, with our line."""

    connection: Any
    _partial_connection: Any

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Our watched line, with or without TLS from the start."""
        return _WatchedSslLine if self.use_ssl else _WatchedLine

    def abandon(self) -> None:
        """Hang up; what the server says to that changes nothing any more."""
        for line in (self.connection, self._partial_connection):
            if line is not None:
                with contextlib.suppress(Exception):
                    if not line.may_have_arrived:
                        line.quit()
                line.close()
        self.connection = self._partial_connection = None


def _send_by_backend(message: EmailMessage) -> None:
    try:
        connection = get_connection()
        connection.open()
    except Exception as error:
        raise NotAcceptedError(_said(error)) from error
    try:
        connection.send_messages([message])
    except Exception as error:
        raise _backend_verdict(error) from error
    finally:
        with contextlib.suppress(Exception):
            connection.close()


def _backend_verdict(error: Exception) -> SendingError:
    # a provider's client carries the answer it got (anymail: AnymailAPIError.status_code)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:
        sentence = _("The mail service answered %(status)s.") % {"status": status}
        return NotAcceptedError(sentence) if status in {408, 429} else RefusedError(sentence)
    if isinstance(error, ConnectionRefusedError | PermissionError | FileNotFoundError):
        return NotAcceptedError(_said(error))
    if type(error).__name__ == "AnymailRecipientsRefused":
        return RefusedError(_("The mail service refused the address."))
    return UncertainError(_("The line broke while the mail service took it. It may have arrived."))
