"""What a fault test measured: one line of the table in docs/reliability.md."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "faults"


def at_full_scale() -> bool:
    """Tell whether this is `make faults`; the ordinary gate tries less of each."""
    return os.environ.get("FAULTS") == "full"


def scale(quick: int, full: int) -> int:
    """Return how many to try: few in the ordinary gate, all in `make faults`."""
    return full if at_full_scale() else quick


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass
class Figures:
    """One line. `tried` counts what was at stake; `control` tells how the unsafe way lost."""

    fault: str
    what: str
    tried: int = 0
    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    seconds: float = 0.0
    remarks: str = ""
    control: str = ""
    on: str = field(default_factory=lambda: _today().isoformat())
    began: float = field(default_factory=time.monotonic, repr=False)

    def stopwatch(self) -> None:
        """Count the seconds from now on, instead of from the start of the test."""
        self.began = time.monotonic()

    def stop(self) -> float:
        """Set the seconds to what has passed; call it when what is promised has come true."""
        self.seconds = round(time.monotonic() - self.began, 1)
        return self.seconds

    def keep(self, name: str) -> None:
        """Write the line where scripts/faults.py looks for it."""
        values = asdict(self)
        del values["began"]
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{name}.json").write_text(json.dumps(values, indent=1))
