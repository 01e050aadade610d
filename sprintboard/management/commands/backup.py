"""`manage.py backup DIR`: one file with database and media, made while people work."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sprintboard import backups


class Command(BaseCommand):
    help = "Write a backup (database, media, hashes; no secrets) into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Write it and say where."""
        began = time.monotonic()
        path = backups.write(folder)
        size = path.stat().st_size / 1_000_000
        print(f"{path} ({size:.1f} MB, {time.monotonic() - began:.1f} s)")
        if gone := backups.files.lost():
            print(backups.files.told(gone))
        print("The signing key is not in it: keep that apart.")
