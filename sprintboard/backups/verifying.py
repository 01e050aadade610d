"""Looking into a backup: is each part there, and as it was?"""

from __future__ import annotations

import hashlib
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

from django.core.management import CommandError

from . import manifest as lists
from .databases import NOT_COMPARED, SQLite, Tables, sqlite_tables
from .manifest import Manifest


def verify(path: Path) -> Manifest:
    """Return what a backup holds, after every part was read; raises CommandError when one is bad.

    A SQLite copy is opened and compared table by table; a PostgreSQL dump by its hash.
    """
    with opened(path) as archive:
        manifest = _manifest(archive)
        if set(archive.getnames()) != {lists.NAME, *manifest.files}:
            raise CommandError(f"{path}: parts are missing, or there is one too many.")
        for name, told in manifest.files.items():
            _stays_inside(name)
            if _digest(archive, name) != told["sha256"]:
                raise CommandError(f"{path}: {name} is damaged.")
        if SQLite.file_name in manifest.files:
            _compare_sqlite(archive, manifest)
    return manifest


@contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open the file of a backup; raises CommandError when it is none, or breaks off."""
    try:
        with tarfile.open(path, mode="r:") as archive:
            yield archive
    except (OSError, tarfile.TarError, EOFError) as error:
        raise CommandError(f"{path} cannot be read as a backup: {error}") from error


def extract(archive: tarfile.TarFile, name: str, to: Path) -> Path:
    """Write one part to a folder and return its path; a path that leads out of it is refused."""
    archive.extract(name, to, filter="data")
    return to / name


def _manifest(archive: tarfile.TarFile) -> Manifest:
    try:
        file = archive.extractfile(lists.NAME)
    except KeyError:
        file = None
    if file is None:
        raise CommandError("There is no list inside: this is no backup of Sprintboard.")
    return lists.read(file.read().decode("utf-8", "replace"))


def _stays_inside(name: str) -> None:
    # tarfile looks at where a part is unpacked; a medium is moved from there to a folder of its own
    if ".." in PurePosixPath(name).parts or name.startswith("/"):
        raise CommandError(f"{name} leads out of its folder.")


def _digest(archive: tarfile.TarFile, name: str) -> str:
    file = archive.extractfile(name)
    if file is None:
        return ""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _compare_sqlite(archive: tarfile.TarFile, manifest: Manifest) -> None:
    with tempfile.TemporaryDirectory(prefix="sprintboard-") as name:
        copy = extract(archive, SQLite.file_name, Path(name))
        with closing(sqlite3.connect(copy)) as line:
            differing = different(manifest.tables, sqlite_tables(line))
    if differing:
        raise CommandError(f"These tables are not as they were: {', '.join(differing)}")


def different(told: Tables, found: Tables) -> list[str]:
    """Return the tables that two lists do not agree on."""
    names = (told.keys() | found.keys()) - NOT_COMPARED
    return sorted(name for name in names if told.get(name) != found.get(name))
