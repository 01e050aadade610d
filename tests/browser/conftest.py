"""One embedded server with the demo in it, for all browser tests of a run."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browsing import Reader
from tests.system.stack import Stack, free_port


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo, served as in production but for its database."""
    home = tmp_path_factory.mktemp("demo")
    _seed(home, tmp_path_factory.getbasetemp())
    port = free_port()
    stack = Stack(
        environment={"SPRINTBOARD_HOME": str(home), "PORT": str(port)},
        commands={"web": [sys.executable, "-m", "sprintboard.server"]},
        port=port,
        log=home / "log",
    )
    stack.log.touch()
    try:
        stack.start()
        yield stack
        stack.stop()
    finally:
        stack.kill()


@pytest.fixture(scope="module")
def full_board(demo: Stack) -> None:
    """Have cards in every column, whatever the files before this one did with them."""
    demo.manage("shell", "-c", "from tests.browser.filling import fill_board; fill_board()")


def _seed(home: Path, own: Path) -> None:
    """Fill a home with the demo: it is told once for all workers of a run, then copied."""
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    made = (own.parent if is_shared else own) / "seeded-demo"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            making = made.with_suffix(".new")
            making.mkdir()
            stack = Stack({"SPRINTBOARD_HOME": str(making)}, {}, 0, making / "log")
            for command in (
                ["collectstatic", "--noinput", "-v0"],
                ["migrate", "-v0"],
                ["seed_demo"],
            ):
                stack.manage(*command)
            making.rename(made)
    shutil.copytree(made, home, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """The cookie of everybody who has signed in: a second window of theirs need not do it again."""
    return {}


@pytest.fixture
def reader(
    browser: Browser, demo: Stack, sessions: dict[str, Any]
) -> Iterator[Callable[..., Reader]]:
    """Return a function that opens a window, signed in where an address is given.

    Who signs out in a test has to sign in there, too: `reader().sign_in(email)`.
    """
    opened: list[Reader] = []

    def open_window(email: str = "", **context: Any) -> Reader:
        window = Reader(browser, demo.url, **context)
        opened.append(window)
        if email in sessions:
            window.context.add_cookies([sessions[email]])
        elif email:
            cookies = window.sign_in(email).context.cookies()
            [sessions[email]] = [cookie for cookie in cookies if cookie["name"] == "sid"]
        return window

    yield open_window
    for window in opened:
        window.close()
