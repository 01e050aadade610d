"""A server that does not answer holds up one caller, and is then left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# After a failure the server is left alone for so long
PAUSE_SECONDS: Final = 10.0
# A call takes a millisecond; who waits longer for his turn stands behind one that gets no answer
PATIENCE_SECONDS: Final = 0.1


class Breaker:
    """Lets callers of one server through, one at a time, unless it failed lately."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._silent_until = 0.0

    def call(self, work: Callable[[], object]) -> Exception | None:
        """Call the server, or do nothing while it is left alone; return how it failed just now."""
        if self._is_silent() or not self._turn.acquire(timeout=PATIENCE_SECONDS):
            return None
        try:
            return None if self._is_silent() else self._try(work)
        finally:
            self._turn.release()

    def _try(self, work: Callable[[], object]) -> Exception | None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever a client raises, its caller goes on
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            return error
        return None

    def _is_silent(self) -> bool:
        return time.monotonic() < self._silent_until


# Jobs and streams ring through the same Redis: when it is away, whoever is first learns it for all
bells: Final = Breaker()
