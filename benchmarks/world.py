"""The workspaces that are measured, written straight into an empty database.

`python -m benchmarks.world SIZES` runs inside the program's environment and prints, as JSON, what
the clients need to know: addresses, keys and sessions.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connection  # noqa: E402

from activity import clock  # noqa: E402
from backlog.models import Category, Channel, Column, Sprint, SprintState, Task  # noqa: E402
from campaigns.models import Campaign  # noqa: E402
from live.door import SessionStore  # noqa: E402
from people.models import Membership, Role, User, Workspace  # noqa: E402

GAP = 65_536
BATCH = 5_000
WIP = {Category.DOING: 5, Category.REVIEW: 3}


@dataclass(frozen=True)
class Size:
    """How much is in a workspace."""

    slug: str
    cards: int
    backlog: int
    closed_sprints: int = 20
    people: int = 20
    #: readers beside the people, whose browsers hold streams open
    listeners: int = 0


@dataclass(frozen=True)
class Built:
    """What a client has to know of a workspace."""

    slug: str
    pk: int
    sprint: int
    #: keys of the cards in the first column, from top to bottom
    cards: list[str]
    columns: list[int]
    #: sessions of its people, marketers first, then of the listeners
    sessions: list[str]


def build(size: Size) -> Built:
    """Write a workspace of this size and return what its clients need."""
    workspace = Workspace.objects.create(
        slug=size.slug, name=f"Bench {size.slug}", key=size.slug[:2].upper(), time_zone="UTC"
    )
    people = _people(workspace, size)
    columns = Column.objects.bulk_create(
        Column(
            workspace=workspace,
            name=category.label,
            category=category,
            position=place,
            wip_limit=WIP.get(category),
        )
        for place, category in enumerate(Category)
    )
    sprint = _sprints(workspace, size)
    _tasks(workspace, size, people, columns, sprint)
    first = Task.objects.filter(sprint=sprint, column=columns[0]).ranked()
    return Built(
        slug=size.slug,
        pk=workspace.pk,
        sprint=sprint.pk,
        cards=[f"{workspace.key}-{number}" for number in first.values_list("number", flat=True)],
        columns=[column.pk for column in columns],
        sessions=[_session(member.user) for member in people],
    )


def _people(workspace: Workspace, size: Size) -> list[Membership]:
    marketers = size.people // 2
    made = []
    for n in range(size.people + size.listeners):
        user = User.objects.create(
            email=f"p{n}@{size.slug}.example", name=f"Person {n}", time_zone="UTC", password="!"
        )
        role = Role.MARKETER if n < marketers else Role.SALES
        made.append(
            Membership(
                user=user,
                workspace=workspace,
                role=role,
                is_admin=n == 0,
                shown_name=f"Person {n}",
                initials=f"P{n}"[:3],
                hue=(95, 130, 235, 265, 280, 325)[n % 6],
            )
        )
    return Membership.objects.bulk_create(made)


def _sprints(workspace: Workspace, size: Size) -> Sprint:
    today = clock.now().date()
    begin = today - timedelta(days=5)
    closed = [
        Sprint(
            workspace=workspace,
            number=number,
            goal=f"Goal {number}",
            starts_on=begin - timedelta(days=14 * (size.closed_sprints + 1 - number)),
            ends_on=begin - timedelta(days=14 * (size.closed_sprints - number) + 1),
            state=SprintState.CLOSED,
            started_at=clock.now(),
            closed_at=clock.now(),
            committed_points=40,
            committed_tasks=12,
        )
        for number in range(1, size.closed_sprints + 1)
    ]
    Sprint.objects.bulk_create(closed)
    for ahead in range(1, 4):
        Sprint.objects.create(
            workspace=workspace,
            number=size.closed_sprints + 1 + ahead,
            starts_on=begin + timedelta(days=14 * ahead),
            ends_on=begin + timedelta(days=14 * ahead + 13),
        )
    return Sprint.objects.create(
        workspace=workspace,
        number=size.closed_sprints + 1,
        goal="Make the trade fair count",
        starts_on=begin,
        ends_on=begin + timedelta(days=13),
        state=SprintState.ACTIVE,
        started_at=clock.now() - timedelta(days=5),
        committed_points=3 * size.cards,
        committed_tasks=size.cards,
    )


def _tasks(
    workspace: Workspace,
    size: Size,
    people: list[Membership],
    columns: list[Column],
    sprint: Sprint,
) -> None:
    campaigns = Campaign.objects.bulk_create(
        Campaign(workspace=workspace, name=f"Campaign {n}", hue=(95, 235, 280)[n % 3])
        for n in range(6)
    )
    channels = Channel.objects.bulk_create(
        Channel(workspace=workspace, name=f"Channel {n}", position=n) for n in range(6)
    )
    closed = list(Sprint.objects.filter(workspace=workspace).closed())
    today = clock.now().date()
    old = 10 * len(closed)
    for begin in range(0, size.cards + old + size.backlog, BATCH):
        end = min(begin + BATCH, size.cards + old + size.backlog)
        made = []
        for n in range(begin, end):
            on_board, is_old = n < size.cards, size.cards <= n < size.cards + old
            column = columns[n % 4] if on_board else columns[3] if is_old else columns[0]
            fields: dict[str, Any] = {}
            if on_board:
                fields["sprint"] = sprint
            elif is_old:
                fields["sprint"] = closed[n % len(closed)]
            made.append(
                Task(
                    workspace=workspace,
                    number=n + 1,
                    title=f"Write the one-page flyer number {n} for the trade fair in spring",
                    channel=channels[n % 6] if n % 7 else None,
                    campaign=campaigns[n % 6] if n % 5 else None,
                    assignee=people[n % (size.people // 2)] if n % 9 else None,
                    points=n % 8 or None,
                    impact=n % 5 + 1,
                    effort=n % 4 + 1,
                    due_on=today + timedelta(days=n % 30) if n % 3 == 0 else None,
                    column=column,
                    position=(n + 1) * GAP,
                    is_unplanned=on_board and n % 20 == 0,
                    origin_name="Sam Whitfield" if n % 4 == 0 else "",
                    origin_backers=n % 3,
                    origin_value=n % 9 * 10_000,
                    checklist_total=n % 5,
                    comment_count=n % 3,
                    done_at=clock.now() if column is columns[3] else None,
                    **fields,
                )
            )
        Task.objects.bulk_create(made)


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def analyze() -> None:
    """Let the database look at what it holds, as it does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    sizes = [Size(**one) for one in json.loads(sys.argv[1])]
    built = [asdict(build(size)) for size in sizes]
    analyze()
    print(json.dumps(built))
