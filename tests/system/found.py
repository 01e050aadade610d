"""Run by `manage.py shell` inside the program's own settings: a workspace and its people."""

from allauth.account.models import EmailAddress
from django.utils import timezone

from people.actions import add_member
from people.models import Role, User
from sprintboard.actions import found_workspace

PEOPLE = {
    "sam": ("Sam Whitfield", Role.SALES, "America/Chicago"),
    "chiara": ("Chiara Bianchi", Role.SALES, "Europe/Rome"),
    "grace": ("Grace Adeyemi", Role.MANAGER, "Europe/London"),
    "lena": ("Lena Okafor", Role.MARKETER, "Europe/Berlin"),
}


def make_user(first: str, name: str, zone: str) -> User:
    address = f"{first}@northwind.example"
    user = User.objects.create_user(address, "sprintboard", name=name, time_zone=zone)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


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
