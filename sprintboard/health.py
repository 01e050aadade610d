"""Is the process alive, and may it take visitors? Neither answer names a version or a host."""

from functools import cache
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

OK, DOWN, DEGRADED, MISSING = "ok", "down", "degraded", "missing"
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
    """Answer 200 when pages can be served: the database answers and is up to date.

    A broker that is away only makes things later, so it never makes the program unready.
    """
    database, migrations = look_at_database()
    ready = database == migrations == OK
    return JsonResponse(
        {
            "status": "ready" if ready else "not ready",
            "database": database,
            "migrations": migrations,
            "broker": look_at_broker(),
        },
        status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def look_at_database() -> tuple[str, str]:
    """Return how the database is, and how its migrations are."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        applied = MigrationRecorder(connection).applied_migrations().keys()
    except (DatabaseError, InterfaceError):
        return DOWN, DOWN
    return OK, OK if known_migrations() <= applied else MISSING


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
