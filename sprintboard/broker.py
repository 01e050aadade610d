"""A Celery broker without a server: one folder of files, for the embedded program.

kombu has a filesystem transport, but it publishes under the final name (a reader may take an empty
file), keeps a claimed message in memory alone, and dies of one unreadable file. Here:

- a message is written under a hidden name and renamed, so that a reader sees all of it or nothing;
- a worker claims it by renaming it into a folder of its own and removes it on acknowledgement;
- a worker that starts gives back what dead workers had claimed: a lock, which the system releases
  with its process, tells the dead from the living;
- an unreadable file is put aside under `bad/`, said once, and the next one is taken.

Below the folder each queue has `new/`, `claimed/<worker>/` and `bad/`. Rows in the database stay
the truth; this carries doorbells.
"""

import contextlib
import fcntl
import itertools
import logging
import os
import re
import threading
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import IO, Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.utils.json import dumps, loads

SCHEME = "sprintboardfs"
STALE_SECONDS = 3600  # a hidden file this old was left by a writer that died

logger = logging.getLogger(__name__)
_order = itertools.count()


class Claims:
    """This process's own claim folders, each with a lock that lives as long as the process."""

    def __init__(self) -> None:
        self._pid = 0
        self._token = ""
        self._locks: dict[Path, IO[str]] = {}
        self._one_at_a_time = threading.Lock()  # two threads may take their first message at once

    def folder(self, queue_folder: Path) -> Path:
        """Return the folder for messages claimed by this process; made and locked on first use."""
        with self._one_at_a_time:
            return self._folder(queue_folder)

    def _folder(self, queue_folder: Path) -> Path:
        if self._pid != os.getpid():  # after a fork the parent's claims are not ours
            self._pid, self._token, self._locks = os.getpid(), uuid.uuid4().hex, {}
        folder = queue_folder / "claimed" / self._token
        if folder not in self._locks:
            # locked before it can be seen: an unlocked folder looks like one of a dead worker
            hidden = folder.with_name(f".{folder.name}")
            hidden.mkdir(parents=True)
            lock = (hidden / ".lock").open("w")
            fcntl.lockf(lock, fcntl.LOCK_EX)
            hidden.rename(folder)
            self._locks[folder] = lock
        return folder

    def owns(self, folder: Path) -> bool:
        """Say whether this process made the folder (its own lock could always be taken again)."""
        return self._pid == os.getpid() and folder in self._locks


CLAIMS = Claims()


def restore_orphans(queue_folder: Path) -> int:
    """Give the claims of dead processes back to their queue; return how many there were."""
    restored = 0
    for folder in (queue_folder / "claimed").glob("[!.]*/"):
        if not CLAIMS.owns(folder):
            with contextlib.suppress(OSError):  # its process lives, or another worker restores it
                restored += _restore_folder(folder, queue_folder / "new")
    for leftover in (queue_folder / "new").glob(".*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                leftover.unlink()
    return restored


def _restore_folder(folder: Path, new: Path) -> int:
    with (folder / ".lock").open("a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        claims = list(folder.glob("[!.]*.msg"))
        for claim in claims:
            claim.rename(new / claim.name)
        (folder / ".lock").unlink()
        folder.rmdir()
    return len(claims)


class Channel(virtual.Channel):
    """A channel whose queues are folders."""

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        self._claims: dict[str, Path] = {}
        self._seen: dict[str, deque[str]] = {}
        self._unacknowledged: set[str] = set()

    def _folder(self, queue: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._@-]*", queue):
            raise ChannelError(f"A queue of files cannot be called {queue!r}.")
        options: dict[str, Any] = self.connection.client.transport_options  # type: ignore[union-attr,assignment]
        return Path(options["folder"]) / queue

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        for part in ("new", "bad"):
            (self._folder(queue) / part).mkdir(parents=True, exist_ok=True)

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        new = self._folder(queue) / "new"
        # wall clock, not the monotonic one: the order holds over a reboot
        name = f"{time.time_ns():020d}-{next(_order):09d}-{uuid.uuid4().hex}.msg"
        hidden = new / f".{name}"
        try:
            self._new_queue(queue)
            hidden.write_text(dumps(message), encoding="utf-8")
            hidden.rename(new / name)
        except OSError as error:
            hidden.unlink(missing_ok=True)
            raise ChannelError(f"Cannot write to the queue {queue}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        while True:
            claim = self._claim_next(queue)
            message = self._read(claim)
            if message is None:
                self._new_queue(queue)
                claim.rename(self._folder(queue) / "bad" / claim.name)
                logger.error("A message that cannot be read was put aside: bad/%s", claim.name)
            elif queue in self._unacknowledged:
                claim.unlink()
                return message
            else:
                self._claims[message["properties"]["delivery_tag"]] = claim
                return message

    def _claim_next(self, queue: str) -> Path:
        """Move the oldest message into this process's folder and return its place there."""
        folder = self._folder(queue)
        names = self._seen.get(queue)
        if not names:
            # one look at the folder serves all it held: a look for each message would be quadratic
            names = self._seen[queue] = deque(self._waiting(queue))
        while names:
            name = names.popleft()
            claim = CLAIMS.folder(folder) / name
            try:
                (folder / "new" / name).rename(claim)
            except FileNotFoundError:
                continue  # another worker was first
            return claim
        raise Empty

    def _waiting(self, queue: str) -> list[str]:
        try:
            names = os.listdir(self._folder(queue) / "new")  # noqa: PTH208 - names, no Path objects
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(".msg") and name[0] != ".")

    def _read(self, claim: Path) -> dict[str, Any] | None:
        """Return the message of a file, or None when a consumer could not make sense of it."""
        try:
            message = loads(claim.read_bytes())
            properties = message["properties"]
            self.decode_body(message["body"], properties["body_encoding"])
            whole = isinstance(properties["delivery_tag"], str) and properties["delivery_info"]
        except (ValueError, LookupError, TypeError, AttributeError):
            return None
        return message if whole else None

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Any, consumer_tag: str | None, **kwargs: Any
    ) -> Any:
        """Consume from a queue, after what dead workers had claimed there is back."""
        if restored := restore_orphans(self._folder(queue)):
            logger.warning("%d messages of a worker that died are back in the queue.", restored)
        if no_ack:
            self._unacknowledged.add(queue)
        return super().basic_consume(queue, no_ack, callback, consumer_tag, **kwargs)

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Take one message, or None."""
        message = super().basic_get(queue, no_ack=no_ack, **kwargs)
        if message is not None and no_ack:
            self._forget(str(message.delivery_tag))
        return message

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Acknowledge a message: only now is its file gone."""
        super().basic_ack(delivery_tag, multiple=multiple)
        self._forget(delivery_tag)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Refuse a message: back to its queue, or away."""
        super().basic_reject(delivery_tag, requeue=requeue)
        self._forget(delivery_tag)

    def _restore(self, message: Any) -> None:
        """Give a claimed message back under its old name, and so in its old place."""
        if claim := self._claims.pop(message.delivery_tag, None):
            claim.rename(claim.parents[2] / "new" / claim.name)

    def _forget(self, delivery_tag: str) -> None:
        if claim := self._claims.pop(delivery_tag, None):
            claim.unlink(missing_ok=True)

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        names = self._waiting(queue)
        for name in names:
            (self._folder(queue) / "new" / name).unlink(missing_ok=True)
        return len(names)


class Transport(virtual.Transport):
    """The transport behind `sprintboardfs://`; its folder comes by the transport options."""

    Channel = Channel
    global_state = virtual.BrokerState()
    driver_type = driver_name = "filesystem"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state  # who publishes and who consumes share what was declared

    def drain_events(  # type: ignore[override]
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Wait for a message, but not long: between two waits a worker sees that it must stop."""
        super().drain_events(connection, timeout=min(timeout or 0.5, 0.5))

    def driver_version(self) -> str:
        """Return nothing of interest: there is no driver."""
        return "N/A"


TRANSPORT_ALIASES[SCHEME] = "sprintboard.broker:Transport"
