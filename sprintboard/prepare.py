"""What a start needs before the first visitor: collected files, a database, the demo once."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

STAMP = "static.stamp"
DEMO = "demo"  # exists once the demo was made; what people made of it since is theirs

Say = Callable[[str], None]


def prepare(say: Say) -> None:
    """Bring this installation up to date; says what it does, and nothing when nothing is to do."""
    collect_static(say)
    if _is_new():
        make_database(say)
    elif _pending():
        say("Updating the database …")
        call_command("migrate", interactive=False, verbosity=0)


def _is_new() -> bool:
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return True  # to look inside would make an empty file
    return not MigrationRecorder(connection).has_table()


def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def make_database(say: Say) -> None:
    """Make the tables and, unless SPRINTBOARD_DEMO=0, the demo. SQLite gets both or no file.

    Where one team is to make the one workspace, the demo's would stand in its place.
    """
    with _whole_file():
        say("Making the database …")
        call_command("migrate", interactive=False, verbosity=0)
        if os.environ.get("SPRINTBOARD_DEMO", "1") != "0" and not settings.SPRINTBOARD_SINGLE_TEAM:
            say("Making the demo, once …")
            started = time.monotonic()
            call_command("seed_demo", verbosity=0)
            say(f"The demo is there ({time.monotonic() - started:.0f} s).")
            (settings.HOME / DEMO).touch()


@contextmanager
def _whole_file() -> Iterator[None]:
    """Let a new SQLite file appear only when it is whole: an interrupted start then starts over."""
    if connection.vendor != "sqlite":
        yield
        return
    final = Path(connection.settings_dict["NAME"])
    draft = final.with_name(f"{final.name}.new")
    connection.close()
    for leftover in final.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    connection.settings_dict["NAME"] = draft
    try:
        yield
    finally:
        connection.close()  # the last connection also writes back and removes its journal
        connection.settings_dict["NAME"] = final
    for journal in ("-wal", "-shm"):
        final.with_name(final.name + journal).unlink(missing_ok=True)
    draft.rename(final)


def collect_static(say: Say) -> None:
    """Collect the files that browsers load, when what they are made of has changed."""
    stamp = settings.HOME / STAMP
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    build = _build()
    if manifest.exists() and stamp.exists() and stamp.read_text() == build:
        return
    say("Collecting the files that browsers load …")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(build)


def _build() -> str:
    """Return a fingerprint of all that collected files come from."""
    base = settings.BASE_DIR
    sources = [
        *sorted(path for path in (base / "static").rglob("*") if path.is_file()),
        base / "package-lock.json",
        base / "requirements" / "base.txt",
        base / "sprintboard" / "statics.py",
        base / "sprintboard" / "settings.py",
    ]
    parts = [(str(path.relative_to(base)), _digest(path)) for path in sources]
    return hashlib.sha256(json.dumps([str(settings.STATIC_ROOT), parts]).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
