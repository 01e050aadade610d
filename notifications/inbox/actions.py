"""The inbox's verbs: tell people, with the change; read, choose, follow; and the daily mail.

Telling writes rows inside the change it tells of. What a person marks is noted by single updates
that nothing else waits for. The daily mail is found by the state of the rows: each minute a sweep
looks for notices that should have left by now and that nobody has read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Final

from django.db import models
from django.db.models import Q

from activity import clock
from activity.changes import SYSTEM, Change, change
from notifications.actions import queue_mail
from notifications.models import (
    CHOSEN,
    Following,
    Notice,
    OutboxItem,
    OutboxState,
    Pace,
    Preference,
    Topic,
)
from people.models import Membership

from . import hours
from .links import DAILY, Link

logger = logging.getLogger(__name__)

DAILY_MAIL: Final = "notifications.daily"
KEPT: Final = timedelta(days=90)
FORGOTTEN_AT_ONCE: Final = 1_000
# More mails at once than this in a day, and what comes then waits for the daily one
MOST_AT_ONCE: Final = 5
SWEEP_LIMIT: Final = 200
LONGEST_MAIL: Final = 100


def notify(
    record: Change,
    subject: models.Model,
    *,
    kind: str,
    about: int,
    actor: Membership,
    hearers: Mapping[Membership, Topic],
    mail_kind: str,
) -> dict[Membership, Preference]:
    """Tell people of something, in the open change; return those who want a mail at once.

    Each is told once of one thing; a stronger reason takes the place of a weaker one and makes it
    news again. `mail_kind` is what they get: of more than a few in a day the rest waits for the
    daily mail, answers aside.
    """
    choices = Preference.objects.of_each(hearers)
    at_once = _wanting_mail(record, hearers, choices, mail_kind)
    news = _news(record, subject, kind, about, hearers)
    for told in news:
        member, chosen = told.recipient, choices[told.recipient_id]
        told.topic, told.actor = hearers[member], actor
        if chosen.pace(told.topic) != Pace.APP and member not in at_once:
            told.due_at = hours.next_daily(record.at, member.user.zone, chosen)
    _write(news)
    return at_once


def note(
    record: Change,
    subject: models.Model,
    *,
    kind: str,
    about: int,
    actor: Membership,
    topic: Topic,
    hearers: Iterable[Membership],
) -> None:
    """Tell people of something in the app alone, in the open change; again makes it news again."""
    news = _news(record, subject, kind, about, hearers)
    for told in news:
        told.topic, told.actor = topic, actor
    _write(news)


def _news(
    record: Change, subject: models.Model, kind: str, about: int, hearers: Iterable[Membership]
) -> list[Notice]:
    """Return a notice for each, those that were there among them, as nobody has seen it."""
    members = list(hearers)
    there = Notice.objects.filter(kind=kind, about_id=about, recipient__in=members)
    known = {one.recipient_id: one for one in there}
    news = []
    for member in members:
        told = known.get(member.pk) or Notice(workspace=record.workspace, kind=kind, about_id=about)
        told.recipient, told.at = member, record.at
        told.subject_type, told.subject_id = subject._meta.label_lower, subject.pk
        told.due_at = told.mailed_at = told.read_at = None
        news.append(told)
    return news


def _write(news: list[Notice]) -> None:
    for told in news:
        if told.pk is not None:
            told.save()
    Notice.objects.bulk_create([told for told in news if told.pk is None])


def _wanting_mail(
    record: Change,
    hearers: Mapping[Membership, Topic],
    choices: Mapping[int, Preference],
    mail_kind: str,
) -> dict[Membership, Preference]:
    found = {
        member: choices[member.pk]
        for member, topic in hearers.items()
        if choices[member.pk].pace(topic) == Pace.ONCE
    }
    if not found:
        return found
    lately = OutboxItem.objects.filter(
        workspace=record.workspace,
        recipient__in=found,
        kind=mail_kind,
        created_at__gt=record.at - timedelta(days=1),
    ).exclude(state=OutboxState.CANCELLED)
    mailed: dict[int, int] = dict(
        lately.order_by().values_list("recipient").annotate(models.Count("pk"))
    )
    return {
        member: chosen
        for member, chosen in found.items()
        if hearers[member] == Topic.ANSWER or mailed.get(member.pk, 0) < MOST_AT_ONCE
    }


# What its reader does ------------------------------------------------------------------------


def mark(notice: Notice, *, by: Membership, read: bool) -> None:
    """Note that its reader has looked at a notice, or wants it to count as new."""
    mine = Notice.objects.visible_to(by).filter(pk=notice.pk)
    if read:
        mine.unread().update(read_at=clock.now())
    else:
        mine.update(read_at=None)


def mark_all(*, by: Membership, through: int) -> int:
    """Note that a reader has looked at all his notices up to this one; return how many were new."""
    mine = Notice.objects.visible_to(by).unread()
    return mine.filter(pk__lte=through).update(read_at=clock.now())


def choose(
    member: Membership,
    *,
    paces: Mapping[Topic, Pace],
    daily_at: time,
    quiet_from: time,
    quiet_until: time,
    quiet_weekends: bool,
) -> Preference:
    """Say how one wants to be told. It holds for what happens from now on."""
    with change(member.workspace, by=member):
        chosen = Preference.objects.of(member)
        for topic, pace in paces.items():
            setattr(chosen, topic.value, pace)
        chosen.daily_at, chosen.quiet_weekends = daily_at, quiet_weekends
        chosen.quiet_from, chosen.quiet_until = quiet_from, quiet_until
        chosen.save()
    return chosen


def follow(member: Membership, subject: models.Model, *, wants: bool) -> None:
    """Say of one thing that one wants to be told of what is said there, or not."""
    with change(member.workspace, by=member) as record:
        Following.objects.update_or_create(
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            member=member,
            defaults={"workspace": record.workspace, "wants": wants},
        )


def unsubscribe(link: Link) -> None:
    """Stop what a link stops: those mails, not the notices in the app. Again changes nothing.

    What waits (for the morning, say) does not leave either. Who is no member any more gets no mail
    anyway.
    """
    if not (link.member.is_active and link.member.user.is_active):
        return
    with change(link.member.workspace, by=link.member):
        chosen = Preference.objects.of(link.member)
        for topic in CHOSEN:
            if link.what == topic or (link.what == DAILY and chosen.pace(topic) == Pace.DAILY):
                setattr(chosen, topic.value, Pace.APP)
        chosen.save()
        waiting = Notice.objects.visible_to(link.member).filter(mailed_at=None)
        gone = waiting if link.what == DAILY else waiting.filter(topic=link.what)
        gone.update(due_at=None)
        _call_back(link)


def _call_back(link: Link) -> None:
    such = Q(kind=DAILY_MAIL) if link.what == DAILY else Q(payload__because=link.what)
    OutboxItem.objects.filter(
        such,
        workspace=link.member.workspace_id,
        recipient=link.member,
        state=OutboxState.QUEUED,
    ).update(state=OutboxState.CANCELLED)


# The daily mail ------------------------------------------------------------------------------


def sweep() -> int:
    """Write the daily mails that are due, and forget what is old; return how many were written."""
    Notice.objects.filter(
        pk__in=Notice.objects.filter(at__lt=clock.now() - KEPT).values("pk")[:FORGOTTEN_AT_ONCE]
    ).delete()
    due = Notice.objects.due(clock.now()).order_by().values_list("recipient", flat=True).distinct()
    waiting = Membership.objects.select_related("workspace", "user").filter(
        pk__in=list(due[:SWEEP_LIMIT])
    )
    return sum(_write_in_its_turn(member) for member in waiting)


def _write_in_its_turn(member: Membership) -> bool:
    try:
        return write_daily_mail(member)
    except Exception:  # one person's trouble is not the next one's
        logger.exception("Could not write the daily mail of member %s.", member.pk)
        return False


def write_daily_mail(member: Membership) -> bool:
    """Queue one mail with what a person has not read, and tell whether there was one.

    At most one on each of his days: what falls due after it joins the next.
    """
    with change(member.workspace, by=SYSTEM) as record:
        due = Notice.objects.visible_to(member).due(record.at)
        found = list(due.order_by("-pk").values_list("pk", flat=True)[:LONGEST_MAIL])
        if not found:
            return False
        today = record.at.astimezone(member.user.zone).date()
        key = f"{DAILY_MAIL}:{member.pk}:{today}"
        if OutboxItem.objects.filter(workspace=record.workspace, dedupe_key=key).exists():
            chosen = Preference.objects.of(member)
            due.update(due_at=hours.next_daily(record.at, member.user.zone, chosen))
            return False
        payload = {"notices": found, "more": due.count() - len(found)}
        due.update(mailed_at=record.at)
        queue_mail(record, kind=DAILY_MAIL, recipient=member, dedupe_key=key, payload=payload)
    return True


def leaves_at(
    record: Change, member: Membership, chosen: Preference, soonest: datetime
) -> datetime:
    """Return when a mail to a person may leave: not in his quiet hours."""
    return hours.awake(max(record.at, soonest), member.user.zone, chosen)
