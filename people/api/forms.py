"""Input about tokens, on their page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField
from people.models import Membership, Scope, User

DAYS = [(30, _("30 days")), (90, _("90 days")), (180, _("half a year")), (365, _("a year"))]


class TokenForm(forms.Form):
    """A new token: what for, where, and how much it may do."""

    name = LineField(
        label=_("What it is for"),
        max_length=60,
        help_text=_("For example “Reporting sheet”. Only you see it."),
        error_messages={"required": _("Say what it is for, so that you know it later.")},
    )
    member: forms.Field = forms.ModelChoiceField(
        label=_("Workspace"),
        queryset=Membership.objects.none(),
        empty_label=None,
        help_text=_("A token opens one workspace."),
    )
    scope = forms.ChoiceField(
        label=_("It may"), choices=Scope.choices, initial=Scope.READ, widget=forms.RadioSelect
    )
    days = forms.TypedChoiceField(label=_("It ends after"), choices=DAYS, coerce=int, initial=90)

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        places = Membership.objects.at_home(user)
        field: Any = self.fields["member"]
        field.queryset = places
        field.label_from_instance = lambda member: member.workspace.name
        field.initial = places.first()
