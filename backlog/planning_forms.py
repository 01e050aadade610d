"""What people type about sprints: goals, dates, capacity, and why the plan changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField
from people.models import Membership

from .forms import DayInput, VersionForm, swappable
from .metrics import PersonCapacity
from .models import Sprint, SprintState
from .planning import Search


class SearchForm(forms.Form):
    """Finding in the backlog of the planning page. What makes no sense is left out."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    by = forms.ChoiceField(
        label=_("Order"), required=False, choices=[("", _("By rank")), ("demand", _("By demand"))]
    )

    def search(self) -> Search:
        """Return what is looked for."""
        self.is_valid()
        return Search(
            self.cleaned_data.get("q", "").replace("\x00", ""),
            by_demand=self.cleaned_data.get("by") == "demand",
        )


class GoalForm(VersionForm):
    """The goal in place, on the planning page."""

    goal = LineField(label=_("Sprint goal"), required=False, max_length=200)


class SprintForm(forms.ModelForm):  # type: ignore[type-arg]
    """A sprint's goal, how it is measured, and its dates."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Sprint
        fields = ["goal", "goal_measure", "goal_target", "goal_actual", "starts_on", "ends_on"]
        field_classes = {"goal": LineField, "goal_measure": LineField}
        widgets = {
            "goal": forms.TextInput(attrs={"class": "input input-xl"}),
            "starts_on": DayInput(),
            "ends_on": DayInput(),
        }
        help_texts = {
            "goal": _("What should be different for customers or Sales when it ends?"),
            "goal_actual": _("So far. It decides whether the goal was met."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("version", self.instance.version)
        if self.instance.is_active:
            del self.fields["starts_on"]
        else:
            del self.fields["goal_actual"]

    def _post_clean(self) -> None:
        """Leave the row alone: the verb reads it again and changes that one."""

    def values(self) -> dict[str, Any]:
        """Return what the verb takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class PullForm(VersionForm):
    """Pulling a task into a sprint; into the running one with a reason."""

    sprint: forms.Field = forms.ModelChoiceField(
        label=_("Sprint"), queryset=Sprint.objects.none(), to_field_name="number", empty_label=None
    )
    reason = LineField(
        label=_("Why can it not wait for the next sprint?"), required=False, max_length=200
    )
    swap_out: forms.Field = forms.ModelChoiceField(
        label=_("What goes back to the backlog for it?"),
        queryset=swappable(0),
        required=False,
        empty_label=_("Nothing"),
    )
    over_reason = LineField(
        label=_("Why does the sprint take more than its allowance?"),
        required=False,
        max_length=200,
    )

    def __init__(self, *args: Any, member: Membership, **options: Any) -> None:
        super().__init__(*args, **options)
        sprints = cast("forms.ModelChoiceField[Any]", self.fields["sprint"])
        sprints.queryset = (
            Sprint.objects.visible_to(member).exclude(state=SprintState.CLOSED).order_by("number")
        )
        swap = cast("forms.ModelChoiceField[Any]", self.fields["swap_out"])
        swap.queryset = swappable(member.workspace_id)

    def chosen(self) -> Sprint | None:
        """Return the sprint that the address or the form names."""
        number = str(self["sprint"].value() or "")
        if not number.isdecimal() or len(number) > 9:
            return None
        sprints = cast("forms.ModelChoiceField[Any]", self.fields["sprint"]).queryset
        found: Sprint | None = (
            sprints.filter(number=int(number)).first() if sprints is not None else None
        )
        return found

    def values(self) -> dict[str, Any]:
        """Return what the verb takes."""
        return self.cleaned_data


class CapacityForm(forms.Form):
    """Two fields for each person: how many points, and why so few."""

    def __init__(self, *args: Any, people: list[PersonCapacity], **options: Any) -> None:
        super().__init__(*args, **options)
        self.people = people
        for person in people:
            name = person.member.shown_name
            self.fields[f"points_{person.member.pk}"] = forms.IntegerField(
                label=_("Points of %(name)s") % {"name": name},
                required=False,
                min_value=0,
                max_value=100,
                initial=person.points,
                widget=forms.NumberInput(attrs={"class": "input num", "inputmode": "numeric"}),
            )
            self.fields[f"note_{person.member.pk}"] = LineField(
                label=_("Note about %(name)s") % {"name": name},
                required=False,
                max_length=60,
                initial=person.note,
                widget=forms.TextInput(attrs={"placeholder": _("away 2 days")}),
            )

    def rows(self) -> Iterator[tuple[PersonCapacity, forms.BoundField, forms.BoundField]]:
        """Return each person with his two fields."""
        for person in self.people:
            yield person, self[f"points_{person.member.pk}"], self[f"note_{person.member.pk}"]

    def values(self) -> list[tuple[Membership, int | None, str]]:
        """Return what the verb takes."""
        return [
            (
                person.member,
                self.cleaned_data[f"points_{person.member.pk}"],
                self.cleaned_data[f"note_{person.member.pk}"],
            )
            for person in self.people
        ]
