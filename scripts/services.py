"""A PostgreSQL cluster and a Redis of the tests' own, on free ports, gone when the tests end.

Nothing that runs on the machine is touched: the cluster is made in a temporary folder.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import redis

START_SECONDS = 60
NAME = "sprintboard"


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_postgresql() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    if on_path := shutil.which("initdb"):
        folders.insert(0, Path(on_path).resolve().parent)
    whole = [
        path for path in folders if (path / "initdb").exists() and (path / "postgres").exists()
    ]
    return whole[-1] if whole else None


def find_redis() -> Path | None:
    """Return the Redis server of this machine."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def find_chromium() -> Path | None:
    """Return the Chromium of this machine."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    return Path(found) if found else None


@contextlib.contextmanager
def postgresql(binaries: Path) -> Iterator[str]:
    """Start a cluster of our own; yield the address of an empty database in it."""
    with tempfile.TemporaryDirectory(prefix="sprintboard-pg-") as name:
        folder = Path(name)
        account = _account()
        shutil.chown(folder, account, account) if account else None
        data, port = folder / "data", free_port()
        _as(
            account,
            [
                *(binaries / "initdb", "-D", data, "-U", NAME, "--auth=trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            folder,
        )
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "max_connections": 200,
            # the data is thrown away: nothing of it has to survive a power cut
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with _server(account, [binaries / "postgres", "-D", data, *flags], folder, signal.SIGINT):
            address = f"postgres://{NAME}@127.0.0.1:{port}"
            _until(lambda: psycopg2.connect(f"{address}/postgres").close(), folder)
            _create_database(address)
            yield f"{address}/{NAME}"


def _create_database(address: str) -> None:
    connection = psycopg2.connect(f"{address}/postgres")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME}")


@contextlib.contextmanager
def redis_server(binary: Path) -> Iterator[str]:
    """Start a Redis of our own; yield its address."""
    with tempfile.TemporaryDirectory(prefix="sprintboard-redis-") as name:
        port = free_port()
        command = [
            *(binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", name),
            *("--appendonly", "no", "--maxmemory-policy", "noeviction"),
        ]
        with _server("", command, Path(name), signal.SIGTERM):
            address = f"redis://127.0.0.1:{port}/0"
            _until(lambda: redis.Redis.from_url(address).ping(), Path(name))
            yield address


def _account() -> str:
    """Return whom a PostgreSQL server may run as: it refuses root."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(account: str, command: list[object], folder: Path) -> None:
    with (folder / "log").open("ab") as log:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=log,
            stderr=log,
            cwd=folder,
            check=False,
            **_identity(account),
        )
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{(folder / 'log').read_text()}")


def _identity(account: str) -> dict[str, object]:
    if not account:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _server(
    account: str, command: list[object], folder: Path, stop: signal.Signals
) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=log,
            stderr=log,
            cwd=folder,
            process_group=0,  # Ctrl-C ends the tests first, which then stop this
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread
            **_identity(account),
        )
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _until(works: Callable[[], object], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            works()
        except (psycopg2.Error, redis.RedisError):
            if time.monotonic() > deadline:
                sys.exit(f"A server did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.1)
        else:
            return
