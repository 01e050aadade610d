"""The page where a person makes a workspace."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from activity import clock
from activity.forms import LineField
from people.access import signed_in
from people.forms import TimeZoneField
from people.models import User, Workspace
from sprintboard import actions

THURSDAY = 3
LENGTHS = [
    (7, gettext_lazy("One week")),
    (14, gettext_lazy("Two weeks")),
    (21, gettext_lazy("Three weeks")),
]


class WorkspaceForm(forms.Form):
    """What a new workspace needs; its key and address follow from its name unless given."""

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
        help_text=gettext_lazy("Tasks are named after it: NW-42. Empty: we make one of the name."),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("The part after /w/. Empty: we make one of the name."),
    )
    time_zone = TimeZoneField(
        label=gettext_lazy("Time zone of the workspace"),
        help_text=gettext_lazy("Sprints begin and end here; everybody reads dates in their own."),
    )
    sprint_days = forms.TypedChoiceField(
        label=gettext_lazy("Length of a sprint"), choices=LENGTHS, coerce=int, initial=14
    )
    first_sprint_on = forms.DateField(
        label=gettext_lazy("First sprint starts"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Thursday works well: the review goes out before the weekend."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        if isinstance(zone, TimeZoneField):
            zone.offer(user.time_zone)
        self.fields["first_sprint_on"].initial = next_thursday(today_in(user.time_zone))

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

    def clean_first_sprint_on(self) -> date:
        """Refuse a date that can only be a slip of the finger."""
        day: date = self.cleaned_data["first_sprint_on"]
        today = clock.now().date()
        if not today - timedelta(days=42) <= day <= today + timedelta(days=365):
            raise ValidationError(_("Choose a day within the next year."), "out_of_reach")
        return day


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_new(request: HttpRequest) -> HttpResponse:
    """Make a workspace and lead into it."""
    user = signed_in(request)
    form = WorkspaceForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "sprintboard/workspace_new.html", {"form": form}, status=status)
    try:
        founder = actions.found_workspace(owner=user, **form.cleaned_data)
    except ValidationError as error:  # somebody took the address a moment ago
        form.add_error(None, error.messages)
        return render(request, "sprintboard/workspace_new.html", {"form": form}, status=422)
    name = founder.workspace.name
    messages.success(request, _("%(name)s is ready. Welcome.") % {"name": name})
    return redirect(founder.workspace)


def today_in(zone: str) -> date:
    """Return the date it is in a zone now."""
    return clock.now().astimezone(zoneinfo.ZoneInfo(zone)).date()


def next_thursday(day: date) -> date:
    """Return the Thursday from this day on."""
    return day + timedelta(days=(THURSDAY - day.weekday()) % 7)


def key_of(name: str) -> str:
    """Return a key of a name: NI for Northwind Instruments, FJ for Fjord."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    words = re.findall(r"[A-Z][A-Z0-9]*", plain)
    letters = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:2]
    return letters[:4] or "SB"


def free_slug(name: str) -> str:
    """Return an address made of a name that no workspace has yet."""
    wanted = slugify(name)[:34].strip("-") or "team"
    taken = set(Workspace.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    candidates = (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3)))
    return next(slug for slug in candidates if slug not in taken)
