"""What an error of the database means to people: no room left, or somebody else was first."""

from __future__ import annotations

import errno
import re
from typing import Final

from django.db import IntegrityError, OperationalError
from django.utils.translation import gettext as _

# PostgreSQL has codes, SQLite only words
_DISK_FULL: Final = "53100"
_FULL: Final = "disk is full"
_DOUBLED: Final = re.compile(r"UNIQUE constraint failed: (?P<sqlite>.+)|Key \((?P<postgres>.+?)\)=")
# What the program draws under its lock: two alike are its own mistake, not a race of two people
_DRAWN: Final = frozenset({"id", "seq", "number"})


def is_full(error: BaseException | None) -> bool:
    """Tell whether a write failed because there is no room left: in the database, or for a file."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, OperationalError) and (
        getattr(error.__cause__, "pgcode", None) == _DISK_FULL or _FULL in str(error)
    )


def doubled(error: IntegrityError) -> frozenset[str]:
    """Return the columns in which a write would have made a second of its kind; none otherwise."""
    found = _DOUBLED.search(str(error))
    if found is None:
        return frozenset()
    columns = found["sqlite"] or found["postgres"]
    return frozenset(column.strip().rpartition(".")[2] for column in columns.split(","))


def who_was_first(error: IntegrityError) -> str | None:
    """Return what to tell whoever lost a race; None for an error that no race explains."""
    columns = doubled(error)
    if not columns or columns & _DRAWN:
        return None
    if "name" in columns:
        return _("There is one of this name already. Nothing was saved.")
    return _("Somebody changed this first. Nothing was saved.")
