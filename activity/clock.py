"""The one clock of the program: rules, due times and leases all ask it.

The demo seed alone may tell another time (`at`), and only in a seed run on empty workspaces, so
that the story it records lies in the past and still is true history.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class _SeedRun:
    hand: datetime | None = None
    workspaces: set[int] = field(default_factory=set)


_seed_run: ContextVar[_SeedRun | None] = ContextVar("seed_run", default=None)


def system_now() -> datetime:
    """Return the machine's time, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return the instant to act at, in UTC."""
    run = _seed_run.get()
    return run.hand if run is not None and run.hand is not None else system_now()


@contextmanager
def seed_run() -> Iterator[None]:
    """Allow `at` until the block ends."""
    token = _seed_run.set(_SeedRun())
    try:
        yield
    finally:
        _seed_run.reset(token)


def in_seed_run() -> bool:
    """Tell whether history is being written: no job is rung for what is long past."""
    return _seed_run.get() is not None


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Tell this instant inside the block, and after it until the next: time never goes back.

    Raises RuntimeError outside `seed_run`, for an earlier instant than the last, and for a future
    one.
    """
    run = _seed_run.get()
    if run is None:
        raise RuntimeError("Only a seed run may set the clock.")
    if run.hand is not None and instant < run.hand:
        raise RuntimeError(f"The clock does not go back from {run.hand} to {instant}.")
    if instant > system_now():
        raise RuntimeError(f"{instant} has not come yet.")
    run.hand = instant.astimezone(UTC)
    yield


def admit(workspace_id: int, seq: int) -> None:
    """Refuse a seed run's change to a workspace that held anything when the run began."""
    run = _seed_run.get()
    if run is None or run.hand is None or workspace_id in run.workspaces:
        return
    if seq:
        raise RuntimeError("A seed run writes to workspaces that it began empty, and to no other.")
    run.workspaces.add(workspace_id)
