"""What people type about impediments and waits, parsed and checked. Rules are the verbs'."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activity.bounds import validate_day
from activity.forms import LineField
from people.models import Membership, Workspace

from .forms import DayInput
from .models import LONGEST_REASON, Impediment, Task, Wait


def _members(workspace: Workspace, kept: int | None = None) -> Any:
    members = Membership.objects.filter(workspace=workspace)
    return (members.active() | members.filter(pk=kept or 0)).by_name()


class BlockForm(forms.Form):
    """What blocks a task, and who removes it."""

    reason = LineField(
        label=_("What blocks it"),
        max_length=LONGEST_REASON,
        help_text=_("As you would say it: “CRM must send the account list”."),
        error_messages={"required": _("Say what blocks it.")},
    )
    owner: forms.Field = forms.ModelChoiceField(
        label=_("Who removes it"),
        queryset=Membership.objects.none(),
        empty_label=None,
        help_text=_("A mail goes out in a minute."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = self.initial.get("owner")
        choice = cast("forms.ModelChoiceField[Membership]", self.fields["owner"])
        choice.queryset = _members(workspace, kept)


class ImpedimentForm(BlockForm):
    """An impediment in other words, or in other hands."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @classmethod
    def of(cls, impediment: Impediment, data: Any = None) -> ImpedimentForm:
        """Return the form of an impediment as it is, or with what somebody typed."""
        now = {
            "reason": impediment.reason,
            "owner": impediment.owner_id,
            "version": impediment.version,
        }
        named = f"impediment-{impediment.pk}-%s"
        return cls(data, workspace=impediment.workspace, initial=now, auto_id=named)


class ResolveForm(forms.Form):
    """What helped."""

    how = LineField(
        label=_("What helped"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=_("A word for those who wait."),
    )


class WaitForm(forms.Form):
    """What a task waits for: a task, or a thing and its day."""

    other = LineField(
        label=_("A task"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"list": "tasks-to-wait-for", "autocapitalize": "characters"}),
    )
    thing = LineField(label=_("Or something else"), max_length=120, required=False)
    until = forms.DateField(
        label=_("It should come on"), required=False, widget=DayInput(), validators=[validate_day]
    )

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        self.workspace = workspace
        self.fields["other"].widget.attrs["placeholder"] = f"{workspace.key}-42"

    def clean_other(self) -> Task | None:
        """Return the task that the key names."""
        key = self.cleaned_data["other"]
        if not key:
            return None
        found = Task.objects.named(key, self.workspace).first()
        if found is None:
            raise ValidationError(
                _("There is no task %(key)s here. A key looks like %(example)s."),
                "unknown",
                {"key": key, "example": f"{self.workspace.key}-42"},
            )
        found.workspace = self.workspace
        return found


class WaitChangeForm(WaitForm):
    """What a task waits for, said otherwise."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    wait: Wait

    @classmethod
    def of(cls, wait: Wait, data: Any = None) -> WaitChangeForm:
        """Return the form of a wait as it is, or with what somebody typed."""
        now = {
            "other": wait.other.key if wait.other else "",
            "thing": wait.thing,
            "until": wait.until,
            "version": wait.version,
        }
        form = cls(data, workspace=wait.workspace, initial=now, auto_id=f"wait-{wait.pk}-%s")
        form.wait = wait
        return form
