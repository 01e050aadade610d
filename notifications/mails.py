"""Mail: which renderer makes which kind, and how a message is put together.

An app registers its kinds in its own `mails.py`, imported by `AppConfig.ready()`:

    @mail_kind("intake.answer", _("Answer to a request"))
    def answer(item: OutboxItem) -> Mail:
        return from_templates("requests_intake/answer", item, subject=..., context={...})

Renderers run in the recipient's language and zone, outside every transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from functools import cache
from typing import TYPE_CHECKING, Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .models import OutboxItem

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Mail:
    """One rendered mail. `headers` are extra ones, by name."""

    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)


Renderer = Callable[[OutboxItem], Mail]


class UnknownKindError(Exception):
    """This build has no renderer for the kind; a newer one may."""


_renderers: dict[str, Renderer] = {}
_names: dict[str, StrOrPromise] = {}


def mail_kind(kind: str, name: StrOrPromise = "") -> Callable[[Renderer], Renderer]:
    """Register the renderer of one kind of mail, and how people call it.

    Raises RuntimeError when another renderer already has the kind.
    """

    def register(renderer: Renderer) -> Renderer:
        if _renderers.setdefault(kind, renderer) is not renderer:
            raise RuntimeError(f"Two renderers for {kind}.")
        _names[kind] = name
        return renderer

    return register


def name_of(kind: str) -> str:
    """Return how people call a kind of mail."""
    return str(_names.get(kind) or _("Mail"))


def render(item: OutboxItem) -> Mail:
    """Render a row as its recipient reads it: in his language, with his clock.

    Raises UnknownKindError, and whatever a faulty renderer raises.
    """
    try:
        renderer = _renderers[item.kind]
    except KeyError:
        raise UnknownKindError(item.kind) from None
    reader = item.recipient.user
    with timezone.override(reader.zone), translation.override(reader.locale):
        return renderer(item)


def message_for(item: OutboxItem) -> EmailMessage:
    """Return the message of a row, to its one recipient.

    Raises what `render` raises.
    """
    mail = render(item)
    sender_name = _("%(workspace)s via Sprintboard") % {"workspace": item.workspace.name}
    message = EmailMultiAlternatives(
        subject=one_line(mail.subject),
        body=mail.text,
        from_email=_address(sender_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        to=[item.address or _address(item.recipient.shown_name, item.recipient.user.email)],
        headers={
            **{name: one_line(value) for name, value in mail.headers.items()},
            "Message-ID": item.message_id,
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def send_stored(message: EmailMessage) -> None:
    """Mail nothing: a sender for rows whose sending is history, as in the demo."""


def absolute(path: str) -> str:
    """Return the full address of one of our pages; links never take a Host header's word.

    Raises ValueError for what is not a path.
    """
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"{path!r} is no path of this site.")
    return f"{settings.SITE_URL}{path}"


def one_line(text: str) -> str:
    """Return text that is safe in a header: one line, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def from_templates(
    name: str, item: OutboxItem, *, subject: str, preheader: str = "", context: dict[str, Any]
) -> Mail:
    """Render `templates/mail/<name>.html` and its `.txt` twin.

    Both get `workspace`, `recipient`, `subject` and `preheader` beside the context; the rules of
    `templates/mail/mail.css` are written into the HTML, because mail programs read no others.
    """
    values = {
        "workspace": item.workspace,
        "recipient": item.recipient,
        "subject": one_line(subject),
        "preheader": preheader,
        **context,
    }
    html = render_to_string(f"mail/{name}.html", values)
    text = render_to_string(f"mail/{name}.txt", values)
    return Mail(subject=values["subject"], text=_tidy(text), html=_inliner().inline(html))


@cache
def _inliner() -> css_inline.CSSInliner:
    css = (settings.BASE_DIR / "templates" / "mail" / "mail.css").read_text(encoding="utf-8")
    return css_inline.CSSInliner(
        extra_css=css,
        keep_at_rules=True,  # dark colours and small screens, for readers that know them
        load_remote_stylesheets=False,
    )


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _address(name: str, address: str) -> str:
    return formataddr((one_line(name), address))
