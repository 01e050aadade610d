"""Input about people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField

from . import actions, zones
from .models import User


class NameField(LineField):
    """A person's name, on one line."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Your name"))
        super().__init__(
            max_length=120, error_messages={"required": _("Tell us your name.")}, **kwargs
        )
        self.widget.attrs["autocomplete"] = "name"


class TimeZoneField(forms.ChoiceField):
    """A time zone, chosen by region and city. Old names that a browser still tells are valid."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Time zone"))
        super().__init__(choices=zones.grouped, **kwargs)

    def offer(self, zone: str) -> None:
        """Let this zone be chosen too, so that saving never changes it by accident."""
        self.choices = zones.grouped(also=zone)
        self.initial = zone

    def valid_value(self, value: str) -> bool:
        """Accept what this machine knows."""
        return value in zones.known()


class SignupForm(forms.Form):
    """What sign-up asks beside address and password."""

    name = NameField(widget=forms.TextInput(attrs={"autofocus": True}))
    time_zone = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-behaviour": "time-zone"})
    )

    field_order = ["name", "email", "password1"]

    def clean_time_zone(self) -> str:
        """Take what the browser says, if it is a zone; it can be changed in the profile."""
        told: str = self.cleaned_data["time_zone"]
        return told if told in zones.known() else "UTC"

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep who it is (allauth calls this once the account is made)."""
        actions.introduce(
            user, name=self.cleaned_data["name"], time_zone=self.cleaned_data["time_zone"]
        )


class ProfileForm(forms.Form):
    """What a person says about himself, in every workspace."""

    name = NameField(help_text=_("Colleagues see it on everything you do."))
    time_zone = TimeZoneField(help_text=_("You read every date and time in this zone."))
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"name": user.name, "time_zone": user.time_zone, "locale": user.locale}
        zone = self.fields["time_zone"]
        if isinstance(zone, TimeZoneField):
            zone.offer(user.time_zone)
