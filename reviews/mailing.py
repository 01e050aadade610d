"""Where a review goes, told to whoever publishes it: to whom, when, and how each mail fared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from activity import clock
from notifications.models import OutboxItem, OutboxState
from people.models import Membership
from people.zones import city_of

from .metrics import next_morning
from .models import Delivery, Review

NIGHT_ENDS, NIGHT_BEGINS = 7, 21


@dataclass(frozen=True)
class Recipient:
    """One reader before the mail leaves: what time it is there, and when the morning comes."""

    member: Membership
    city: str
    now_there: str
    morning_there: str
    morning_here: str
    morning: datetime
    is_asleep: bool


@dataclass(frozen=True)
class Journey:
    """How one reader's mail fared, in words."""

    member: Membership
    city: str
    outcome: OutboxState
    state: str
    why: str
    icon: str
    look: str
    again_url: str
    is_retried: bool
    has_read: bool

    @property
    def needs_you(self) -> bool:
        """Tell whether nothing more happens by itself."""
        return self.outcome in {OutboxState.FAILED, OutboxState.UNCERTAIN}

    @property
    def may_be_there(self) -> bool:
        """Tell whether sending again could make a second copy."""
        return self.outcome == OutboxState.UNCERTAIN


@dataclass(frozen=True)
class Journeys:
    """All mails of one review."""

    all: Sequence[Journey]

    def _with(self, *states: OutboxState) -> list[Journey]:
        return [journey for journey in self.all if journey.outcome in states]

    @property
    def need_you(self) -> list[Journey]:
        """What failed or may not have arrived."""
        return self._with(OutboxState.FAILED, OutboxState.UNCERTAIN)

    @property
    def on_their_way(self) -> list[Journey]:
        """What leaves by itself, or was called off."""
        return self._with(OutboxState.QUEUED, OutboxState.SENDING, OutboxState.CANCELLED)

    @property
    def sent(self) -> list[Journey]:
        """What the other side has taken."""
        return self._with(OutboxState.SENT)

    @property
    def failed(self) -> int:
        """How many were surely refused."""
        return len(self._with(OutboxState.FAILED))

    @property
    def uncertain(self) -> int:
        """How many may or may not have arrived."""
        return len(self._with(OutboxState.UNCERTAIN))

    @property
    def retried(self) -> int:
        """How many were not accepted yet and will be tried again."""
        return sum(journey.is_retried for journey in self.all)

    @property
    def waiting(self) -> int:
        """How many wait for their first try."""
        return len(self._with(OutboxState.QUEUED, OutboxState.SENDING)) - self.retried

    @property
    def read(self) -> int:
        """How many of those who got it have opened the page."""
        return sum(journey.has_read for journey in self.sent)


def in_days(instant: datetime, zone: str | None = None) -> str:
    """Return "today 08:00" or "Fri 18 Dec 08:00" in a zone, the reader's own if none is named."""
    info = timezone.get_current_timezone() if zone is None else ZoneInfo(zone)
    local, now = instant.astimezone(info), clock.now().astimezone(info)
    time = f"{local:%H:%M}"
    if local.date() == now.date():
        return _("today %(time)s") % {"time": time}
    return f"{date_format(local, 'D j M')} {time}"


def recipients_of(members: Iterable[Membership], at: datetime) -> list[Recipient]:
    """Return who would get a review that is published at this instant, the first morning on top."""
    found = [_recipient(member, at) for member in members]
    return sorted(found, key=lambda one: (one.morning, one.member.shown_name))


def _recipient(member: Membership, at: datetime) -> Recipient:
    there = at.astimezone(member.user.zone)
    morning = next_morning(member.user.zone, at)
    return Recipient(
        member=member,
        city=city_of(member.user.time_zone),
        now_there=f"{there:%H:%M}",
        morning_there=in_days(morning, member.user.time_zone),
        morning_here=in_days(morning),
        morning=morning,
        is_asleep=not NIGHT_ENDS <= there.hour < NIGHT_BEGINS,
    )


def mornings_in_words(recipients: Sequence[Recipient], at: datetime) -> str:
    """Return "16 get it today, 2 tomorrow", by the publisher's own calendar."""
    here = timezone.get_current_timezone()
    today = at.astimezone(here).date()
    later = sum(one.morning.astimezone(here).date() > today for one in recipients)
    soon = len(recipients) - later
    first = ngettext("%(n)d gets it today", "%(n)d get it today", soon) % {"n": soon}
    second = ngettext("%(n)d gets it tomorrow", "%(n)d get it tomorrow", later) % {"n": later}
    if not later:
        return _("%(sentence)s.") % {"sentence": first}
    if not soon:
        return _("%(sentence)s.") % {"sentence": second}
    return _("%(today)s, %(later)d tomorrow.") % {"today": first, "later": later}


def journeys_of(review: Review, deliveries: Iterable[Delivery], read_by: set[int]) -> Journeys:
    """Tell how each mail of a review fared, by name."""
    return Journeys([journey_of(review, one, read_by) for one in deliveries])


def journey_of(review: Review, delivery: Delivery, read_by: set[int]) -> Journey:
    """Tell how one mail fared."""
    member, item = delivery.recipient, delivery.item
    has_read = member.pk in read_by
    state, icon, look = _shown(item)
    slug, number = review.workspace.slug, review.sprint.number
    return Journey(
        member=member,
        city=city_of(member.user.time_zone),
        outcome=OutboxState(item.state),
        state=state,
        why=_why(item, member, has_read=has_read),
        icon=icon,
        look=look,
        again_url=reverse("review_delivery_again", args=[slug, number, delivery.pk]),
        is_retried=item.waits_for_retry,
        has_read=has_read,
    )


SETTLED = {
    OutboxState.FAILED: (_lazy("Failed"), "circle-x", "bad"),
    OutboxState.UNCERTAIN: (_lazy("Uncertain"), "circle-question-mark", "warn"),
    OutboxState.CANCELLED: (_lazy("Called off"), "minus", ""),
}


def _shown(item: OutboxItem) -> tuple[str, str, str]:
    """Return a row's state in a word or two, its icon and its colour."""
    if item.state == OutboxState.SENT and item.sent_at:
        return _("Sent %(when)s") % {"when": in_days(item.sent_at)}, "check", "good"
    if settled := SETTLED.get(OutboxState(item.state)):
        return str(settled[0]), settled[1], settled[2]
    if item.waits_for_retry:
        return _("Retry %(when)s") % {"when": in_days(item.not_before)}, "clock", "warn"
    if item.state == OutboxState.SENDING or item.not_before <= clock.now():
        return _("Leaving now"), "send", ""
    return in_days(item.not_before), "clock", ""


def _why(item: OutboxItem, member: Membership, *, has_read: bool) -> str:
    """Return the sentence under a name: what happened, and what happens next."""
    if item.state == OutboxState.SENT and item.sent_at:
        said = capfirst(_("%(when)s in %(city)s") % _there(item.sent_at, member))
        return _("%(said)s, read since.") % {"said": said} if has_read else f"{said}."
    if item.state == OutboxState.UNCERTAIN:
        never = _("We never send twice by ourselves.")
        return f"{item.last_error} {never} {_read(has_read=has_read)}".strip()
    if item.last_error:
        tries = ngettext("Tried once.", "Tried %(n)d times.", item.attempts) % {"n": item.attempts}
        return f"{item.last_error} {tries} {_read(has_read=has_read)}".strip()
    if item.state == OutboxState.QUEUED and item.not_before > clock.now():
        said = capfirst(_("%(when)s in %(city)s.") % _there(item.not_before, member))
        return f"{said} {_read(has_read=has_read)}".strip()
    return _read(has_read=has_read)


def _there(instant: datetime, member: Membership) -> dict[str, str]:
    return {"when": in_days(instant, member.user.time_zone), "city": city_of(member.user.time_zone)}


def _read(*, has_read: bool) -> str:
    return _("The page has been read already.") if has_read else ""
