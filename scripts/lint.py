"""Check what needs no running program; `make lint` ends in this. One failure stops no other."""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ADDRESS = re.compile(r"https?://|file:///|^--(?:extra-)?index-url|^--find-links", re.MULTILINE)


def tool(*command: str, **environment: str) -> Callable[[], str]:
    """Return a check that runs a command; its complaint is what the command printed."""

    def check() -> str:
        done = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout.strip() or f"exit code {done.returncode}" if done.returncode else ""

    return check


def locks_name_no_address() -> str:
    """Each machine uses the registry that it is set up for."""
    found = [
        f"{lock.relative_to(ROOT)}: {address[0]}"
        for lock in sorted(ROOT.glob("requirements/*.txt"))
        if (address := ADDRESS.search(lock.read_text()))
    ]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found += [f"package-lock.json: {name}" for name, it in packages.items() if "resolved" in it]
    return "\n".join(found)


def templates() -> list[str]:
    """Return every template of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "*.html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()


def main() -> int:
    """Run every check; return the exit code."""
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="sprintboard-lint-") as home:
        os.environ["SPRINTBOARD_HOME"] = home
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)  # none of two has to write it down
        with ThreadPoolExecutor(2) as pool:  # mypy takes as long as all the others
            told = {name: pool.submit(_timed, check) for name, check in checks().items()}
            failed = [name for name, it in told.items() if not _passes(name, *it.result())]
    print(f"{len(failed)} of {len(checks())} checks failed." if failed else "Every check passed.")
    return int(bool(failed))


def checks() -> dict[str, Callable[[], str]]:
    """Return every check by its name."""
    production = {
        "SPRINTBOARD_MODE": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SITE_URL": "https://board.example.com",
        "DATABASE_URL": "postgres://sprintboard@127.0.0.1:1/sprintboard",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "TRUSTED_PROXIES": "1",
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
    }
    return {
        "ruff check": tool("ruff", "check", "."),
        "ruff format": tool("ruff", "format", "--check", "."),
        "mypy": tool("mypy"),
        "import-linter": tool("lint-imports"),
        "djade": tool("djade", "--check", "--target-version", "5.2", *templates()),
        "djlint": tool("djlint", "--lint", "--quiet", "templates"),
        "migrations": tool("python", "manage.py", "makemigrations", "--check", "--dry-run"),
        "system check": tool("python", "manage.py", "check", "--fail-level", "WARNING"),
        "deployment check": tool(
            *("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"), **production
        ),
        "locks name no address": locks_name_no_address,
    }


def _timed(check: Callable[[], str]) -> tuple[str, float]:
    began = time.monotonic()
    return check(), time.monotonic() - began


def _passes(name: str, complaint: str, seconds: float) -> bool:
    print(f"{'FAIL' if complaint else 'ok  '} {name} ({seconds:.1f} s)", flush=True)
    if complaint:
        print(complaint, end="\n\n", flush=True)
    return not complaint


if __name__ == "__main__":
    sys.exit(main())
