"""`manage.py verify_backup FILE`: read every part and compare it with the list inside."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sprintboard import backups


class Command(BaseCommand):
    help = "Read a backup through and compare every part with the list inside it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Verify it and say what it holds."""
        held = backups.verify(file)
        print(
            f"Whole: {held.engine}, {len(held.tables)} tables, {held.rows} rows, "
            f"{len(held.files) - 1} files, made at {held.made_at}."
        )
        if held.missing:
            print(backups.files.told(held.missing))
