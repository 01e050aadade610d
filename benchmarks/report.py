"""What was measured, as tables in docs/performance.md."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Line = tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One table: its heading, its columns, its lines."""

    title: str
    columns: Line
    lines: list[Line]

    def __str__(self) -> str:
        # words on the left, numbers on the right
        rule = ["---" if name in {"what", "budget"} else "--:" for name in self.columns]
        rows = [self.columns, tuple(rule), *self.lines]
        return "\n".join(
            [f"### {self.title}", "", *("| " + " | ".join(row) + " |" for row in rows)]
        )


def conditions() -> str:
    """Say when, where and with what it was measured."""
    names = ("Django", "uvicorn", "psycopg2-binary")
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    on = f"{datetime.now(tz=UTC):%-d %B %Y}"
    return (
        f"Measured on {on}, commit `{_commit()}`: {os.cpu_count()} cores"
        f" shared with the client, Python {platform.python_version()}, {packages}."
    )


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def write(sections: list[Section], document: Path = DOCUMENT) -> str:
    """Put the tables between the two marks of a document; return them."""
    text = "\n\n".join([conditions(), *map(str, sections)])
    before, _, rest = document.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return text
