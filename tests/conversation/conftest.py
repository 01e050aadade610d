"""A thing to talk about."""

import uuid

import pytest

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
