"""What people read by mail of impediments: that one is theirs, and that one is there too long."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from notifications.mails import Mail, absolute, from_templates, mail_kind
from notifications.models import OutboxItem

from .models import Impediment


@mail_kind("backlog.impediment", _lazy("An impediment to remove"))
def impediment(item: OutboxItem) -> Mail:
    """Tell an owner what he is to remove."""
    found = _impediment(item)
    subject = _("%(key)s is blocked, and you can help: %(title)s")
    return _mail("backlog/impediment", item, found, subject)


@mail_kind("backlog.escalated", _lazy("An impediment that is there too long"))
def escalated(item: OutboxItem) -> Mail:
    """Tell managers and the owner what has been blocking for too long."""
    found = _impediment(item)
    return _mail("backlog/escalated", item, found, _("Still blocked: %(key)s, %(title)s"))


def _mail(name: str, item: OutboxItem, found: Impediment, subject: str) -> Mail:
    task = found.task
    context: dict[str, Any] = {
        "impediment": found,
        "task": task,
        "is_owner": found.owner_id == item.recipient_id,
        "button_url": absolute(task.get_absolute_url()),
        "button_text": _("See %(key)s") % {"key": task.key},
    }
    words = {"key": task.key, "title": task.title}
    return from_templates(
        name, item, subject=subject % words, preheader=found.reason[:150], context=context
    )


def _impediment(item: OutboxItem) -> Impediment:
    rows = Impediment.objects.for_rows().filter(workspace=item.workspace)
    return rows.get(pk=item.payload["impediment"])
