"""What hangs on a thing, as its page shows it: one query, or none where the thing was read with it.

A page that shows much besides reads its thing by `with_files`: what hangs on it comes in the same
query, as one line of JSON for each file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.db.models import Model, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from activity import clock
from activity.lines import Lines
from conversation.models import Attachment, Preview
from conversation.subjects import Kind, Subject, kind_of
from people.models import Membership

from . import policy
from .actions import MOST_BYTES, MOST_FILES
from .naming import extension_of, human

# A picture that is not there by then comes with the next look at the page
_SOON = timedelta(minutes=1)
_Thing = TypeVar("_Thing", bound=Model)

# What a page shows of a file, and by which name it stands in its line
_SHOWN: Final = {
    name: name
    for name in (
        "pk", "storage", "name", "size", "content_type", "uploaded_by_id", "uploaded_at",
        "preview", "preview_width", "preview_height",
    )
} | {"by": "uploaded_by__shown_name"}  # fmt: skip
_SIGNS = {
    "image": "image",
    "video": "file-play",
    "audio": "file-music",
    "text": "file-text",
    "font": "type",
}


@dataclass(frozen=True)
class Hung:
    """A file as one reader sees it."""

    file: Attachment
    reader: Membership

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return human(self.file.size)

    @property
    def ending(self) -> str:
        """What stands on the tile of a file without a picture."""
        return extension_of(self.file.name)[:5].upper()

    @property
    def sign(self) -> str:
        """The icon of its kind."""
        return _SIGNS.get(self.file.content_type.partition("/")[0], "file")

    @property
    def can_remove(self) -> bool:
        """Tell whether the reader may take it away."""
        return policy.can_remove(self.reader, self.file)

    @property
    def preview_address(self) -> str:
        """Where its small picture is."""
        return reverse("file_preview", args=[self.reader.workspace.slug, self.file.storage])

    @property
    def remove_address(self) -> str:
        """Where it is taken away."""
        return reverse("file_remove", args=[self.reader.workspace.slug, self.file.storage])

    @property
    def no_preview(self) -> str:
        """Why a picture has no small one; empty for what is no picture, or has one."""
        if self.file.preview == Preview.TOO_LARGE:
            return _("no preview: more than 25 million pixels")
        return _("no preview could be made") if self.file.preview == Preview.FAILED else ""

    @property
    def is_soon(self) -> bool:
        """Tell whether its small picture is worth waiting for."""
        waits = self.file.preview == Preview.WAITING
        return waits and clock.now() - self.file.uploaded_at < _SOON


@dataclass(frozen=True)
class Shelf:
    """What hangs on a thing, the oldest first, and whether the reader may hang up more."""

    subject: Subject
    kind: Kind
    reader: Membership
    files: list[Hung]

    @property
    def address(self) -> str:
        """Where files for this thing go."""
        return files_address(self.kind, self.subject)

    @property
    def can_add(self) -> bool:
        """Tell whether the reader may hang something on it."""
        return policy.can_add(self.reader, self.subject)

    @property
    def is_full(self) -> bool:
        """Tell whether it has as many as it can have."""
        return len(self.files) >= MOST_FILES

    @property
    def is_waiting(self) -> bool:
        """Tell whether a small picture is about to come."""
        return any(one.is_soon for one in self.files)

    @property
    def most(self) -> int:
        """How many files there can be."""
        return MOST_FILES

    @property
    def most_bytes(self) -> int:
        """How large one can be."""
        return MOST_BYTES


def with_files(things: QuerySet[_Thing]) -> QuerySet[_Thing]:
    """Fetch with each thing what hangs on it, in the same query, for `shelf`."""
    mine = Attachment.objects.standing().order_by()
    mine = mine.filter(
        workspace=OuterRef("workspace"),
        subject_type=things.model._meta.label_lower,
        subject_id=OuterRef("pk"),
    )
    lines = mine.values("subject_id").annotate(lines=Lines(Cast(JSONObject(**_SHOWN), TextField())))
    return cast("QuerySet[_Thing]", things.annotate(file_lines=Subquery(lines.values("lines"))))


def shelf(subject: Subject, reader: Membership) -> Shelf:
    """Return what hangs on a thing that the reader may read."""
    if hasattr(subject, "file_lines"):
        lines = (subject.file_lines or "").split("\n")
        found = sorted((_read(line) for line in lines if line), key=lambda file: file.pk)
    else:
        rows = Attachment.objects.visible_to(reader).on(subject).standing()
        found = list(rows.select_related("uploaded_by"))
    for row in found:
        row.workspace = reader.workspace
    return Shelf(subject, kind_of(subject), reader, [Hung(row, reader) for row in found])


def _read(line: str) -> Attachment:
    """Return the file that a line of `with_files` tells of."""
    told: dict[str, Any] = json.loads(line)
    at = datetime.fromisoformat(told.pop("uploaded_at"))
    by = Membership(pk=told["uploaded_by_id"], shown_name=told.pop("by"))
    storage = UUID(told.pop("storage"))
    # SQLite keeps instants in UTC and does not say so
    uploaded_at = at if at.tzinfo else at.replace(tzinfo=UTC)
    file = Attachment(**told, storage=storage, uploaded_at=uploaded_at)
    file.uploaded_by = by
    return file


def files_address(kind: Kind, subject: Subject) -> str:
    """Return the address of the files of a thing."""
    return reverse("files", args=[subject.workspace.slug, kind.name, subject.key])
