"""Ringing a job after commit. The row is the truth: a bell that nobody hears loses nothing."""

import logging
import threading
import time
from typing import Protocol

from django.db import transaction

from . import clock, counters

logger = logging.getLogger(__name__)

# After a failure the broker is left alone for so long, so that a frozen one delays one request only
PAUSE_SECONDS = 10.0
# A ring takes a millisecond; who waits longer for his turn stands behind one that gets no answer
PATIENCE_SECONDS = 0.1
_at_the_bell = threading.Lock()
_silent_until = 0.0


class Job(Protocol):
    """What `ring` needs of a Celery task."""

    @property
    def name(self) -> str:
        """How it is called in the log."""

    def delay(self, *args: object) -> object:
        """Ask a worker to run the job."""


def ring(job: Job, *args: object) -> None:
    """Ask a worker to run a job once the open transaction has committed.

    Never raises and never waits longer than the broker's own time-outs: sweeps find by state
    whatever a lost ring meant.
    """
    transaction.on_commit(lambda: _ring_now(job, *args), robust=True)


def _ring_now(job: Job, *args: object) -> None:
    if clock.in_seed_run() or _is_silent():
        return
    # one at a time: a broker that does not answer holds up one request, not each that comes
    if not _at_the_bell.acquire(timeout=PATIENCE_SECONDS):
        return
    try:
        if not _is_silent():
            _pull(job, *args)
    finally:
        _at_the_bell.release()


def _pull(job: Job, *args: object) -> None:
    global _silent_until  # noqa: PLW0603  one breaker per process is the point
    try:
        job.delay(*args)
    except Exception:  # noqa: BLE001  whatever the broker's client raises, the work is not lost
        _silent_until = time.monotonic() + PAUSE_SECONDS
        counters.count_ring_failure(job.name)
        logger.warning("Could not ring %s; the sweep will find its work.", job.name)


def _is_silent() -> bool:
    return time.monotonic() < _silent_until
