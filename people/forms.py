"""Input about people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from activity.bounds import validate_mail_address
from activity.forms import LineField, TextField

from . import actions, zones
from .actions.invitations import MOST_A_DAY
from .models import Invitation, Membership, Role, User


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


class AddressesField(TextField):
    """Many e-mail addresses, pasted as they come: lines, commas, “Name <address>”."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(max_length=20_000, **kwargs)
        self.widget.attrs |= {
            "rows": 3,
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
            "placeholder": "sam@example.com, chiara@example.com",
        }

    def clean(self, value: Any) -> list[str]:
        """Return the addresses, each once. Raises ValidationError that names what is none."""
        text = super().clean(value)
        found = dict.fromkeys(address.lower() for address in _addresses_in(text))
        wrong = [address for address in found if not _is_address(address)]
        if wrong:
            raise ValidationError(
                ngettext_lazy(
                    "%(these)s is no e-mail address. It looks like name@example.com.",
                    "%(these)s are no e-mail addresses. They look like name@example.com.",
                    len(wrong),
                ),
                "invalid",
                {"these": ", ".join(f"“{address[:60]}”" for address in wrong[:3])},
            )
        if len(found) > MOST_A_DAY:
            raise ValidationError(
                _("At most %(most)s at once; these are %(n)s."),
                "many",
                {"most": MOST_A_DAY, "n": len(found)},
            )
        return list(found)


def _addresses_in(text: str) -> Iterator[str]:
    for chunk in re.split(r"[,;\n]", text):
        named = re.search(r"<([^<>]*)>", chunk)
        yield from (named[1] if named else chunk).split()


def _is_address(text: str) -> bool:
    try:
        validate_mail_address(text)
    except ValidationError:
        return False
    return len(text) <= 254


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


class JoinForm(forms.Form):
    """Who somebody is that was invited and has no account yet."""

    name = NameField(widget=forms.TextInput(attrs={"autofocus": True}))
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Without one, a code by mail lets you in each time."),
    )
    time_zone = TimeZoneField(
        label=_("Your time zone"),
        help_text=_("You read every date and time in it."),
        widget=forms.Select(attrs={"data-behaviour": "time-zone"}),
    )

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        zone = self.fields["time_zone"]
        if isinstance(zone, TimeZoneField):
            zone.offer(invitation.workspace.time_zone)

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easy to guess, or that holds the person's own name."""
        cleaned = super().clean() or self.cleaned_data
        password = cleaned.get("password")
        if password:
            person = User(email=self.invitation.address, name=cleaned.get("name", ""))
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        cleaned["password"] = password or None
        return cleaned


WORKS_IN = [
    (Role.SALES, _("Sales")),
    (Role.MARKETER, _("Marketing")),
    (Role.MANAGER, _("Management")),
]


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    addresses = AddressesField(
        label=_("E-mail addresses"),
        required=True,
        help_text=_("As many as you like, with commas or on lines of their own."),
    )
    role = forms.ChoiceField(
        label=_("They work in"),
        choices=WORKS_IN,
        initial=Role.SALES,
        widget=forms.RadioSelect,
    )
    is_admin = forms.BooleanField(
        label=_("They may also invite people and change settings"), required=False
    )


class MemberForm(forms.Form):
    """What a member does here. `again` takes the newest version for the next try."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    role = forms.ChoiceField(
        label=_("Works in"),
        choices=WORKS_IN,
        widget=forms.RadioSelect,
    )
    is_admin = forms.BooleanField(label=_("Invites people and changes settings"), required=False)

    def __init__(self, member: Membership, data: Any = None, *, again: bool = False) -> None:
        if again and data is not None:
            data = data.copy()
            data["version"] = str(member.version)
        super().__init__(data)
        self.initial = {
            "version": member.version,
            "role": member.role,
            "is_admin": member.is_admin,
        }
