"""`manage.py restore FILE`: bring back what was saved; nothing is sent before a person says so."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sprintboard import backups


class Command(BaseCommand):
    help = "Restore a backup into an empty database. Afterwards the outbox is paused."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="replace what is here, whoever uses it"
        )

    def handle(self, *args: Any, file: Path, force: bool, **options: Any) -> None:
        """Restore it and say what to do next."""
        began = time.monotonic()
        held = backups.restore(file, force=force)
        print(
            f"Restored {len(held.tables)} tables, {held.rows} rows, as of {held.made_at} "
            f"({time.monotonic() - began:.1f} s). What happened later is lost."
        )
        if gone := backups.files.lost():
            print(backups.files.told(gone))
        print(
            "The outbox is paused. Look at what waits: manage.py outbox status. Then either\n"
            "  manage.py outbox resume              sends what waits, or\n"
            "  manage.py outbox resume --hold-back  lets people decide on each message."
        )
