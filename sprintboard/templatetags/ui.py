"""The words and shapes of the design, for templates. Loaded everywhere (settings: builtins)."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Hashable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import lucide
from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from activity import clock
from people.zones import city_of
from sprintboard.importmap import CORE, addresses, importmap_json, preloads

if TYPE_CHECKING:
    from people.models import Membership

register = template.Library()

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "INR": "₹", "BRL": "R$"}


# Shapes ---------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """Return one Lucide icon as inline SVG, decorative: the words beside it carry the meaning.

    Drawing one takes 0.14 ms, a board holds hundreds: so each is drawn once per process.
    Raises lucide.IconDoesNotExist for a name that Lucide does not have.
    """
    drawn = lucide._render_icon(name, None)
    inner = re.sub(r"^<svg[^>]*>|</svg>\s*$", "", drawn.strip()).strip()
    shapes = mark_safe(re.sub(r">\s+<", "><", inner))  # noqa: S308 -- the package's own drawing
    classes = f"icon {css}".strip()
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', classes, shapes
    )


@register.simple_tag
def avatar(
    member: Membership | None, size: str = "", css: str = "", label: bool = True
) -> SafeString:
    """Return a person: a circle for Marketing and managers, a square for Sales, dashed for nobody.

    `size` is "", "sm", "lg" or "xl". With label=False it is decoration beside the written name.
    """
    if member is None:
        name, initials, look = _("Nobody"), "", "is-none"
    else:
        name, initials = member.shown_name, member.initials
        look = "is-sales" if member.role == "sales" else f"tinted {hue_class(member.hue)}"
    classes = " ".join(
        part for part in ("avatar", look, f"avatar-{size}" if size else "", css) if part
    )
    if not label:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials)
    return format_html(
        '<span class="{}" role="img" aria-label="{}" title="{}">{}</span>',
        classes,
        name,
        name,
        initials,
    )


@register.filter
def hue_class(hue: int) -> str:
    """Return the class of a stored hue, to be used beside `tinted`: hue-130."""
    return f"hue-{round(hue / 5) * 5 % 360}"


@register.simple_tag
def ruler(days: Iterable[str]) -> SafeString:
    """Return a sprint as a ruler: a tick per day, each "", "past", "off", "off past" or "today".

    It is decoration: the days left stand beside it in words.
    """
    ticks = format_html_join("", '<li class="{}"></li>', ((day,) for day in days))
    return format_html('<ol class="ruler" aria-hidden="true">{}</ol>', ticks)


def _percent(amount: float, total: float) -> float:
    return round(min(100.0, max(0.0, 100 * amount / total)), 1) if total > 0 else 0.0


@register.simple_tag
def meter(
    label: str, total: float, at: float | None = None, css: str = "", **segments: float
) -> SafeString:
    """Return a bar of segments out of a total, told in words by its label.

    Segments are named by their look, in the order given: done, review, doing, plain, warn, bad,
    sales. `at` draws a tick (a target, an average). Widths are attributes: the page's policy
    forbids inline styles.
    """
    parts: list[SafeString] = []
    left = 0.0
    for look, amount in segments.items():
        width = min(_percent(amount or 0, total), round(100 - left, 1))
        if width <= 0:
            continue
        if parts:
            parts.append(format_html('<rect class="gap" x="{}%" width="2" height="100%"/>', left))
        rect = '<rect class="{}" x="{}%" width="{}%" height="100%" rx="2"/>'
        parts.insert(0, format_html(rect, look, left, width))
        left = round(left + width, 1)
    if at is not None:
        tick = '<rect class="tick" x="{}%" y="-4" width="2" height="14" rx="1"/>'
        parts.append(format_html(tick, _percent(at, total)))
    bars = format_html_join("", "{}", ((part,) for part in parts))
    classes = f"meter {css}".strip()
    return format_html('<svg class="{}" role="img" aria-label="{}">{}</svg>', classes, label, bars)


class Step(Protocol):
    """One step of a request: `state` is "done", "now", "no" or ""."""

    name: str
    note: str
    state: str


@register.inclusion_tag("components/tracker.html")
def tracker(steps: Sequence[Step]) -> dict[str, Any]:
    """Draw the five steps of a request, with what happened at each."""
    return {"steps": steps}


@register.simple_tag
def mini_tracker(steps: Sequence[Step]) -> SafeString:
    """Return the small form of the tracker, for rows; where it is stands beside it in words."""
    bars = format_html_join("", '<i class="{}"></i>', ((step.state,) for step in steps))
    return format_html('<span class="steps" aria-hidden="true">{}</span>', bars)


@register.simple_tag
def stored_html(html: str, css: str = "") -> SafeString:
    """Return Markdown that was rendered and cleaned when it was saved; htmx keeps out of it."""
    clean = mark_safe(html)  # noqa: S308 -- nh3 cleaned it on save, with the renderer's version
    return format_html('<div class="{}" hx-ignore>{}</div>', f"prose {css}".strip(), clean)


@register.simple_tag
def importmap() -> SafeString:
    """Return the import map and the hints for the modules that every page needs."""
    text = mark_safe(importmap_json())  # noqa: S308 -- our own file names; the policy has its hash
    hints = _hints([addresses()["htmx"], *preloads(*CORE)])
    return format_html('<script type="importmap">{}</script>{}', text, hints)


@register.simple_tag
@lru_cache(maxsize=32)
def preload(*names: str) -> SafeString:
    """Ask early for modules that a page's behaviours import, and in turn what those import."""
    return _hints(preloads(*names))


def _hints(found: Iterable[str]) -> SafeString:
    links = ((address,) for address in found)
    return format_html_join("", '<link rel="modulepreload" href="{}">', links)


@register.simple_tag
def remembered(template_name: str, **values: Hashable) -> SafeString:
    """Include a template that shows nothing but these values, drawn once for each set of them.

    It sees no other variable, no request and no token, so nothing can make what was drawn wrong
    but the reader's language, which counts as a value. No instants: they would need a zone.
    Raises TypeError for a value that can change, as a list or a dict.
    """
    draw = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return draw(template_name, get_language(), tuple(values.items()))


@lru_cache(maxsize=4096)
def _drawn(name: str, language: str, values: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return SafeString(get_template(name).render(dict(values)))


# Words ----------------------------------------------------------------------------------------


class Priced(Protocol):
    """A workspace, or what shows its amounts."""

    @property
    def currency(self) -> str:
        """The code of its currency, as EUR."""


@register.filter
def money(value: float | None, workspace: Priced) -> str:
    """Return an amount as people say it: €180k, €1.5k, €850; nothing for nothing."""
    if value is None:
        return ""
    symbol = SYMBOLS.get(workspace.currency, f"{workspace.currency} ")
    if abs(value) < 1000:
        return f"{symbol}{value:,.0f}"
    thousands = value / 1000
    digits = 1 if abs(thousands) < 10 and round(thousands, 1) % 1 else 0
    return f"{symbol}{thousands:,.{digits}f}k"


@register.filter
def points(value: int | None) -> str:
    """Return "3 points"."""
    number = value or 0
    return ngettext("%(number)d point", "%(number)d points", number) % {"number": number}


@register.filter
def day(value: date | datetime | None) -> str:
    """Return "Thu 3 Dec", in the reader's zone when it is an instant."""
    return _formatted(value, "D j M")


@register.filter
def long_day(value: date | datetime | None) -> str:
    """Return "Thursday 3 December"."""
    return _formatted(value, "l j F")


@register.filter
def clock_time(value: datetime | None) -> str:
    """Return "17:00" in the reader's zone."""
    return _formatted(value, "H:i")


def _formatted(value: date | datetime | None, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return date_format(value, form)


@register.filter
def day_range(start: date | None, end: date | None) -> str:
    """Return "3 to 16 December"; months and years where they differ."""
    if start is None or end is None:
        return ""
    if start.year != end.year:
        first, last = date_format(start, "j F Y"), date_format(end, "j F Y")
    else:
        same_month = start.month == end.month
        first, last = date_format(start, "j" if same_month else "j F"), date_format(end, "j F")
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


@register.filter
def in_zone(value: datetime | None, zone: str) -> str:
    """Return "17:00 in Chicago" for a named zone; the zone's name stays out of it for UTC."""
    if value is None:
        return ""
    local = value.astimezone(zoneinfo.ZoneInfo(zone))
    if zone == "UTC":
        return f"{local:%H:%M} UTC"
    return _("%(time)s in %(city)s") % {"time": f"{local:%H:%M}", "city": city_of(zone)}


@register.simple_tag
def now_here() -> str:
    """Return what time it is for the reader: "14:32 in Stockholm"."""
    return local_time(clock.now())


@register.filter
def local_time(value: datetime | None) -> str:
    """Return "17:00 in Chicago", in the reader's own zone."""
    return in_zone(value, timezone.get_current_timezone_name())


@register.filter
def undo_address(message: Message) -> str:
    """Return where a message's Undo posts to: the view said extra_tags="undo:/w/…/"."""
    address = (message.extra_tags or "").partition("undo:")[2]
    return address if address.startswith("/") and not address.startswith("//") else ""


@register.filter
def field_look(widget: dict[str, Any]) -> str:
    """Return the class of a form control by its kind; what the form names itself wins."""
    own = conditional_escape(widget["attrs"].get("class", ""))
    kinds = {"checkbox": "check-input", "radio": "check-input", "hidden": "", "file": "input"}
    return str(own or kinds.get(widget.get("type", "text"), "input"))
