"""What people say about being told, as it arrives."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from activity.forms import PageForm
from notifications.models import Pace, Preference
from people.zones import city_of


class InboxForm(PageForm):
    """Which part of an inbox, as its address says it."""

    show = forms.ChoiceField(
        label=_("Show"), required=False, choices=[("", _("All")), ("unread", _("Unread"))]
    )


class ThroughForm(forms.Form):
    """Up to which notice its reader has seen them."""

    through = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class MarkForm(forms.Form):
    """Whether a notice has been looked at."""

    read = forms.ChoiceField(choices=[("yes", _("Read")), ("no", _("New"))])


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class PreferenceForm(forms.Form):
    """How somebody wants to be told, and when not."""

    mention = forms.ChoiceField(label=_("When somebody mentions you"), choices=Pace.choices)
    answer = forms.ChoiceField(
        label=_("Comments that answer you"),
        choices=Pace.choices,
        help_text=_("On what you asked for, and on what you answered."),
    )
    comment = forms.ChoiceField(
        label=_("Other comments on what you follow"),
        choices=Pace.choices,
        help_text=_("On tasks that are yours, and where you have said something."),
    )
    daily_at = _clock(_("The daily mail leaves at"))
    quiet_from = _clock(_("No mail from"))
    quiet_until = _clock(_("until"))
    quiet_weekends = forms.BooleanField(label=_("No mail on Saturdays and Sundays"), required=False)

    def __init__(self, chosen: Preference, data: Any = None) -> None:
        super().__init__(data)
        self.initial = {name: getattr(chosen, name) for name in self.fields}
        city = city_of(chosen.member.user.time_zone)
        self.fields["daily_at"].help_text = _now("Your own time, in %(city)s.") % {"city": city}
        self.fields["quiet_until"].help_text = _now(
            "What comes meanwhile leaves then. The same time twice: at any hour."
        )
