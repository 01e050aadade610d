"""Is the process alive, and may it take visitors? Neither answer names a version or a host."""

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from activity import clock
from activity.models import Mark
from notifications.models import OutboxItem

OK, DOWN, DEGRADED, MISSING = "ok", "down", "degraded", "missing"
FULL, PAUSED, UNKNOWN = "full", "paused", "unknown"
DATABASE_SECONDS = 1.0
DISK_BYTES = 200 * 1024 * 1024
LATE = timedelta(minutes=5)
SILENT = timedelta(minutes=2)
BROKER_SECONDS = 0.5


@require_safe
@never_cache
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer without looking at anything: the process is alive."""
    return JsonResponse({"status": OK})


@require_safe
@never_cache
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when pages can be served: the database is there and up to date, the disk has room.

    What only makes things later (broker, worker, outbox) never makes the program unready.
    """
    database, migrations = look_at_database()
    disk = look_at_disk()
    ready = database == migrations == disk == OK
    outbox, worker = look_at_work() if ready else (UNKNOWN, UNKNOWN)
    return JsonResponse(
        {
            "status": "ready" if ready else "not ready",
            "database": database,
            "migrations": migrations,
            "disk": disk,
            "outbox": outbox,
            "worker": worker,
            "broker": look_at_broker(),
        },
        status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def look_at_database() -> tuple[str, str]:
    """Return how the database is, and how its migrations are."""
    try:
        with answering_within(DATABASE_SECONDS):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            applied = MigrationRecorder(connection).applied_migrations().keys()
    except (DatabaseError, InterfaceError):
        return DOWN, DOWN
    return OK, OK if known_migrations() <= applied else MISSING


@contextlib.contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Cut the line to a database that keeps silent for so long: what waits for it then fails.

    A server that is frozen cancels no statement of its own accord. (SQLite is no server.)
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    line = socket.socket(fileno=os.dup(connection.connection.fileno()))
    watchdog = threading.Timer(seconds, _cut, [line])
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        watchdog.join()
        line.close()


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def look_at_disk() -> str:
    """Return whether there is room for what is written: state, and files where they are apart."""
    folders = [Path(settings.HOME), Path(settings.MEDIA_ROOT)]
    try:
        # the folder of files is made with the first one
        free = min(shutil.disk_usage(path).free for path in folders if path.exists())
    except (OSError, ValueError):
        return DOWN
    return OK if free >= DISK_BYTES else FULL


def look_at_work() -> tuple[str, str]:
    """Return whether mails leave in time, and whether a worker works."""
    now = clock.now()
    try:
        marks = Mark.objects.by_name()
        due = OutboxItem.objects.due(now).values_list("not_before", flat=True).first()
    except (DatabaseError, InterfaceError):
        return UNKNOWN, UNKNOWN
    late = due is not None and due < now - LATE
    paused = settings.OUTBOX_PAUSED or Mark.OUTBOX_PAUSED in marks
    worker = marks.get(Mark.WORKER)
    return (
        PAUSED if paused else DEGRADED if late else OK,
        OK if worker and worker.at > now - SILENT else DEGRADED,
    )


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations this program came with; a running process sees no others."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations)


def look_at_broker() -> str:
    """Return whether doorbells can be rung."""
    if not settings.REDIS_URL:
        return OK  # the queue is a folder beside the database
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=BROKER_SECONDS,
            socket_timeout=BROKER_SECONDS,
        ) as redis:
            redis.ping()
    except RedisError:
        return DEGRADED
    return OK
