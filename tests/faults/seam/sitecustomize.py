"""Put on PYTHONPATH by the fault tests: Python imports it first, in every process they start.

Two things it can do, and the product itself can neither: tell a later time, and put pauses or
mistakes into a process (TEST_SEAMS names functions to call once Django is ready).
"""

import os
import sys
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from django.apps import registry

from activity import clock

_true_now = clock.system_now
_started_with = float(os.environ.get("TEST_CLOCK_SHIFT_SECONDS", "0"))
_file = os.environ.get("TEST_CLOCK_FILE", "")


def _shift() -> float:
    # a file, because a running process has to see the hands move
    try:
        return float(Path(_file).read_text()) if _file else _started_with
    except FileNotFoundError:
        return _started_with


def _shifted_now() -> datetime:
    return _true_now() + timedelta(seconds=_shift())


clock.system_now = _shifted_now

_seams = os.environ.get("TEST_SEAMS", "").split()
if _seams:
    _populate = registry.Apps.populate

    def _populate_and_patch(self: Any, installed_apps: Any = None) -> None:
        _populate(self, installed_apps)
        while _seams:
            module, _, function = _seams.pop(0).rpartition(".")
            getattr(import_module(module), function)()

    registry.Apps.populate = _populate_and_patch  # type: ignore[method-assign]
