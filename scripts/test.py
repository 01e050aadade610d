"""Run every suite against every database that is here; `make test` ends in this.

PostgreSQL gets the full suite; then what depends on the database most runs on file SQLite (without
PostgreSQL that is the full suite). What drives a browser or real processes runs once. The servers
are the tests' own. Arguments are handed on to pytest: make test ARGS="-k outbox".
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from scripts.services import (
    find_chromium,
    find_postgresql,
    find_redis,
    postgresql,
    redis_server,
)

ROOT = Path(__file__).resolve().parent.parent
APART = ("tests/browser", "tests/system", "tests/run", "tests/faults")
COUNTS = ("tests", "failures", "errors", "skipped")
NO_TESTS = 5
# two at a time, file by file in the order of tests/conftest.py: what a file's tests share is made
# once, and the long files come first, so that nobody waits at the end
BY_FILE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
# what a developer's shell exports must not reach the tests
CHOSEN_BY_SUITES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "PORT")
# hundreds of processes start here: each would compile the program for itself
COSTLY = ("PYTHONDONTWRITEBYTECODE",)


@dataclass
class Run:
    """All suites of one call: where they work, and how they went."""

    folder: Path
    arguments: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def suite(self, name: str, *selection: str, **environment: str) -> None:
        """Run pytest once and add up what it counted."""
        print(f"\n━━ {name} ━━", flush=True)
        began = time.monotonic()
        report = self.folder / f"{time.monotonic_ns()}.xml"
        if name.startswith("Everything") and not self.arguments:
            environment["EVERY_URL"] = "1"  # tests/calls.py: no address may be left out
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"),
                *(*selection, *self.arguments),
            ],
            cwd=ROOT,
            env={**os.environ, "SPRINTBOARD_HOME": str(self.folder / "home"), **environment},
            check=False,
        )
        counted = _read(report)
        self.counts.update(counted)
        if done.returncode and not (done.returncode == NO_TESTS and self.arguments):
            self.failed.append(f"{name} (pytest's exit code {done.returncode})")
        print(f"{name}: {counted['tests']} tests in {time.monotonic() - began:.0f} s", flush=True)


def _read(report: Path) -> Counter[str]:
    """Return what pytest counted; a run that wrote no report is an error."""
    if not report.exists():
        return Counter(errors=1)
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it
    return Counter({name: sum(int(suite.get(name, 0)) for suite in suites) for name in COUNTS})


def main() -> int:
    """Run what can run; return the exit code."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    here = {
        "PostgreSQL": find_postgresql(),
        "Redis": find_redis(),
        "Chromium": find_chromium(),
    }
    missing = [name for name, path in here.items() if not path]
    if missing and os.environ.get("REQUIRE_ALL") == "1":
        print(f"REQUIRE_ALL=1, and not there: {', '.join(missing)}.")
        return 1
    for name in (*CHOSEN_BY_SUITES, *COSTLY):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="sprintboard-test-") as name:
        run = Run(Path(name), sys.argv[1:])
        with contextlib.ExitStack() as stack:
            run_all(run, here, stack)
    return tell(run, missing)


def run_all(run: Run, here: dict[str, Path | None], stack: contextlib.ExitStack) -> None:
    """Start the servers that are here and run the suites on them."""
    apart = [f"--ignore={folder}" for folder in APART]
    on_sqlite = {"SPRINTBOARD_TEST_DB": str(run.folder / "test.sqlite3")}
    services = {}
    if here["PostgreSQL"]:
        services["DATABASE_URL"] = stack.enter_context(postgresql(here["PostgreSQL"]))
        run.suite("Everything, on PostgreSQL", *BY_FILE, "tests", *apart, **services)
        run.suite(
            "Actions, locks, migrations and seed, on file SQLite",
            *(*BY_FILE, "-m", "both_databases", "tests", *apart),
            **on_sqlite,
        )
    else:
        run.suite("Everything, on file SQLite", *BY_FILE, "tests", *apart, **on_sqlite)
    if here["Redis"]:
        services["REDIS_URL"] = stack.enter_context(redis_server(here["Redis"]))
    if here["Chromium"]:
        services["CHROMIUM"] = str(here["Chromium"])
    # each of the two has a demo of its own
    run.suite("Every page in a browser", *BY_FILE, "tests/browser", **services)
    run.suite(
        "Real processes, and quick faults",
        *(*BY_FILE, "-m", "system or (faults_quick and not alone)"),
        *("tests/system", "tests/run", "tests/faults"),
        **services,
    )
    run.suite(
        "Quick faults that need quiet, one by one",
        *("-m", "faults_quick and alone", "tests/faults"),
        **services,
    )


def tell(run: Run, missing: list[str]) -> int:
    """Say how it went, in the last lines; return the exit code."""
    counts = run.counts
    failed = counts["failures"] + counts["errors"]
    print("\n━━ Altogether ━━")
    for name in run.failed:
        print(f"Failed: {name}")
    passed = counts["tests"] - failed - counts["skipped"]
    print(f"total: {passed} passed, {failed} failed, {counts['skipped']} skipped")
    if missing:
        print(f"Not there, so not tried: {', '.join(missing)}.")
    else:
        print("PostgreSQL, Redis and Chromium were all there.")
    return int(bool(run.failed or failed))


if __name__ == "__main__":
    sys.exit(main())
