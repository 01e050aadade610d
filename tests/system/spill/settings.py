"""The program's own settings, with one faulty app; SPILL_UNSCRUBBED=1 takes the scrubber away."""

import os

from sprintboard import logs
from tests.system.plain import *  # noqa: F403
from tests.system.plain import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.system.spill"]
ROOT_URLCONF = "tests.system.spill.urls"

if os.environ.get("SPILL_UNSCRUBBED") == "1":
    logs.Scrub.__call__ = lambda self, logger, name, event: {  # type: ignore[method-assign]
        key: value if isinstance(value, int | float) else str(value) for key, value in event.items()
    }
