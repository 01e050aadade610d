"""Safeguards that a control takes out of a process (TEST_SEAMS names them, as in seams.py)."""

from __future__ import annotations

import os
from typing import Any

from django.db import connections


def without_immediate() -> None:
    """Let a transaction of SQLite begin as it does by default: as a reader."""
    _options().pop("transaction_mode")


def without_health_checks() -> None:
    """Use a kept connection without asking whether it still lives."""
    connections.settings["default"]["CONN_HEALTH_CHECKS"] = False


def with_few_pages() -> None:
    """Let the database file grow to TEST_PAGES pages only, where no small disk can be mounted."""
    _options()["init_command"] += f"PRAGMA max_page_count={int(os.environ['TEST_PAGES'])};"


def without_bounds() -> None:
    """Keep every event for every stream, and write without waiting for the reader."""
    import sys

    from uvicorn.protocols.http.flow_control import FlowControl

    from live import hub

    async def drain(self: FlowControl) -> None:
        """Wait for nobody."""

    FlowControl.drain = drain  # type: ignore[method-assign]
    hub.BUFFERED_EVENTS = sys.maxsize  # type: ignore[misc]


def _options() -> dict[str, Any]:
    options: dict[str, Any] = connections.settings["default"]["OPTIONS"]
    return options
