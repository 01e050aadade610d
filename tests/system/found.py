"""Run by `manage.py shell` inside the program's own settings: a workspace and its people."""

from django.utils import timezone

from people.actions import add_member, create_person
from people.models import Role, User
from sprintboard.actions import found_workspace

PEOPLE = {
    "sam": ("Sam Whitfield", Role.SALES, "America/Chicago"),
    "chiara": ("Chiara Bianchi", Role.SALES, "Europe/Rome"),
    "grace": ("Grace Adeyemi", Role.MANAGER, "Europe/London"),
    "lena": ("Lena Okafor", Role.MARKETER, "Europe/Berlin"),
}


def make_user(first: str, name: str, zone: str) -> User:
    return create_person(
        email=f"{first}@northwind.example", name=name, time_zone=zone, password="sprintboard"
    )


mia = found_workspace(
    owner=make_user("mia", "Mia Lindqvist", "Europe/Stockholm"),
    name="Northwind Instruments",
    key="NW",
    slug="northwind",
    time_zone="Europe/Stockholm",
    first_sprint_on=timezone.now().date(),
)
for first, (name, role, zone) in PEOPLE.items():
    add_member(mia.workspace, by=mia, user=make_user(first, name, zone), role=role)
print("founded")
