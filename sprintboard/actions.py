"""Verbs that span every app."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from backlog import actions as backlog
from people import actions as people
from people.models import Membership, Role, User


@transaction.atomic
def found_workspace(
    *,
    owner: User,
    name: str,
    key: str,
    slug: str,
    time_zone: str,
    first_sprint_on: date,
    sprint_days: int = 14,
    first_sprint: int = 1,
    role: Role = Role.MARKETER,
) -> Membership:
    """Make a workspace that is ready to use: its first member, its board, its next sprints.

    Raises ValidationError for each field that will not do.
    """
    founder = people.create_workspace(
        owner=owner,
        name=name,
        key=key,
        slug=slug,
        time_zone=time_zone,
        first_sprint_on=first_sprint_on,
        sprint_days=sprint_days,
        role=role,
    )
    backlog.set_up_board(
        founder.workspace,
        by=founder,
        first_sprint_on=first_sprint_on,
        first_sprint=first_sprint,
    )
    return founder
