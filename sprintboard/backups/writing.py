"""Writing a backup, while people work."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from activity import clock
from activity.actions import set_mark
from activity.models import Mark
from conversation.files import store

from . import databases, files
from .manifest import MEDIA, NAME, Manifest, digest


def write(folder: Path) -> Path:
    """Write one backup into a folder and return its path; it has its name only when it is whole."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder.")
    made_at = clock.now()
    final = folder / f"sprintboard-{made_at:%Y%m%dT%H%M%SZ}.tar"
    draft = final.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix=".sprintboard-", dir=folder) as name:
        work = Path(name)
        manifest = _gather(work, made_at)
        (work / NAME).write_text(manifest.text())
        _pack(work, draft, [NAME, *manifest.files])
    draft.replace(final)
    set_mark(Mark.BACKUP)
    return final


def _gather(work: Path, made_at: datetime) -> Manifest:
    database = databases.here()
    tables = database.dump(work / database.file_name)
    # after the database: a file without a row is harmless, a row without its file is not
    media = _copy_media(work)
    names = [database.file_name, *media]
    return Manifest(
        made_at=made_at.isoformat(),
        engine=connection.vendor,
        migrations=sorted(
            [app, name] for app, name in MigrationRecorder(connection).applied_migrations()
        ),
        tables=tables,
        files={name: digest(work / name) for name in names},
        site=settings.SITE_URL,
        missing=files.missing(set(media), before=made_at),
    )


def _copy_media(work: Path) -> list[str]:
    root = Path(settings.MEDIA_ROOT)
    if not root.is_dir():
        return []
    shutil.copytree(
        root, work / MEDIA, copy_function=_link_or_copy, ignore=shutil.ignore_patterns(store.DRAFTS)
    )
    return sorted(
        path.relative_to(work).as_posix() for path in (work / MEDIA).rglob("*") if path.is_file()
    )


def _link_or_copy(source: str, target: str) -> None:
    """Take a file by its second name where that is possible: it costs no room and no time."""
    try:
        os.link(source, target)
    except FileNotFoundError:  # removed by people a day ago, and thrown away this moment
        return
    except OSError:
        shutil.copy2(source, target)


def _pack(work: Path, draft: Path, names: list[str]) -> None:
    handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name in names:
                archive.add(work / name, arcname=name, recursive=False)
        file.flush()
        os.fsync(file.fileno())
