"""A thing to talk about."""

import uuid
from datetime import UTC, datetime

import pytest
import time_machine

from requests_intake import actions as intake
from tests.factories import make_task


@pytest.fixture
def task(northwind):
    """A task of Northwind's."""
    return make_task(northwind.workspace)


@pytest.fixture
def asked(northwind):
    """Sam's request, which nobody has answered."""
    return intake.submit_request(
        northwind.workspace, by=northwind.sam, submission_id=uuid.uuid4(), title="One-page flyer"
    )


@pytest.fixture
def office_hours():
    """A Wednesday when it is day in Stockholm, London and Chicago: nobody's mail waits."""
    with time_machine.travel(datetime(2026, 11, 25, 15, 0, tzinfo=UTC), tick=False):
        yield
