"""The daily mail: what somebody has not read yet, and where to read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from notifications.mails import Mail, absolute, from_templates, mail_kind
from notifications.models import Notice, OutboxItem
from people.models import Membership

from .actions import DAILY_MAIL
from .links import DAILY, address_for, headers_for
from .reading import Line, lines_of


@mail_kind(DAILY_MAIL, _lazy("What is new, once a day"))
def daily(item: OutboxItem) -> Mail:
    """Bring what is still unread as it leaves."""
    found = (
        Notice.objects.visible_to(item.recipient)
        .unread()
        .filter(pk__in=item.payload["notices"])
        .select_related("actor")
        .order_by("-pk")
    )
    lines = lines_of(item.workspace, found)
    more = item.payload["more"]
    amount = len(lines) + more
    subject = ngettext("%(n)s thing new for you", "%(n)s things new for you", amount)
    return with_way_out(
        from_templates(
            "notifications/daily",
            item,
            subject=subject % {"n": amount} if lines else _("Nothing new is left for you"),
            preheader=_preheader(lines),
            context={
                "lines": [(line, absolute(line.told.url)) for line in lines],
                "more": more,
                "button_url": absolute(reverse("inbox", args=[item.workspace.slug])),
                "button_text": _("Open your inbox"),
                **way_out(item.recipient, DAILY),
            },
        ),
        item.recipient,
        DAILY,
    )


def way_out(member: Membership, what: str) -> dict[str, Any]:
    """Return what a mail's foot needs: the link that stops such mails, and where to choose."""
    return {
        "unsubscribe_url": address_for(member, what),
        "preferences_url": absolute(reverse("preferences", args=[member.workspace.slug])),
    }


def with_way_out(mail: Mail, member: Membership, what: str) -> Mail:
    """Return a mail with the headers by which a mail program offers to stop such mails."""
    return replace(mail, headers={**mail.headers, **headers_for(member, what)})


def _preheader(lines: list[Line]) -> str:
    return "; ".join(f"{line.notice.actor.first_name}: {line.told.title}" for line in lines)[:150]
