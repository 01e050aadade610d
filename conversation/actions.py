"""The verbs of a conversation: say something, say it better, take it away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from activity.changes import Change, Stale, change
from activity.text import clean_text
from people.models import Membership, Workspace

from . import markdown, policy
from .mentions import People, check_amount
from .models import LONGEST, Comment
from .subjects import Subject, fresh_subject, kind_of, subject_there, unknown
from .telling import call_back, tell, tell_of_edit

# The same words sent twice in this time are a button that was pressed twice
TWICE = timedelta(minutes=1)


def add_comment(subject: Subject, *, by: Membership, text: str) -> Comment:
    """Say something about a thing that one may read; Markdown, @ and a name for who is meant.

    The same words twice within a minute are one comment. `not_told` of the comment names those who
    were meant and may not read the thing. Raises PermissionDenied, and ValidationError `unknown`
    or by field.
    """
    words, mentioned = _words(text, subject.workspace)
    with change(subject.workspace, by=by) as record:
        author = _speaker(record)
        subject = fresh_subject(record, subject, author)
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
        told = tell(record, subject, comment, mentioned)
        _record(record, "comment_added", subject, comment, told)
    return comment


def edit_comment(comment: Comment, *, by: Membership, version: int, text: str) -> Comment:
    """Say it better; who is meant only now is told.

    Raises Stale, PermissionDenied, ValidationError `unknown` or by field.
    """
    words, mentioned = _words(text, comment.workspace)
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
            subject = subject_there(record, comment.subject_type, comment.subject_id)
            told = tell_of_edit(record, subject, comment, mentioned)
            _record(record, "comment_edited", subject, comment, told)
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
        subject = subject_there(record, comment.subject_type, comment.subject_id)
        _count(record, subject)
        call_back(record, comment)
        _record(record, "comment_removed", subject, comment)
    return comment


def _words(text: str, workspace: Workspace) -> tuple[dict[str, Any], list[int]]:
    """Clean and render what was typed, and find who is meant.

    Outside the lock: rendering takes its time.
    """
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
        shown = markdown.render_for(text, People.of(workspace) if "@" in text else None)
        mentioned = check_amount(shown.mentioned)
    except ValidationError as error:
        raise ValidationError({"text": error}) from error
    words = {"text": text, "html": shown.html, "rendered_by": markdown.RENDERER}
    return words, mentioned


def _speaker(record: Change) -> Membership:
    if record.actor is None:
        raise TypeError("A comment is said by somebody.")
    return record.actor


def _standing(record: Change, comment: Comment) -> Comment:
    found = (
        Comment.objects.standing()
        .filter(workspace=record.workspace, pk=comment.pk)
        .select_related("author")
        .first()
    )
    if found is None:
        raise unknown()
    found.workspace = record.workspace
    return found


def _just_said(record: Change, subject: Subject, author: Membership, text: str) -> Comment | None:
    """Return the last word on this thing if it is the same, from the same person, just now."""
    last = Comment.objects.filter(workspace=record.workspace).about(subject).last()
    if last is None or last.is_removed or last.author_id != author.pk or last.text != text:
        return None
    return last if record.at - last.written_at < TWICE else None


def _count(record: Change, subject: Subject) -> None:
    standing = Comment.objects.filter(workspace=record.workspace).about(subject).standing()
    kind_of(subject).counted(record, subject, standing.count())


def _record(
    record: Change, verb: str, subject: Subject, comment: Comment, told: Iterable[int] = ()
) -> None:
    """Say what happened, to the thing: where and who is told, never the words."""
    record(
        verb,
        cast(models.Model, subject),
        key=subject.key,
        comment=comment.pk,
        author=comment.author_id,
        told=list(told),
    )
