"""Restoring: an empty installation becomes the one that was backed up, and sends nothing yet."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from activity.actions import clear_mark
from activity.models import Mark
from notifications.actions import pause

from . import databases
from .manifest import MEDIA, Manifest
from .verifying import different, extract, opened, verify


def restore(path: Path, *, force: bool = False) -> Manifest:
    """Put a backup in the place of what is here, compare, migrate, and pause the outbox.

    Raises CommandError: for a damaged backup, one of another kind of database or of a newer
    program, and, unless forced, for a database that is used or that holds anybody.
    """
    manifest = verify(path)
    database = databases.here()
    _fits(manifest, database)
    if not force:
        _is_free(database)
    with tempfile.TemporaryDirectory(prefix="sprintboard-") as name, opened(path) as archive:
        work = Path(name)
        database.load(extract(archive, database.file_name, work))
        _hold_mail()
        differing = different(manifest.tables, database.tables())
        if differing:
            raise CommandError(f"Restored, and not as it was: {', '.join(differing)}")
        _put_media(manifest, [extract(archive, one, work) for one in _media(manifest)], work)
    call_command("migrate", interactive=False, verbosity=0)
    pause()
    clear_mark(Mark.WORKER)
    return manifest


def _hold_mail() -> None:
    """Pause before anything else can fail: what waits may have left before the loss."""
    with suppress(DatabaseError):  # a table of an older shape has to wait for the migrations
        pause()


def _fits(manifest: Manifest, database: databases.Database) -> None:
    if manifest.engine != connection.vendor or database.file_name not in manifest.files:
        raise CommandError(
            f"This is a backup of {manifest.engine}; the settings name {connection.vendor}."
        )
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    newer = {(app, name) for app, name in manifest.migrations} - known
    ours = {app for app, _name in known}
    if unknown := sorted(name for app, name in newer if app in ours):
        raise CommandError(
            f"This backup was made by a newer program, which knows {unknown[0]}: install that one."
        )


def _is_free(database: databases.Database) -> None:
    if not databases.is_empty():
        raise CommandError(
            "There are people in this database. Restore into an empty one, or say --force to "
            "replace everything that is here."
        )
    if used := database.in_use():
        raise CommandError(f"{used} Stop web, worker and beat first (or say --force).")


def _media(manifest: Manifest) -> list[str]:
    return [name for name in manifest.files if name.startswith(f"{MEDIA}/")]


def _put_media(manifest: Manifest, files: list[Path], work: Path) -> None:
    root = Path(settings.MEDIA_ROOT)
    if root.exists():
        aside = root.with_name(f"{root.name}.before-restore")
        shutil.rmtree(aside, ignore_errors=True)
        root.rename(aside)
    for file in files:
        target = root / file.relative_to(work / MEDIA)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)
        target.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)
