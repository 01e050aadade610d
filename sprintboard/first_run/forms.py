"""The four forms of the wizard. Each takes what was typed and tells whether it will do."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity import clock
from activity.forms import LineField, TextField
from activity.text import clean_line
from backlog.actions import usual_channels
from backlog.actions.sprints import AHEAD, FEWEST_PLANNED
from backlog.models import Sprint
from people.forms import AddressesField, TimeZoneField
from people.models import Role, User, Workspace

from .names import free_slug, key_of, team_name_of

THURSDAY = 3
MOST_CHANNELS: Final = 30
MOST_SPRINTS: Final = 9_999
LENGTHS = [
    (7, gettext_lazy("One week")),
    (14, gettext_lazy("Two weeks")),
    (21, gettext_lazy("Three weeks")),
]


class StepForm(forms.Form):
    """A step's own part; `values()` is what founding takes of it."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user

    def values(self) -> dict[str, Any]:
        """Return what was answered."""
        return dict(self.cleaned_data)


class TeamForm(StepForm):
    """Who it is for; key and address follow from the name unless given."""

    name = LineField(
        label=gettext_lazy("Company or team"),
        max_length=80,
        error_messages={"required": gettext_lazy("Give it a name.")},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "organization"}),
    )
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=6,
        required=False,
        help_text=gettext_lazy("Tasks are named after it. Empty: made of the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("The last part of it. Empty: made of the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        self.initial = {"name": team_name_of(user)}

    def clean_key(self) -> str:
        """Take small letters for capitals, or find a key."""
        # "ß" has two capitals, so that six letters may become twelve
        key: str = self.cleaned_data["key"].upper()
        if key and not re.fullmatch(r"[A-Z][A-Z0-9]{0,5}", key):
            raise ValidationError(_("Letters and digits only, like NW."), "key")
        return key or key_of(self.cleaned_data.get("name", ""))

    def clean_slug(self) -> str:
        """Take the address, if it is free, or find one."""
        slug: str = self.cleaned_data["slug"].lower()
        if not slug:
            return free_slug(self.cleaned_data.get("name", ""))
        if Workspace.objects.filter(slug=slug).exists():
            raise ValidationError(_("Somebody has this address already."), "taken")
        return slug


class SprintsForm(StepForm):
    """How long a sprint is, when the first one starts, and whose midnight counts."""

    sprint_days = forms.TypedChoiceField(
        label=gettext_lazy("Length"),
        choices=LENGTHS,
        coerce=int,
        initial=14,
        widget=forms.RadioSelect,
    )
    first_sprint_on = forms.DateField(
        label=gettext_lazy("First sprint starts"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Thursday works well: the review goes out before the weekend."),
    )
    first_sprint = forms.IntegerField(
        label=gettext_lazy("Its number"),
        min_value=1,
        max_value=MOST_SPRINTS,
        initial=1,
        required=False,
        help_text=gettext_lazy("Did you run sprints before? Go on counting where you are."),
    )
    time_zone = TimeZoneField(
        label=gettext_lazy("Time zone of the workspace"),
        help_text=gettext_lazy("Everybody still sees dates in their own zone."),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        zone = self.fields["time_zone"]
        if isinstance(zone, TimeZoneField):
            zone.offer(user.time_zone)
        self.fields["first_sprint_on"].initial = next_thursday(today_in(user.time_zone))

    def clean_first_sprint(self) -> int:
        """Begin with 1 unless told otherwise."""
        return self.cleaned_data["first_sprint"] or 1

    def clean_first_sprint_on(self) -> date:
        """Refuse a date that can only be a slip of the finger."""
        day: date = self.cleaned_data["first_sprint_on"]
        today = clock.now().date()
        if not today - timedelta(days=42) <= day <= today + timedelta(days=365):
            raise ValidationError(_("Choose a day within the next year."), "out_of_reach")
        return day


class ChannelsForm(StepForm):
    """Where marketing reaches people. (The columns beside it are a form of rows.)"""

    channels = TextField(
        label=gettext_lazy("Channels"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=gettext_lazy("One on each line. A task can name the channel it is for."),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        self.initial = {"channels": "\n".join(usual_channels())}

    def clean_channels(self) -> list[str]:
        """Return the lines, each once. Raises ValidationError."""
        lines = [clean_line(line) for line in self.cleaned_data["channels"].splitlines()]
        spelled: dict[str, str] = {}
        for line in filter(None, lines):
            spelled.setdefault(line.casefold(), line)
        names = list(spelled.values())
        if len(names) > MOST_CHANNELS:
            raise ValidationError(_("At most %(n)s channels."), "many", {"n": MOST_CHANNELS})
        if long := next((name for name in names if len(name) > 40), ""):
            raise ValidationError(
                _("“%(name)s…” is too long: at most 40 characters."), "long", {"name": long[:20]}
            )
        return names


class PeopleForm(StepForm):
    """Who comes along, by role. All of it can wait."""

    marketer = AddressesField(label=gettext_lazy("Marketing"))
    sales = AddressesField(label=gettext_lazy("Sales"))
    manager = AddressesField(label=gettext_lazy("Managers"))

    notes = {
        "marketer": gettext_lazy("They plan the sprints, do the work and answer Sales."),
        "sales": gettext_lazy("They see the board, send in what they need, and get the review."),
        "manager": gettext_lazy("They read, comment and set the goals."),
    }

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        for name, note in self.notes.items():
            self.fields[name].help_text = note
        self.fields["marketer"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Say of whom it is not clear what he does."""
        cleaned = super().clean() or self.cleaned_data
        seen: dict[str, str] = {}
        for name in self.notes:
            for address in cleaned.get(name, []):
                if address in seen:
                    self.add_error(
                        name,
                        ValidationError(
                            _("%(address)s stands under %(other)s already."),
                            "twice",
                            {"address": address, "other": self.fields[seen[address]].label},
                        ),
                    )
                seen.setdefault(address, name)
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the addresses by role; one's own needs no invitation."""
        own = self.user.email.lower()
        return {
            "invite": {
                Role(name): [address for address in self.cleaned_data[name] if address != own]
                for name in self.notes
            }
        }


def today_in(zone: str) -> date:
    """Return the date it is in a zone now."""
    return clock.now().astimezone(zoneinfo.ZoneInfo(zone)).date()


def next_thursday(day: date) -> date:
    """Return the Thursday from this day on."""
    return day + timedelta(days=(THURSDAY - day.weekday()) % 7)


def coming_sprints(
    first_on: date, length: int, today: date, first_sprint: int = 1
) -> Iterator[Sprint]:
    """Yield the sprints that a new workspace gets, as they will be."""
    number, starts_on = first_sprint, first_on
    while number < first_sprint + FEWEST_PLANNED or starts_on <= today + AHEAD:
        ends_on = starts_on + timedelta(days=length - 1)
        yield Sprint(number=number, starts_on=starts_on, ends_on=ends_on)
        number, starts_on = number + 1, starts_on + timedelta(days=length)
