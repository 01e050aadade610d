"""What every test may use: two workspaces, signed-in clients, and the guard on writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client

from people.models import Membership
from sprintboard import celery_app
from tests import arranging as arrange
from tests.calls import (  # noqa: F401 - hooks of pytest
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.factories import FJORD, NORTHWIND, World, make_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser


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


@pytest.fixture(autouse=True)
def _plain_settings(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STATIC_ROOT = tmp_path  # it has to exist; what is served from it is tests/run's


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


@pytest.fixture
def client_of() -> Callable[[Membership], Client]:
    """Return a function that signs a member in."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
