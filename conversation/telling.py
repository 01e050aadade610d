"""Who hears of what was said: a notice in the app for each, and mail for whom wants it at once.

Told are those who are meant by name, those who wait for these words, and those who follow the
thing: it is theirs, or they have spoken there. A thing that somebody muted tells him only where he
is meant by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db import models

from activity.changes import Change
from notifications.actions import amend_mail, cancel_mail, queue_mail
from notifications.inbox.actions import leaves_at, notify
from notifications.inbox.reading import Told, teller
from notifications.models import (
    Following,
    Notice,
    OutboxItem,
    OutboxQuerySet,
    OutboxState,
    Topic,
)
from people.models import Membership, Workspace

from . import markdown
from .models import Comment, CommentQuerySet
from .subjects import Subject, kind_of, subjects_of

MAIL: Final = "conversation.comment"
NOTICE: Final = "conversation.comment"
# Time to think again before the words leave the house
UNDO_WINDOW: Final = timedelta(minutes=1)
# A lively talk is one mail an hour, not one for each line of it
PAUSE_BETWEEN_MAILS: Final = timedelta(hours=1)
# A thing of which more people hear has a page of its own to look at
MOST_FOLLOWERS: Final = 200


def tell(record: Change, subject: Subject, comment: Comment, mentioned: Iterable[int]) -> list[int]:
    """Tell everybody who is to hear of a new comment; return whom.

    Whoever is meant and may not read the thing is not told: `comment.not_told` names him.
    """
    hearers = _mentioned(record, subject, comment, mentioned)
    waiting = {one.pk for one in kind_of(subject).hearers(subject, comment.author)}
    following = _followers(record, subject) - {comment.author_id, *(one.pk for one in hearers)}
    for member in _people(record, following | (waiting - {one.pk for one in hearers})):
        hearers[member] = Topic.ANSWER if member.pk in waiting else Topic.COMMENT
    _notify(record, subject, comment, hearers)
    return sorted(member.pk for member in hearers)


def tell_of_edit(
    record: Change, subject: Subject, comment: Comment, mentioned: Iterable[int]
) -> list[int]:
    """Tell those who are meant by name since a comment was said better; return whom."""
    known = Notice.objects.filter(kind=NOTICE, about_id=comment.pk, topic=Topic.MENTION)
    told = set(known.values_list("recipient", flat=True))
    hearers = _mentioned(record, subject, comment, [pk for pk in mentioned if pk not in told])
    _notify(record, subject, comment, hearers)
    return sorted(member.pk for member in hearers)


def call_back(record: Change, comment: Comment) -> None:
    """Take a comment out of the mails that have not left; one with nothing else stays here."""
    for mail in _mails(comment).filter(state=OutboxState.QUEUED):
        if comment.pk not in mail.payload["comments"]:
            continue
        if left := [pk for pk in mail.payload["comments"] if pk != comment.pk]:
            amend_mail(record, mail, payload={**mail.payload, "comments": left})
        else:
            cancel_mail(record, dedupe_key=mail.dedupe_key)


def with_following(said: CommentQuerySet, subject: Subject, reader: Membership) -> CommentQuerySet:
    """Let comments on a thing know whether their reader follows it: no query of its own."""
    spoken = Comment.objects.visible_to(reader).about(subject).standing().filter(author=reader)
    known: dict[str, Any] = {
        "reader_wants": models.Subquery(_wanted(subject, reader)),
        "reader_spoke": models.Exists(spoken.order_by()),
    }
    return said.annotate(**known)


def follows(subject: Subject, reader: Membership, said: list[Comment]) -> bool:
    """Tell whether a reader hears of what is said about a thing, by the comments on it.

    Where nobody has spoken there is nothing to mute, and the page does not ask.
    """
    if said and said[0].reader_wants is not None:
        return said[0].reader_wants
    has_spoken = bool(said) and said[0].reader_spoke
    return has_spoken or reader.pk in kind_of(subject).followers(subject)


def _wanted(subject: Subject, reader: Membership) -> models.QuerySet[Following, bool]:
    about = Following.objects.about(subject._meta.label_lower, subject.pk)
    return about.filter(member=reader).values_list("wants", flat=True)


@teller(NOTICE)
def tell_notices(workspace: Workspace, notices: list[Notice]) -> dict[int, Told]:
    """Say what notices are about; nothing of what was removed."""
    comments = Comment.objects.filter(workspace=workspace).in_bulk(
        [notice.about_id for notice in notices]
    )
    subjects = subjects_of(
        workspace, {(notice.subject_type, notice.subject_id) for notice in notices}
    )
    told = {}
    for notice in notices:
        subject = subjects.get((notice.subject_type, notice.subject_id))
        comment = comments.get(notice.about_id)
        if subject is not None and comment is not None:
            address = f"{subject.get_absolute_url()}#comment-{comment.pk}"
            words = markdown.plain(comment.html)
            told[notice.pk] = Told(subject.key, subject.title, address, words)
    return told


# Whom ------------------------------------------------------------------------------------------


def _mentioned(
    record: Change, subject: Subject, comment: Comment, mentioned: Iterable[int]
) -> dict[Membership, Topic]:
    find = kind_of(subject).find
    members = _people(record, set(mentioned) - {comment.author_id})
    readers = [member for member in members if find(subject.key, member) is not None]
    comment.not_told = tuple(member for member in members if member not in readers)
    return dict.fromkeys(readers, Topic.MENTION)


def _followers(record: Change, subject: Subject) -> set[int]:
    said = Comment.objects.filter(workspace=record.workspace).about(subject).standing()
    spoken = said.order_by().values_list("author", flat=True).distinct()[:MOST_FOLLOWERS]
    choices = Following.objects.about(subject._meta.label_lower, subject.pk)
    chosen = dict(choices.values_list("member", "wants"))
    found = {*spoken, *kind_of(subject).followers(subject)}
    return {pk for pk in {*found, *chosen} if chosen.get(pk, True)}


def _people(record: Change, pks: set[int]) -> list[Membership]:
    found = Membership.objects.filter(workspace=record.workspace, pk__in=pks).active()
    members = list(found.select_related("user").order_by("pk")[:MOST_FOLLOWERS])
    for member in members:
        member.workspace = record.workspace
    return members


# How -------------------------------------------------------------------------------------------


def _notify(
    record: Change, subject: Subject, comment: Comment, hearers: dict[Membership, Topic]
) -> None:
    at_once = notify(
        record,
        cast(models.Model, subject),
        kind=NOTICE,
        about=comment.pk,
        actor=comment.author,
        hearers=hearers,
        mail_kind=MAIL,
    )
    for member, chosen in at_once.items():
        mails = _mails(comment).filter(recipient=member)
        if not _joins(record, mails, comment, hearers[member]):
            queue_mail(
                record,
                kind=MAIL,
                recipient=member,
                dedupe_key=f"{MAIL}:{comment.pk}:{member.pk}",
                payload={
                    "thread": _thread(comment),
                    "comments": [comment.pk],
                    "because": hearers[member],
                },
                not_before=leaves_at(record, member, chosen, _soonest(record, mails)),
            )


def _joins(record: Change, mails: OutboxQuerySet, comment: Comment, because: Topic) -> bool:
    """Put a comment into the mail that waits for its reader, if one does.

    One mail an hour for each person and thing at most.
    """
    waiting = mails.filter(state=OutboxState.QUEUED).last()
    if waiting is None:
        return False
    known = waiting.payload
    stronger = because if because == Topic.MENTION else known.get("because", Topic.ANSWER)
    said = list(dict.fromkeys([*known["comments"], comment.pk]))
    payload = {**known, "comments": said, "because": stronger}
    return amend_mail(record, waiting, payload=payload)


def _soonest(record: Change, mails: OutboxQuerySet) -> datetime:
    soon = record.at + UNDO_WINDOW
    last = mails.exclude(state=OutboxState.CANCELLED).last()
    return soon if last is None else max(soon, last.not_before + PAUSE_BETWEEN_MAILS)


def _mails(comment: Comment) -> OutboxQuerySet:
    """Return the mails about one conversation, the oldest first."""
    found = OutboxItem.objects.filter(
        workspace=comment.workspace_id, kind=MAIL, payload__thread=_thread(comment)
    )
    return found.order_by("pk")


def _thread(comment: Comment) -> str:
    return f"{comment.subject_type}:{comment.subject_id}"
