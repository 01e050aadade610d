"""What people type about a campaign, parsed and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField, TextField

from .models import HUES, Campaign

# Names for the hues that the design offers
COLOURS = {
    95: _("Olive"),
    130: _("Green"),
    235: _("Blue"),
    265: _("Indigo"),
    280: _("Violet"),
    325: _("Pink"),
}


if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
else:
    CampaignModelForm = forms.ModelForm


class CampaignForm(CampaignModelForm):
    """A campaign's brief: who, what they should remember, from when to when."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    hue = forms.TypedChoiceField(
        label=_("Colour"),
        coerce=int,
        choices=[(hue, COLOURS[hue]) for hue in HUES],
        initial=HUES[0],
    )

    class Meta:
        model = Campaign
        fields = ["name", "hue", "audience", "message", "starts_on", "ends_on"]
        field_classes = {"name": LineField, "audience": LineField, "message": TextField}
        widgets = {
            "message": forms.Textarea(attrs={"rows": 2}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        error_messages = {"name": {"required": _("Give it a name.")}}
        help_texts = {
            "audience": _("Who it is for, in a line."),
            "message": _("What they should remember."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial.setdefault("version", self.instance.version)

    def clean(self) -> dict[str, Any]:
        """Say at the last day that it lies before the first."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error(
                "ends_on", ValidationError(_("The last day lies before the first."), "order")
            )
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what the verb takes."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}
