"""Ringing the readers: "workspace 7 is at 41 now". A bell unheard costs a moment.

Every web process has one reader of the log (live/reader.py). The bell of its own process rings it
directly; those of other processes ring through Redis where there is one. A reader looks by itself
from time to time anyway, so that nothing depends on a bell.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Final

import redis
from django.conf import settings

from activity import clock

logger = logging.getLogger(__name__)

CHANNEL: Final = "sprintboard.live"
# After a failure Redis is left alone for so long, so that a frozen one delays one request only
PAUSE_SECONDS: Final = 10.0
TIMEOUT_SECONDS: Final = 1.0
# Who waits longer for his turn stands behind one that gets no answer
PATIENCE_SECONDS: Final = 0.1

_own_reader: Callable[[int, int], None] | None = None
_at_the_bell = threading.Lock()
_silent_until = 0.0


def ring_here(reader: Callable[[int, int], None] | None) -> None:
    """Name this process's reader: called, from any thread, with a workspace and its seq."""
    global _own_reader  # noqa: PLW0603  one reader per process is the point
    _own_reader = reader


def heard_a_commit(sender: object, *, workspace_id: int, seq: int, **_signal: object) -> None:
    """Ring this process's reader and those of the others. Never raises."""
    if _own_reader is not None:
        _own_reader(workspace_id, seq)
    if settings.REDIS_URL and not clock.in_seed_run():
        _publish({"workspace": workspace_id, "seq": seq})


def _publish(news: dict[str, int]) -> None:
    # one at a time: a Redis that does not answer holds up one request, not each that comes
    if _is_silent() or not _at_the_bell.acquire(timeout=PATIENCE_SECONDS):
        return
    try:
        if not _is_silent():
            _pull(news)
    finally:
        _at_the_bell.release()


def _is_silent() -> bool:
    return time.monotonic() < _silent_until


def _pull(news: dict[str, int]) -> None:
    global _silent_until  # noqa: PLW0603  one breaker per process is the point
    try:
        _client().publish(CHANNEL, json.dumps(news))
    except (redis.RedisError, OSError):
        _silent_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("Could not ring the streams; their readers look by themselves.")


@cache
def _client() -> redis.Redis:  # type: ignore[type-arg]  # generic in its stubs alone
    return redis.Redis.from_url(
        str(settings.REDIS_URL),
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
    )


def heard_news(message: object) -> tuple[int, int] | None:
    """Return workspace and seq of a message from Redis; None when it is none of ours."""
    try:
        news = json.loads(message)  # type: ignore[arg-type]
        return int(news["workspace"]), int(news["seq"])
    except (TypeError, ValueError, KeyError):
        return None
