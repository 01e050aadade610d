"""Where the bytes lie: MEDIA_ROOT/files/ab/<uuid>, and a small picture beside it.

A file has its name only when it is whole and on the disk; the row that names it comes after. What a
crash leaves is a file that no row names, and the sweep takes it away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings

# Below MEDIA_ROOT; sprintboard/server/sending.py sends nothing else
FOLDER: Final = "files"
DRAFTS: Final = "drafts"
_PICTURE: Final = ".webp"
FOLDERS: Final = 256


def root() -> Path:
    """Return the folder of all files."""
    return Path(settings.MEDIA_ROOT) / FOLDER


def path_of(storage: UUID) -> Path:
    """Return where a file lies."""
    return root() / storage.hex[:2] / str(storage)


def picture_of(storage: UUID) -> Path:
    """Return where the small picture of a file lies."""
    return path_of(storage).with_suffix(_PICTURE)


def write(storage: UUID, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all. Raises OSError."""
    draft = draft_path()
    try:
        handle = os.open(
            draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, settings.FILE_UPLOAD_PERMISSIONS or 0o640
        )
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(draft, path_of(storage))
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def draft_path() -> Path:
    """Return a path for something that is not whole yet, on the same disk."""
    folder = root() / DRAFTS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid4().hex


def put_in_place(draft: Path, final: Path) -> None:
    """Give a whole file its name, so that it still has it after a power cut."""
    final.parent.mkdir(parents=True, exist_ok=True)
    draft.rename(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def throw_away(storage: UUID) -> None:
    """Take a file and its picture away; once is enough, twice does no harm."""
    for path in (path_of(storage), picture_of(storage)):
        path.unlink(missing_ok=True)


def kept_in(number: int) -> Iterator[UUID]:
    """Return the names of the files in one of the 256 folders."""
    folder = root() / f"{number:02x}"
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            with suppress(ValueError):
                yield UUID(path.stem)


def is_older(storage: UUID, when: datetime) -> bool:
    """Tell whether what is there of a file was written before then."""
    paths = [path for path in (path_of(storage), picture_of(storage)) if path.exists()]
    return all(_written(path) < when.timestamp() for path in paths)


def throw_drafts_away(before: datetime) -> int:
    """Take away what was begun and never finished; return how many."""
    gone = 0
    with suppress(FileNotFoundError):
        for path in (root() / DRAFTS).iterdir():
            if _written(path) < before.timestamp():
                path.unlink(missing_ok=True)
                gone += 1
    return gone


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
