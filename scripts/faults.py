"""Break the program in every way that docs/reliability.md names; `make faults` ends in this.

The tests run with all that they can try; then the table in docs/reliability.md is written anew from
what they measured. Arguments are handed on to pytest and only replace the lines of what was run:
make faults ARGS="-k F1".
"""

import contextlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.services import find_postgresql, find_redis, postgresql
from scripts.test import CHOSEN_BY_SUITES

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "var" / "faults"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
HEAD = (
    "| fault | what was tried | tried | lost | twice | uncertain | seconds "
    "| unsafe way, to compare | remarks |\n|---|---|--:|--:|--:|--:|--:|---|---|"
)


def main() -> int:
    """Run the tests, write the table; return the exit code."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    arguments = sys.argv[1:]
    for name in CHOSEN_BY_SUITES:
        os.environ.pop(name, None)
    if not arguments:
        shutil.rmtree(FIGURES, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="sprintboard-faults-"))
        services = {"SPRINTBOARD_HOME": home, "FAULTS": "full"}
        if binaries := find_postgresql():
            services["DATABASE_URL"] = stack.enter_context(postgresql(binaries))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", "-m", "faults", "tests/faults", *arguments],
            cwd=ROOT,
            env={**os.environ, **services},
            check=False,
        )
    write_table()
    return done.returncode


def write_table() -> None:
    """Put the figures into the document; print them too."""
    lines = [json.loads(path.read_text()) for path in FIGURES.glob("*.json")]
    if not lines:
        print("Nothing was measured.")
        return
    lines.sort(key=lambda line: (int(re.sub(r"\D", "", line["fault"])), line["what"]))
    table = "\n".join([HEAD, *map(row, lines)])
    dates = sorted({line["on"] for line in lines})
    measured = f"As measured on {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}"
    text = f"{measured}, with {versions()}.\n\n{table}"
    print(f"\n{text}")
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def row(line: dict[str, object]) -> str:
    """Return one line of the table."""
    names = ("fault", "what", "tried", "lost", "twice", "uncertain", "seconds", "control")
    cells = [*(str(line[name]) for name in names), str(line["remarks"])]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def versions() -> str:
    """Return what took part, by name and version."""
    packages = {"Django": "django", "Celery": "celery", "kombu": "kombu", "redis-py": "redis"}
    return ", ".join(
        [
            f"Python {platform.python_version()}",
            *(f"{name} {importlib.metadata.version(it)}" for name, it in packages.items()),
            f"Redis {said(find_redis(), 'v=([0-9.]+)')}",
            f"PostgreSQL {said((find_postgresql() or Path()) / 'postgres', '([0-9.]+)')}",
            f"SQLite {sqlite3.sqlite_version}",
            f"{platform.system()}, {os.cpu_count()} cores",
        ]
    )


def said(program: Path | None, pattern: str) -> str:
    """Return the version that a server's program names."""
    if program is None or not program.is_file():
        return "absent"
    printed = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(pattern, printed)
    return found[1] if found else "of unknown version"


if __name__ == "__main__":
    sys.exit(main())
