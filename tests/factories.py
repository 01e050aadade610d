"""A named cast, and data in quantity."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from backlog.models import Category, Column, Sprint, Task
from conversation.files import store
from conversation.files.actions import add_file
from conversation.models import Attachment, Preview
from people.models import Membership, Role, User, Workspace
from tests.arranging import arranging

PASSWORD = "sprintboard"


@dataclass
class World:
    """A workspace with its board and the people whom the tests call by name."""

    workspace: Workspace
    people: dict[str, Membership] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Membership:
        try:
            return self.__dict__["people"][name]  # a copy has none yet
        except KeyError as error:
            raise AttributeError(name) from error

    def column(self, category: str) -> Column:
        """Return the first column of a category."""
        found = self.workspace.columns.filter(category=category).first()
        assert found is not None
        return found


def make_member(
    workspace: Workspace, name: str, role: str, *, is_admin: bool = False, zone: str = "UTC"
) -> Membership:
    """Add a person like “Mia Lindqvist”, whose address is mia@<slug>.example."""
    first = name.split(maxsplit=1)[0].lower()
    with arranging():
        user, _ = User.objects.get_or_create(
            email=f"{first}@{workspace.slug}.example",
            defaults={"name": name, "time_zone": zone, "password": "!"},
        )
        return Membership.objects.create(
            user=user,
            workspace=workspace,
            role=role,
            is_admin=is_admin,
            shown_name=name,
            initials="".join(part[0] for part in name.split())[:2].upper(),
        )


def make_board(workspace: Workspace) -> None:
    """Give a workspace the four usual columns."""
    with arranging():
        Column.objects.bulk_create(
            Column(
                workspace=workspace,
                name=category.label,
                category=category,
                position=place,
                wip_limit={"doing": 5, "review": 3}.get(category.value),
            )
            for place, category in enumerate(Category)
        )


def make_world(slug: str, name: str, key: str, cast: dict[str, tuple[str, str, str]]) -> World:
    """Make a workspace with a board and people, given as {"mia": (name, role, zone)}."""
    with arranging():
        workspace = Workspace.objects.create(
            slug=slug, name=name, key=key, time_zone="Europe/Stockholm"
        )
    make_board(workspace)
    world = World(workspace)
    for first, (full_name, role, zone) in cast.items():
        world.people[first] = make_member(
            workspace, full_name, role, is_admin=first in {"mia", "ola"}, zone=zone
        )
    return world


def make_sprint(workspace: Workspace, number: int = 13, **fields: Any) -> Sprint:
    """Make a planned sprint of fourteen days from Thursday, 3 December 2026 on."""
    fields.setdefault("starts_on", date(2026, 12, 3))
    fields.setdefault("ends_on", date(2026, 12, 16))
    fields.setdefault("goal", "Make the Analytica trade fair count")
    with arranging():
        return Sprint.objects.create(workspace=workspace, number=number, **fields)


def make_task(workspace: Workspace, title: str = "One-page flyer", **fields: Any) -> Task:
    """Make one task at the end of the order."""
    return make_tasks(workspace, 1, title=title, **fields)[0]


def make_tasks(workspace: Workspace, count: int, title: str = "Task", **fields: Any) -> list[Task]:
    """Make many tasks at the end of the order, as cheaply as the database allows."""
    last = Task.objects.filter(workspace=workspace).order_by("number").last()
    first = last.number + 1 if last else 1
    end = Task.objects.filter(workspace=workspace).order_by("position").last()
    place = end.position if end else 0
    fields.setdefault("column", workspace.columns.first())
    with arranging():
        return Task.objects.bulk_create(
            Task(
                workspace=workspace,
                number=first + n,
                title=title if count == 1 else f"{title} {n + 1}",
                position=place + (n + 1) * 65_536,
                **fields,
            )
            for n in range(count)
        )


# One blue dot, the smallest picture there is
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOQszkBAAGeASMRId8XAAAAAElFTkSuQmCC"
)


def hang_file(
    subject: Any, by: Membership, name: str = "brief.txt", content: bytes = b"A brief"
) -> Attachment:
    """Hang a file on a task or a request, as a form would."""
    return add_file(subject, by=by, name=name, content=SimpleUploadedFile(name, content))


def hang_picture(subject: Any, by: Membership) -> Attachment:
    """Hang a picture on a task or a request, with its small one beside it."""
    file = hang_file(subject, by, "dot.png", PNG)
    draft = store.draft_path()
    draft.write_bytes(PNG)
    store.put_in_place(draft, store.picture_of(file.storage))
    with arranging():
        Attachment.objects.filter(pk=file.pk).update(preview=Preview.MADE)
    return file


NORTHWIND = {
    "mia": ("Mia Lindqvist", Role.MARKETER, "Europe/Stockholm"),
    "lena": ("Lena Okafor", Role.MARKETER, "Europe/Berlin"),
    "sam": ("Sam Whitfield", Role.SALES, "America/Chicago"),
    "chiara": ("Chiara Bianchi", Role.SALES, "Europe/Rome"),
    "grace": ("Grace Adeyemi", Role.MANAGER, "Europe/London"),
}
FJORD = {"ola": ("Ola Nordmann", Role.MARKETER, "Europe/Oslo")}
