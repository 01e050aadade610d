"""The words for when an answer is due."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import TYPE_CHECKING

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activity import clock
from people.zones import city_of
from requests_intake.models import Request

if TYPE_CHECKING:
    from people.models import Workspace

register = template.Library()


@register.simple_tag
def due_words(due: datetime, workspace: Workspace) -> str:
    """Return one instant for both sides: “Monday 14 December, 17:00 in Stockholm, 10:00 for you”.

    A reader whose clock shows the same gets it once.
    """
    there = due.astimezone(zoneinfo.ZoneInfo(workspace.time_zone))
    here = timezone.localtime(due)
    day, time = date_format(there, "l j F"), f"{there:%H:%M}"
    if here.replace(tzinfo=None) == there.replace(tzinfo=None):
        return _("%(day)s, %(time)s") % {"day": day, "time": time}
    values = {
        "day": day,
        "time": time,
        "city": city_of(workspace.time_zone),
        "here": f"{here:%H:%M}",
        "here_day": date_format(here, "l"),
    }
    if here.date() == there.date():
        return _("%(day)s, %(time)s in %(city)s, %(here)s for you") % values
    return _("%(day)s, %(time)s in %(city)s, %(here_day)s %(here)s for you") % values


@register.inclusion_tag("requests_intake/_due_chip.html")
def due_chip(request: Request, css: str = "trail") -> dict[str, str]:
    """Return how urgent an answer is: late, due today or tomorrow, or on a day."""
    return {"css": css, **_urgency(request)}


def _urgency(request: Request) -> dict[str, str]:
    due, now = request.answer_due_at, clock.now()
    local = timezone.localtime(due)
    days = (local.date() - timezone.localtime(now).date()).days
    if due < now:
        return {"look": "chip-bad", "text": _late(due, now)}
    if days <= 1:
        word = _("Tomorrow %(time)s") if days else _("Today %(time)s")
        return {"look": "chip-warn", "text": word % {"time": f"{local:%H:%M}"}}
    return {"look": "", "text": date_format(local, "D j" if days < 14 else "D j M")}


def _late(due: datetime, now: datetime) -> str:
    hours = int((now - due).total_seconds() // 3600)
    if hours < 1:
        return _("Late")
    if hours < 48:
        return ngettext("%(n)s h late", "%(n)s h late", hours) % {"n": hours}
    return ngettext("%(n)s day late", "%(n)s days late", hours // 24) % {"n": hours // 24}
