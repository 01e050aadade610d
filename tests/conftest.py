"""What every test may use: two workspaces, signed-in clients, and the guard on writes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from people.models import Membership
from sprintboard import celery_app
from tests import arranging as arrange
from tests.access_rules import Scene, make_scene
from tests.calls import (  # noqa: F401 - hooks of pytest
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.factories import FJORD, NORTHWIND, World, make_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# What takes longest, the longest first: it is begun first, so that the end is shared out evenly
LONG = (
    *("tests/test_api_access.py", "tests/test_access.py", "tests/bad_input/test_api.py"),
    *("tests/bad_input/test_forms.py", "tests/test_bad_input.py", "tests/bad_input/"),
    *("tests/sprintboard/test_demo.py", "tests/sprintboard/test_api_schema.py"),
    *("tests/browser/test_every_page.py", "tests/browser/test_by_keyboard.py"),
    *("tests/browser/test_live.py", "tests/browser/test_drag.py"),
    *("tests/browser/test_without_scripts.py", "tests/browser/test_phone.py"),
    *("tests/system/test_drill.py", "tests/run/", "tests/system/test_the_loop.py"),
)


def how_late(item: pytest.Item) -> int:
    """Return the place of a test's file among the long ones, or the one behind them."""
    return next((n for n, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; everything else stays as it was."""
    items.sort(key=how_late)


@pytest.fixture(scope="session", autouse=True)
def _bells_ring_nowhere() -> None:
    """Keep the rings of tests out of the queue that a developer's own worker reads."""
    celery_app.conf.update(broker_url="memory://", broker_transport_options={})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: one for all tests of a run, since a second Playwright cannot start beside it."""
    from tests.browsing import chromium

    with chromium() as started:
        yield started


def plain_settings(folder: Path) -> dict[str, object]:
    """Return the settings of tests that differ from those of the program."""
    return {
        "STORAGES": {
            **django_settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "EMAIL_FILE_PATH": folder / "mail",
        "MEDIA_ROOT": folder / "media",
        "STATIC_ROOT": folder,  # it has to exist; what is served from it is tests/run's
    }


@pytest.fixture(autouse=True)
def _plain_settings(settings, tmp_path):
    for name, value in plain_settings(tmp_path).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def _writes_only_inside_changes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose code writes to a workspace's table outside `change()`."""
    if request.node.get_closest_marker("django_db") is None and not (
        {"db", "transactional_db", "northwind", "fjord"} & set(request.fixturenames)
    ):
        yield
        return
    request.getfixturevalue("_django_db_helper")  # so that its clean-up comes after the guard
    with connection.execute_wrapper(arrange.guard):
        yield


@pytest.fixture
def northwind(db: None) -> World:
    """Northwind: Mia (admin) and Lena market, Sam and Chiara sell, Grace manages."""
    return make_world("northwind", "Northwind Instruments", "NW", NORTHWIND)


@pytest.fixture
def fjord(db: None) -> World:
    """Another workspace, so that separation can be seen."""
    return make_world("fjord", "Fjord Labs", "FJ", FJORD)


@dataclass
class Kept:
    """What the tests of a module share, and where fixtures of the module may add to it."""

    folder: Path
    blocker: DjangoDbBlocker
    scene: Scene | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Allow the database, under the settings of tests."""
        with self.blocker.unblock(), override_settings(**plain_settings(self.folder)):
            yield


@pytest.fixture(scope="module")
def kept(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kept]:
    """A filled Northwind, made once for all tests of a module.

    It lives in a transaction around them; what a test changes is undone to the savepoint before it.
    """
    made = Kept(tmp_path_factory.mktemp("kept"), django_db_blocker)
    around = transaction.atomic()
    with made.at_work():
        around.__enter__()
        world = make_world("northwind", "Northwind Instruments", "NW", NORTHWIND)
        made.scene = make_scene(world, 10)
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def scene(kept: Kept, db: None, settings) -> Scene:
    """Northwind with one of everything in it; a module that uses it cannot use `northwind` too."""
    settings.MEDIA_ROOT = kept.folder / "media"
    return copy.deepcopy(kept.scene)


@pytest.fixture
def client_of() -> Callable[[Membership], Client]:
    """Return a function that signs a member in."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
