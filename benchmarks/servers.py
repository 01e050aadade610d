"""The servers that are measured, started on loopback, and what they have used."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.services import free_port

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Server:
    """One process that answers on loopback."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Return the seconds of CPU that it has used so far, in whole hundredths."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Return the bytes that it holds in memory."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * PAGE


def environment(database_url: str, redis_url: str, home: Path) -> dict[str, str]:
    """Return the program's environment in production."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    port = free_port()
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "sprintboard.settings",
        "SPRINTBOARD_MODE": "production",
        "SPRINTBOARD_INSECURE": "1",
        "SPRINTBOARD_HOME": str(home),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": "smtp://127.0.0.1:9",
    }


def run(module: list[str], environ: dict[str, str], log: Path) -> str:
    """Run a program of ours to its end; return what it printed."""
    with log.open("ab") as errors:
        done = subprocess.run(
            [sys.executable, *module],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{module} failed:\n{log.read_text()[-3000:]}")
    return done.stdout.decode()


@contextlib.contextmanager
def serving(module: str, environ: dict[str, str], log: Path, ready: str = "/") -> Iterator[Server]:
    """Start a server and wait until it answers; stop it afterwards."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=environ, stdout=out, stderr=out
        )
    server = Server(process, int(environ["PORT"]))
    try:
        _wait(server, ready, log)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def _wait(server: Server, path: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(server.url + path, timeout=5).close()
            return
        time.sleep(0.1)
    sys.exit(f"A server did not start:\n{log.read_text()[-3000:]}")
