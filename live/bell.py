"""Ringing the readers: "workspace 7 is at 41 now". A bell unheard costs a moment.

Every web process has one reader of the log (live/reader.py). The bell of its own process rings it
directly; those of other processes ring through Redis where there is one. A reader looks by itself
from time to time anyway, so that nothing depends on a bell.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import redis
from django.conf import settings

from activity import clock
from activity.breaker import bells

logger = logging.getLogger(__name__)

CHANNEL: Final = "sprintboard.live"
HERE_CHANNEL: Final = "sprintboard.here"
TIMEOUT_SECONDS: Final = 1.0

_own_reader: Callable[[int, int], None] | None = None


def ring_here(reader: Callable[[int, int], None] | None) -> None:
    """Name this process's reader: called, from any thread, with a workspace and its seq."""
    global _own_reader  # noqa: PLW0603  one reader per process is the point
    _own_reader = reader


def heard_a_commit(sender: object, *, workspace_id: int, seq: int, **_signal: object) -> None:
    """Ring this process's reader and those of the others. Never raises."""
    if _own_reader is not None:
        _own_reader(workspace_id, seq)
    if settings.REDIS_URL and not clock.in_seed_run():
        _publish(CHANNEL, {"workspace": workspace_id, "seq": seq})


def tell_others(news: Mapping[str, object]) -> None:
    """Tell the other processes who is here. Never raises; what does not arrive is said again."""
    if settings.REDIS_URL:
        _publish(HERE_CHANNEL, news)


def _publish(channel: str, news: Mapping[str, object]) -> None:
    if bells.call(lambda: _client().publish(channel, json.dumps(news))) is not None:
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
