"""The verbs of files: hang one on a thing, take it away, bring it back, throw away what is left."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

from celery import signature
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import models
from django.utils.translation import gettext as _

from activity import clock
from activity.changes import SYSTEM, Busy, Change, change, in_change
from activity.doorbell import Job, ring
from conversation.models import Attachment, Preview
from conversation.subjects import (
    Subject,
    fresh_subject,
    kind_of,
    subject_there,
    unknown,
)
from people.models import Membership, Workspace

from . import pictures, policy, store
from .kinds import HEAD, Recognised, recognise
from .naming import clean_name, human

MOST_BYTES: Final = 25 * 1024 * 1024
MOST_FILES: Final = 20
# How long a removed file can be brought back, and how old an orphan is before it is thrown away
KEPT: Final = timedelta(hours=24)
MOST_TRIES: Final = 3
# A ring that was not heard by then was lost
UNHEARD_AFTER: Final = timedelta(minutes=1)
SWEEP_LIMIT: Final = 20
# By name: jobs.py imports this module
PICTURE: Final = cast(Job, signature("conversation.jobs.make_preview", options={"expires": 55}))

logger = logging.getLogger(__name__)


def add_file(subject: Subject, *, by: Membership, name: str, content: File[bytes]) -> Attachment:
    """Hang a file on a thing.

    Its bytes are on the disk before the row that names them, and nothing is locked meanwhile.
    Raises PermissionDenied, ValidationError (`empty`, `too_large`, `program`, `contradiction`,
    `unknown_kind`, `too_many`, `quota`, `unknown`), Busy, OSError.
    """
    if in_change():
        raise RuntimeError("A file is written before the change that names it.")
    _check_size(name, content.size)
    head = content.read(HEAD)
    content.seek(0)
    found = recognise(name, head)
    _check(by, subject, found.name, content.size)  # before anything is written; again under lock
    storage = uuid4()
    store.write(storage, content.chunks())
    try:
        return _hang(subject, by, found, storage, content.size)
    except (PermissionDenied, ValidationError, Busy):
        # certainly no row; after any other fault there may be one, and the sweep looks
        store.throw_away(storage)
        raise


def _hang(
    subject: Subject, by: Membership, found: Recognised, storage: UUID, size: int
) -> Attachment:
    with change(subject.workspace, by=by) as record:
        if record.actor is None:
            raise TypeError("A file is brought by somebody.")
        subject = fresh_subject(record, subject, record.actor)
        _check(record.actor, subject, found.name, size)
        made = Attachment.objects.create(
            workspace=record.workspace,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            storage=storage,
            name=found.name,
            size=size,
            content_type=found.content_type,
            uploaded_by=record.actor,
            uploaded_at=record.at,
            preview=Preview.WAITING if found.is_picture else Preview.NONE,
        )
        _count(record, subject)
        _record(record, "file_added", subject, made)
        if found.is_picture:
            ring(PICTURE, made.pk)
    return made


def remove_file(attachment: Attachment, *, by: Membership) -> Attachment:
    """Take a file away; for a day it can be brought back.

    Raises PermissionDenied, ValidationError `unknown`.
    """
    with change(attachment.workspace, by=by) as record:
        attachment = _current(record, attachment)
        if attachment.removed_at is not None:
            raise unknown()
        record.require(policy.can_remove, attachment)
        attachment.removed_at, attachment.removed_by = record.at, record.actor
        attachment.save()
        subject = subject_there(record, attachment.subject_type, attachment.subject_id)
        _count(record, subject)
        _record(record, "file_removed", subject, attachment)
    return attachment


def restore_file(attachment: Attachment, *, by: Membership) -> Attachment:
    """Bring a removed file back. Raises PermissionDenied, ValidationError `unknown`, `too_many`."""
    with change(attachment.workspace, by=by) as record:
        attachment = _current(record, attachment)
        if attachment.removed_at is None:
            return attachment
        record.require(policy.can_restore, attachment)
        subject = subject_there(record, attachment.subject_type, attachment.subject_id)
        _check_count(subject)
        attachment.removed_at = attachment.removed_by = None
        attachment.save()
        _count(record, subject)
        _record(record, "file_restored", subject, attachment)
    return attachment


# Rules ----------------------------------------------------------------------------------------


def _check_size(name: str, size: int) -> None:
    if not size:
        raise ValidationError(_("%(name)s is empty."), "empty", {"name": clean_name(name)})
    if size > MOST_BYTES:
        raise ValidationError(
            _("%(name)s has %(size)s; a file has at most %(most)s."),
            "too_large",
            {
                "name": clean_name(name),
                "size": _over(size),
                "most": human(MOST_BYTES),
            },
        )


def _over(size: int) -> str:
    """Return a size that is too large in words that do not look as if it were not."""
    told = human(size)
    return told if told != human(MOST_BYTES) else _("%(size)s and a little more") % {"size": told}


def _check(member: Membership, subject: Subject, name: str, size: int) -> None:
    if not policy.can_add(member, subject):
        raise PermissionDenied
    _check_count(subject)
    _check_quota(subject.workspace, name, size)


def _count(record: Change, subject: Subject) -> None:
    standing = Attachment.objects.filter(workspace=record.workspace).on(subject).standing()
    kind_of(subject).files_counted(record, subject, standing.count())


def _check_count(subject: Subject) -> None:
    if Attachment.objects.on(subject).standing().count() >= MOST_FILES:
        raise ValidationError(
            _("%(key)s has %(most)s files, and cannot have more."),
            "too_many",
            {"key": subject.key, "most": MOST_FILES},
        )


def _check_quota(workspace: Workspace, name: str, size: int) -> None:
    free = max(0, settings.FILES_QUOTA - Attachment.objects.bytes_of(workspace))
    if size > free:
        raise ValidationError(
            _(
                "Workspace quota %(quota)s used: %(name)s has %(size)s, and %(free)s are left."
                " Room of removed files is free after a day."
            ),
            "quota",
            {
                "quota": human(settings.FILES_QUOTA),
                "name": name,
                "size": human(size),
                "free": human(free),
            },
        )


# Rows -----------------------------------------------------------------------------------------


def _current(record: Change, attachment: Attachment) -> Attachment:
    mine = Attachment.objects.filter(workspace=record.workspace)
    found = mine.filter(pk=attachment.pk).first()
    if found is None:
        raise unknown()
    found.workspace = record.workspace
    return found


def _record(record: Change, verb: str, subject: Subject, attachment: Attachment) -> None:
    record(
        verb,
        cast(models.Model, subject),
        key=subject.key,
        file=attachment.pk,
        name=attachment.name,
    )


# Pictures -------------------------------------------------------------------------------------


def make_preview(attachment: Attachment) -> None:
    """Draw the small picture of a file, in a process of its own with little room and time.

    Nothing is locked meanwhile. A picture that kills its process is tried three times.
    """
    if not _begin(attachment):
        return
    values: dict[str, Any]
    draft = store.draft_path()
    try:
        width, height = pictures.draw(store.path_of(attachment.storage), draft)
        store.put_in_place(draft, store.picture_of(attachment.storage))
    except pictures.TooLarge:
        values = {"preview": Preview.TOO_LARGE}
    except pictures.NoPicture as error:
        logger.warning("No small picture of file %s: %s", attachment.pk, error)
        values = {"preview": Preview.FAILED}
    else:
        values = {"preview": Preview.MADE, "preview_width": width, "preview_height": height}
    finally:
        draft.unlink(missing_ok=True)
    with change(attachment.workspace, by=SYSTEM):
        _waiting(attachment).update(**values)


def _begin(attachment: Attachment) -> bool:
    """Count the try before it is made: whatever it does to this process, it was one."""
    with change(attachment.workspace, by=SYSTEM):
        waiting = _waiting(attachment)
        if waiting.filter(preview_tries__gte=MOST_TRIES).update(preview=Preview.FAILED):
            logger.error("File %s broke its picture %s times.", attachment.pk, MOST_TRIES)
            return False
        return bool(waiting.update(preview_tries=models.F("preview_tries") + 1))


def _waiting(attachment: Attachment) -> models.QuerySet[Attachment]:
    waiting = Attachment.objects.standing().filter(preview=Preview.WAITING)
    return waiting.filter(pk=attachment.pk, workspace=attachment.workspace)


# Sweeping -------------------------------------------------------------------------------------


def sweep() -> None:
    """Ring for pictures whose bell was lost; throw away what was removed or belongs to no row.

    Of the 256 folders one is looked through each minute: each comes up every few hours.
    """
    now = clock.now()
    unheard = Attachment.objects.standing().filter(
        preview=Preview.WAITING, uploaded_at__lt=now - UNHEARD_AFTER
    )
    for pk in unheard.order_by("pk").values_list("pk", flat=True)[:SWEEP_LIMIT]:
        ring(PICTURE, pk)
    _throw_removed_away(now - KEPT)
    drafts = store.throw_drafts_away(now - KEPT)
    orphans = throw_orphans_away(int(now.timestamp()) // 60 % store.FOLDERS, now - KEPT)
    if drafts or orphans:
        logger.warning("Threw away %s drafts and %s files of no row.", drafts, orphans)


def _throw_removed_away(before: datetime) -> None:
    gone = Attachment.objects.removed().filter(removed_at__lt=before).select_related("workspace")
    for attachment in gone.order_by("removed_at")[:SWEEP_LIMIT]:
        with change(attachment.workspace, by=SYSTEM):
            removed = Attachment.objects.removed().filter(pk=attachment.pk)
            if removed.exists():  # else somebody has just brought it back
                store.throw_away(attachment.storage)  # first: a row without its file is found again
                removed.delete()


def throw_orphans_away(folder: int, before: datetime) -> int:
    """Throw away the files of one folder that no row names since long; return how many."""
    there = {storage for storage in store.kept_in(folder) if store.is_older(storage, before)}
    known = Attachment.objects.filter(storage__in=there).values_list("storage", flat=True)
    orphans = there - set(known)
    for storage in orphans:
        store.throw_away(storage)
    return len(orphans)
