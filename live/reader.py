"""The one reader of the log in a process: what it finds, the hub tells, in order.

It looks when a bell rings, and by itself: often where no Redis carries other processes' bells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import redis.asyncio
from django.conf import settings
from django.db import close_old_connections, connections

from activity.models import Activity, Audience
from people.models import Membership, Workspace

from . import bell, door, presence
from .hub import Event, Hub, message
from .presence import Presence

logger = logging.getLogger(__name__)
T = TypeVar("T")

THREADS: Final = 2
LOOK_SECONDS: Final = 0.25
LOOK_SECONDS_WITH_REDIS: Final = 2.0
CHECK_SECONDS: Final = 60.0
AFTER_FAULT_SECONDS: Final = 1.0
# Who is further behind than this fetches the page
MOST_EVENTS: Final = 500
ABOUT_MEMBERS: Final = Membership._meta.label_lower


class Reader:
    """Follows the log for the hub, and looks after who may still listen."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.presence = Presence(hub)
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")
        self.rung = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow; on the running loop."""
        bell.ring_here(self._ring)
        presence.ring_here(self._hear_presence)
        work = [self._follow(), self._check_now_and_then(), self.presence.follow(self.in_thread)]
        if settings.REDIS_URL:
            work.append(self._listen_to_redis(str(settings.REDIS_URL)))
        self._tasks = [self._loop.create_task(one) for one in work]

    async def stop(self) -> None:
        """End all work of the reader."""
        bell.ring_here(None)
        presence.ring_here(None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._close_threads)

    def _close_threads(self) -> None:
        """End the threads; each closes its own connection first, which nobody else can."""
        together = threading.Barrier(THREADS)

        def close() -> None:
            together.wait()  # so that no thread takes both
            connections.close_all()

        for _ in range(THREADS):
            self.threads.submit(close)
        self.threads.shutdown()

    async def in_thread(self, work: Callable[..., T], *args: object) -> T:
        """Run something that asks the database."""
        return await self._loop.run_in_executor(self.threads, _with_connection, work, *args)

    def _ring(self, workspace_id: int, seq: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: the process stops
            self._loop.call_soon_threadsafe(self._hear, workspace_id, seq)

    def _hear_presence(self, news: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.presence.heard, news)

    def _hear(self, workspace_id: int, seq: int) -> None:
        if seq > self.hub.told.get(workspace_id, seq):
            self.rung.set()

    async def _follow(self) -> None:
        pause = LOOK_SECONDS_WITH_REDIS if settings.REDIS_URL else LOOK_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.rung.wait()
            self.rung.clear()
            if not self.hub.told:
                continue
            try:
                await self.look()
            except Exception:
                logger.warning("The stream could not read the log; it tries again.", exc_info=True)
                await asyncio.sleep(AFTER_FAULT_SECONDS)

    async def look(self) -> None:
        """Tell what is new in the workspaces that somebody follows."""
        for workspace_id, (seq, events) in (
            await self.in_thread(find_news, dict(self.hub.told))
        ).items():
            if events is None or any(event.about_members for event in events):
                await self.check(workspace_id)  # first: who was removed hears nothing of the rest
            if workspace_id not in self.hub.told:
                continue  # its last listener left meanwhile
            if events is None:
                self.hub.skip_to(workspace_id, seq)
            else:
                self.hub.tell(workspace_id, events)

    async def check(self, workspace_id: int | None = None) -> None:
        """End the streams of those who may not listen any more."""
        seats = self.hub.seats(workspace_id)
        if seats:
            refused = seats - await self.in_thread(door.still_admitted, seats)
            self.hub.dismiss(refused, "refused")
            for seat in refused:
                self.presence.changed(seat.workspace_id)

    async def _check_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check()
            except Exception:
                logger.warning("The stream could not check its listeners.", exc_info=True)

    def _hear_redis(self, item: Mapping[str, Any]) -> None:
        if item.get("channel") == bell.HERE_CHANNEL.encode():
            self.presence.heard(presence.read(item.get("data")))
        elif news := bell.heard_news(item.get("data")):
            self._hear(*news)

    async def _listen_to_redis(self, url: str) -> None:
        while True:
            try:
                async with redis.asyncio.from_url(
                    url, socket_connect_timeout=2, health_check_interval=10
                ).pubsub() as channel:
                    await channel.subscribe(bell.CHANNEL, bell.HERE_CHANNEL)
                    async for item in channel.listen():
                        self._hear_redis(item)
            except (redis.RedisError, OSError):
                await asyncio.sleep(AFTER_FAULT_SECONDS)


def _with_connection(work: Callable[..., T], *args: object) -> T:
    close_old_connections()
    return work(*args)


def find_news(told: Mapping[int, int]) -> dict[int, tuple[int, list[Event] | None]]:
    """Return for each workspace that went on its number and its events; None when too many.

    One query when nothing is new, one more for each workspace where something is.
    """
    now_at = Workspace.objects.filter(pk__in=told).values_list("pk", "seq")
    return {
        pk: (seq, _events(pk, told[pk]) if seq - told[pk] <= MOST_EVENTS else None)
        for pk, seq in now_at
        if seq > told[pk]
    }


def _events(workspace_id: int, after: int) -> list[Event]:
    found = (
        Activity.objects.filter(workspace=workspace_id, seq__gt=after)
        .select_related("actor")
        .order_by("seq")
    )
    return [event_of(activity) for activity in found]


def event_of(activity: Activity) -> Event:
    """Return an activity as it goes over the wire."""
    actor = activity.actor
    return Event(
        seq=activity.seq,
        audience=Audience(activity.audience),
        full=message(
            {
                "seq": activity.seq,
                "verb": activity.verb,
                "subject": [activity.subject_type, activity.subject_id],
                "by": {"id": actor.pk, "name": actor.first_name} if actor else None,
                "data": activity.data,
            }
        ),
        bare=message({"seq": activity.seq}),
        about_members=activity.subject_type == ABOUT_MEMBERS,
    )
