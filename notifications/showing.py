"""How a mail fared, in words: for whom, what it is, what happened, what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import Membership

from . import mails, policy
from .models import OutboxItem, OutboxState

#: A state's icon and colour; its words are those of OutboxState.
LOOKS = {
    OutboxState.FAILED: ("circle-x", "bad"),
    OutboxState.UNCERTAIN: ("circle-question-mark", "warn"),
    OutboxState.QUEUED: ("clock", "warn"),
}


@dataclass(frozen=True)
class Shown:
    """One row of the outbox page."""

    item: OutboxItem
    kind: str
    subject: str
    why: str
    icon: str
    look: str
    again_url: str


def shown_to(reader: Membership, item: OutboxItem) -> Shown:
    """Tell about one mail what this reader may know."""
    icon, look = LOOKS[OutboxState(item.state)]
    return Shown(
        item=item,
        kind=mails.name_of(item.kind),
        subject=item.subject if policy.can_see_subjects(reader) else "",
        why=_why(item),
        icon=icon,
        look=look,
        again_url=reverse("outbox_again", args=[reader.workspace.slug, item.pk]),
    )


def _why(item: OutboxItem) -> str:
    reason = item.last_error
    if reason and reason[-1] not in ".!?":  # a mail server's words often end without
        reason = f"{reason}."
    if item.may_be_there:
        return f"{reason} {_('We never send twice by ourselves.')}".strip()
    tries = ngettext("Tried once.", "Tried %(n)d times.", item.attempts) % {"n": item.attempts}
    return f"{reason} {tries}".strip()
