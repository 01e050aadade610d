"""Rows and the files that they name: a row without its file is a loss that people should know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from conversation.files import store
from conversation.models import Attachment

from .manifest import MEDIA


def missing(there: set[str], *, before: datetime) -> list[str]:
    """Return the files that rows of a backup name and that are not among its parts.

    A row comes after its file, and what people removed may be thrown away at any moment: so what
    hung on something before the copy began has to be there.
    """
    rows = Attachment.objects.standing().filter(uploaded_at__lt=before)
    names = (_part(store.path_of(storage)) for storage in rows.values_list("storage", flat=True))
    return sorted(name for name in names if name not in there)


def lost() -> list[str]:
    """Return the files that rows of this installation name and that are not on its disk."""
    rows = Attachment.objects.standing().values_list("storage", flat=True)
    return sorted(_part(path) for path in map(store.path_of, rows) if not path.is_file())


def told(names: list[str]) -> str:
    """Say which files are gone, the first few by name."""
    first = ", ".join(names[:5])
    return f"{len(names)} files that rows name are not there: {first}{', …' * (len(names) > 5)}"


def _part(path: Path) -> str:
    return f"{MEDIA}/{path.relative_to(settings.MEDIA_ROOT).as_posix()}"
