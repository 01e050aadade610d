"""One embedded server with the demo in it, for all browser tests of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browsing import Reader
from tests.system.stack import Stack, free_port


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo, served as in production but for its database."""
    home = tmp_path_factory.mktemp("demo")
    port = free_port()
    stack = Stack(
        environment={"SPRINTBOARD_HOME": str(home), "PORT": str(port)},
        commands={"web": [sys.executable, "-m", "sprintboard.server"]},
        port=port,
        log=home / "log",
    )
    stack.log.touch()
    stack.manage("collectstatic", "--noinput", "-v0")
    stack.manage("migrate", "-v0")
    stack.manage("seed_demo")
    try:
        stack.start()
        yield stack
        stack.stop()
    finally:
        stack.kill()


@pytest.fixture
def reader(browser: Browser, demo: Stack) -> Iterator[Callable[..., Reader]]:
    """Return a function that opens a window, signed in where an address is given."""
    opened: list[Reader] = []

    def open_window(email: str = "", **context: Any) -> Reader:
        window = Reader(browser, demo.url, **context)
        opened.append(window)
        return window.sign_in(email) if email else window

    yield open_window
    for window in opened:
        window.close()
