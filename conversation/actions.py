"""The verbs of a conversation: say something, say it better, take it away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from activity.changes import Change, Stale, change
from activity.text import clean_text
from notifications.actions import amend_mail, cancel_mail, queue_mail
from notifications.models import OutboxItem, OutboxQuerySet, OutboxState
from people.models import Membership

from . import markdown, policy
from .models import LONGEST, Comment
from .subjects import Subject, kind_of, subject_of

MAIL = "conversation.comment"
# Time to think again before the words leave the house
UNDO_WINDOW = timedelta(minutes=1)
# A lively talk is one mail an hour, not one for each line of it
PAUSE_BETWEEN_MAILS = timedelta(hours=1)
# The same words sent twice in this time are a button that was pressed twice
TWICE = timedelta(minutes=1)


def add_comment(subject: Subject, *, by: Membership, text: str) -> Comment:
    """Say something about a thing that one may read; Markdown.

    The same words twice within a minute are one comment. Raises PermissionDenied, and
    ValidationError `unknown` or by field.
    """
    words = _words(text)
    with change(subject.workspace, by=by) as record:
        author = _speaker(record)
        subject = _fresh(record, subject, author)
        record.require(policy.can_comment, subject)
        if (said := _just_said(record, subject, author, words["text"])) is not None:
            return said
        comment = Comment.objects.create(
            workspace=record.workspace,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            author=author,
            written_at=record.at,
            **words,
        )
        _count(record, subject)
        _tell(record, subject, comment)
        _record(record, "comment_added", subject, comment)
    return comment


def edit_comment(comment: Comment, *, by: Membership, version: int, text: str) -> Comment:
    """Say it better. Raises Stale, PermissionDenied, ValidationError `unknown` or by field."""
    words = _words(text)
    with change(comment.workspace, by=by) as record:
        comment = _standing(record, comment)
        record.require(policy.can_edit, comment)
        if comment.version != version:
            raise Stale(comment)
        if comment.text != words["text"]:
            for name, value in words.items():
                setattr(comment, name, value)
            comment.edited_at = record.at
            comment.version += 1
            comment.save()
            subject = _subject(record, comment)
            _record(record, "comment_edited", subject, comment)
    return comment


def remove_comment(comment: Comment, *, by: Membership) -> Comment:
    """Take words away: that something was said stays, and by whom.

    A mail that has not left says nothing of them. Raises PermissionDenied, ValidationError
    `unknown`.
    """
    with change(comment.workspace, by=by) as record:
        comment = _standing(record, comment)
        record.require(policy.can_remove, comment)
        comment.text = comment.html = ""
        comment.removed_at, comment.removed_by = record.at, record.actor
        comment.version += 1
        comment.save()
        subject = _subject(record, comment)
        _count(record, subject)
        _call_back(record, comment)
        _record(record, "comment_removed", subject, comment)
    return comment


def _words(text: str) -> dict[str, Any]:
    """Clean and render what was typed. Outside the lock: rendering takes its time."""
    try:
        text = clean_text(text)
        if not text:
            raise ValidationError(_("Write something first."), code="required")
        if len(text) > LONGEST:
            raise ValidationError(
                _("A comment has at most %(most)s characters; this has %(count)s."),
                "too_long",
                {"most": LONGEST, "count": len(text)},
            )
        html = markdown.render(text)
    except ValidationError as error:
        raise ValidationError({"text": error}) from error
    return {"text": text, "html": html, "rendered_by": markdown.RENDERER}


def _speaker(record: Change) -> Membership:
    if record.actor is None:
        raise TypeError("A comment is said by somebody.")
    return record.actor


def _fresh(record: Change, subject: Subject, reader: Membership) -> Subject:
    """Read the thing again, as this member may. Raises ValidationError `unknown`."""
    there = subject_of(record.workspace, subject._meta.label_lower, subject.pk)
    found = kind_of(there).find(there.key, reader) if there else None
    if found is None:
        raise _unknown()
    return found


def _standing(record: Change, comment: Comment) -> Comment:
    found = (
        Comment.objects.standing()
        .filter(workspace=record.workspace, pk=comment.pk)
        .select_related("author")
        .first()
    )
    if found is None:
        raise _unknown()
    found.workspace = record.workspace
    return found


def _subject(record: Change, comment: Comment) -> Subject:
    found = subject_of(record.workspace, comment.subject_type, comment.subject_id)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> ValidationError:
    return ValidationError(_("This is not here any more."), code="unknown")


def _just_said(record: Change, subject: Subject, author: Membership, text: str) -> Comment | None:
    """Return the last word on this thing if it is the same, from the same person, just now."""
    last = Comment.objects.filter(workspace=record.workspace).about(subject).last()
    if last is None or last.is_removed or last.author_id != author.pk or last.text != text:
        return None
    return last if record.at - last.written_at < TWICE else None


def _count(record: Change, subject: Subject) -> None:
    standing = Comment.objects.filter(workspace=record.workspace).about(subject).standing()
    kind_of(subject).counted(record, subject, standing.count())


def _record(record: Change, verb: str, subject: Subject, comment: Comment) -> None:
    """Say what happened, to the thing: where, never the words."""
    record(
        verb,
        cast(models.Model, subject),
        key=subject.key,
        comment=comment.pk,
        author=comment.author_id,
    )


# Mail -----------------------------------------------------------------------------------------


def _tell(record: Change, subject: Subject, comment: Comment) -> None:
    """Tell those who wait for an answer.

    One mail an hour for each person and thing at most: what is said before it leaves joins it.
    """
    for hearer in kind_of(subject).hearers(subject, comment.author):
        mails = _mails(comment).filter(recipient=hearer)
        waiting = mails.filter(state=OutboxState.QUEUED).last()
        if waiting is not None:
            said = [*waiting.payload["comments"], comment.pk]
            if amend_mail(record, waiting, payload={**waiting.payload, "comments": said}):
                continue
        queue_mail(
            record,
            kind=MAIL,
            recipient=hearer,
            dedupe_key=f"{MAIL}:{comment.pk}:{hearer.pk}",
            payload={"thread": _thread(comment), "comments": [comment.pk]},
            not_before=_not_before(record, mails),
        )


def _not_before(record: Change, mails: OutboxQuerySet) -> datetime:
    soon = record.at + UNDO_WINDOW
    last = mails.exclude(state=OutboxState.CANCELLED).last()
    return soon if last is None else max(soon, last.not_before + PAUSE_BETWEEN_MAILS)


def _call_back(record: Change, comment: Comment) -> None:
    """Take a comment out of the mails that have not left; one with nothing else stays here."""
    for mail in _mails(comment).filter(state=OutboxState.QUEUED):
        if comment.pk not in mail.payload["comments"]:
            continue
        if left := [pk for pk in mail.payload["comments"] if pk != comment.pk]:
            amend_mail(record, mail, payload={**mail.payload, "comments": left})
        else:
            cancel_mail(record, dedupe_key=mail.dedupe_key)


def _mails(comment: Comment) -> OutboxQuerySet:
    """Return the mails about one conversation, the oldest first."""
    found = OutboxItem.objects.filter(
        workspace=comment.workspace_id, kind=MAIL, payload__thread=_thread(comment)
    )
    return found.order_by("pk")


def _thread(comment: Comment) -> str:
    return f"{comment.subject_type}:{comment.subject_id}"
