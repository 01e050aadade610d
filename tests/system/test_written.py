"""What the running parts write lies in the folders that docker-compose.yml gives them."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.system.stack import wait_for

pytestmark = pytest.mark.system


def test_nothing_is_written_outside_of_the_volumes(production: Any, tmp_path: Path) -> None:
    stack, _mail = production
    home = Path(stack.environment["SPRINTBOARD_HOME"])
    home.mkdir(exist_ok=True)
    told, runtime, temporary = (tmp_path / name for name in ("told", "runtime", "temporary"))
    told.touch()
    runtime.mkdir()
    temporary.mkdir()
    stack.seam = Path(__file__).parent / "written"
    stack.environment |= {
        "TEST_WRITTEN": str(told),
        "RUNTIME_DIRECTORY": str(runtime),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    stack.start()
    wait_for("a job to be done", lambda: any(runtime.iterdir()), 60)
    large = urllib.parse.urlencode({"login": "x" * 200_000}).encode()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{stack.url}/accounts/login/", data=large, timeout=20)
    stack.stop()

    written = {Path(line) for line in told.read_text().splitlines()}
    allowed = (home, runtime, temporary, Path("/dev"))
    outside = {path for path in written if not any(map(path.is_relative_to, allowed))}
    assert outside == set()
    assert any(path.is_relative_to(runtime) for path in written), "the worker's mark is seen"
