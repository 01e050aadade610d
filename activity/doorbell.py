"""Ringing a job after commit. The row is the truth: a bell that nobody hears loses nothing."""

import logging
from typing import Protocol

from django.db import transaction

from . import clock, counters
from .breaker import bells

logger = logging.getLogger(__name__)


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
    if clock.in_seed_run():
        return
    if bells.call(lambda: job.delay(*args)) is not None:
        counters.count_ring_failure(job.name)
        logger.warning("Could not ring %s; the sweep will find its work.", job.name)
