"""Arranging the intake: a board with sprints, and requests by the cast."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from backlog.models import Sprint
from people.models import Membership
from requests_intake import actions
from requests_intake.models import Request
from tests.factories import World, make_sprint

# A Thursday, 14:32 in Stockholm and 07:32 in Chicago: the moment of the design pages
NOW = datetime(2026, 12, 10, 13, 32, tzinfo=UTC)


@pytest.fixture
def thursday():
    """Stop the clock at Thursday, 10 December 2026, 14:32 in Stockholm; it can be moved."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def sprint(northwind: World, thursday: object) -> Sprint:
    """The next sprint, planned."""
    from datetime import date

    return make_sprint(
        northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30)
    )


@pytest.fixture
def ask(thursday: object) -> Callable[..., Request]:
    """Return a function by which a rep asks for something."""

    def ask(rep: Membership, title: str = "Slides for dairies", **fields: Any) -> Request:
        return actions.submit_request(
            rep.workspace, by=rep, submission_id=uuid.uuid4(), title=title, **fields
        )

    return ask


@pytest.fixture
def outbox(northwind: World) -> Callable[[], list[tuple[str, str, str]]]:
    """Return a function that lists the mails: kind, to whom, state."""
    from notifications.models import OutboxItem

    def outbox() -> list[tuple[str, str, str]]:
        items = OutboxItem.objects.select_related("recipient").order_by("pk")
        return [(item.kind, item.recipient.first_name, item.state) for item in items]

    return outbox
