"""Put on PYTHONPATH by the system tests: Python imports it first, in every process they start.

It makes `activity.clock` tell a later time. The product itself has no such switch.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from activity import clock

_true_now = clock.system_now
_shift = timedelta(seconds=float(os.environ.get("TEST_CLOCK_SHIFT_SECONDS", "0")))


def _shifted_now() -> datetime:
    return _true_now() + _shift


clock.system_now = _shifted_now
