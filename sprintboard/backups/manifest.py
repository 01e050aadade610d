"""The list inside a backup: what it holds, from which program, and the hash of each part."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from .databases import Table, Tables

NAME = "manifest.json"
FORMAT = 1
MEDIA = "media"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    made_at: str
    engine: str
    migrations: list[list[str]]
    tables: Tables
    files: dict[str, dict[str, Any]]
    format: int = FORMAT
    site: str = field(default="")
    # Files that rows name and that were gone already when the backup was made
    missing: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return it as it is written."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @property
    def rows(self) -> int:
        """Return how many rows there are in all tables."""
        return sum(table.rows for table in self.tables.values())


def read(text: str) -> Manifest:
    """Return the list that was written; raises CommandError for what is none of ours."""
    try:
        held = json.loads(text)
        if held["format"] != FORMAT:
            raise CommandError(f"This backup has format {held['format']}; we read {FORMAT}.")
        tables = {name: Table(**table) for name, table in held.pop("tables").items()}
        return Manifest(**held, tables=tables)
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError("The list inside the backup cannot be read.") from error


def digest(path: Path) -> dict[str, Any]:
    """Return the size and hash of a file."""
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }
