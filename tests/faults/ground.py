"""Run by `manage.py shell` once for all fault tests: what each of them finds in its database.

Northwind with its people, its first sprint closed and its second running; and more workspaces,
each with a review that nobody has drafted.
"""

import json
from datetime import timedelta

from django.utils import timezone

from backlog.actions import start_sprint
from backlog.models import Sprint
from notifications.models import OutboxItem, OutboxState
from people.actions import add_member, create_person
from people.models import Membership, Role
from reviews.actions import close_sprint, draft_words
from reviews.models import Review
from sprintboard.actions import found_workspace

UNDRAFTED = 20


def person(first: str, role: str) -> Membership:
    user = create_person(
        email=f"{first}@northwind.example",
        name=f"{first.title()} Northwind",
        time_zone="Europe/Stockholm",
        password="sprintboard",
    )
    return add_member(mia.workspace, by=mia, user=user, role=role)


def run_sprint(member: Membership) -> None:
    sprint = Sprint.objects.planned().filter(workspace=member.workspace).first()
    start_sprint(sprint, by=member, version=sprint.version)


def close(member: Membership) -> Review:
    return close_sprint(Sprint.objects.active().get(workspace=member.workspace), by=member)


owner = create_person(
    email="mia@northwind.example",
    name="Mia Lindqvist",
    time_zone="Europe/Stockholm",
    password="sprintboard",
)
today = timezone.now().date()


def found(name: str, key: str, slug: str) -> Membership:
    return found_workspace(
        owner=owner,
        name=name,
        key=key,
        slug=slug,
        time_zone="Europe/Stockholm",
        first_sprint_on=today - timedelta(days=1),
    )


mia = found("Northwind Instruments", "NW", "northwind")
sam = person("sam", Role.SALES)
grace = person("grace", Role.MANAGER)
run_sprint(mia)
review = draft_words(close(mia))
run_sprint(mia)
pattern = OutboxItem.objects.create(
    workspace=mia.workspace,
    kind="reviews.test",
    recipient=sam,
    dedupe_key="pattern",
    payload={"review": review.pk},
    state=OutboxState.CANCELLED,
)
undrafted = []
for n in range(UNDRAFTED):
    member = found(f"Workspace {n}", f"W{n}", f"undrafted-{n}")
    run_sprint(member)
    undrafted.append(close(member).pk)
print(
    json.dumps(
        {
            "workspace": mia.workspace.pk,
            "mia": mia.pk,
            "sam": sam.pk,
            "grace": grace.pk,
            "review": review.pk,
            "pattern": pattern.pk,
            "sprint": Sprint.objects.active().get(workspace=mia.workspace).pk,
            "undrafted": undrafted,
        }
    )
)
