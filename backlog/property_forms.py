"""One property of a task, edited where it stands."""

from __future__ import annotations

import hashlib
from copy import copy
from dataclasses import dataclass
from typing import Any, Final, cast

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.forms import LineField
from people.models import Membership

from .forms import TaskForm
from .models import Label, Task

# What can be edited by itself, and its name
PROPERTIES: Final = {
    "title": gettext_lazy("Title"),
    "description": gettext_lazy("What is it"),
    "assignee": gettext_lazy("Assignee"),
    "points": gettext_lazy("Points"),
    "due_on": gettext_lazy("Due"),
    "campaign": gettext_lazy("Campaign"),
    "channel": gettext_lazy("Channel"),
    "impact": gettext_lazy("Impact"),
    "effort": gettext_lazy("Effort"),
    "cost": gettext_lazy("Cost"),
    "labels": gettext_lazy("Labels"),
}
# Chosen with one press
PICKED: Final = frozenset({"assignee", "campaign", "channel", "impact", "effort"})
QUICK_POINTS: Final = (1, 2, 3, 5, 8, 13)
MOST_SUGGESTED: Final = 100


def fingerprint(value: object) -> str:
    """Return a short name of what a property holds: equal values have equal names."""
    if isinstance(value, models.Model):
        value = value.pk
    if isinstance(value, list):
        value = sorted(str(one).casefold() for one in value)
    text = "" if value is None else str(value)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def held(task: Task, name: str) -> object:
    """Return what a property of a task holds; the task was read `with_labels`."""
    return task.label_names if name == "labels" else getattr(task, name)


def sent_as(value: object) -> str:
    """Return a value of a property as its form sends it."""
    if isinstance(value, models.Model):
        value = value.pk
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Pick:
    """One of the values to choose from."""

    value: str
    label: str
    current: bool
    typed: bool
    thing: Any


class PropertyForm(TaskForm):
    """One field of a task, with the version and the value that the person saw.

    `seen` is the fingerprint of that value: where somebody else changed other things meanwhile,
    nothing that anybody typed is in the way.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    seen = LineField(widget=forms.HiddenInput, required=False, max_length=16)

    def __init__(
        self, data: Any = None, *, task: Task, name: str, reader: Membership, **options: Any
    ) -> None:
        initial = {
            "labels": ", ".join(task.label_names),
            "version": task.version,
            "seen": fingerprint(held(task, name)),
        }
        # a form writes on its row what was typed, also when it is refused: the page shows the other
        super().__init__(
            data,
            instance=copy(task),
            initial=initial,
            workspace=reader.workspace,
            auto_id=f"edit_{name}_%s",
            **options,
        )
        self.name, self.reader, self.task = name, reader, task
        for other in set(self.fields) - {name, "version", "seen"}:
            del self.fields[other]
        widget = self.fields[name].widget
        widget.attrs["autofocus"] = True
        if name == "labels":
            widget.attrs["list"] = "label-suggestions"

    @property
    def field(self) -> forms.BoundField:
        """The one field that is edited."""
        return self[self.name]

    @property
    def label(self) -> str:
        """The name of the property."""
        return str(PROPERTIES[self.name])

    @property
    def is_picked(self) -> bool:
        """Tell whether one press chooses a value."""
        return self.name in PICKED

    @property
    def quick(self) -> tuple[int, ...]:
        """The estimates that most tasks get."""
        return QUICK_POINTS if self.name == "points" else ()

    def values(self) -> dict[str, Any]:
        """Return what the verb takes: this property alone."""
        return {self.name: self.cleaned_data[self.name]}

    def suggestions(self) -> list[str]:
        """Return labels that were used before."""
        if self.name != "labels":
            return []
        known = Label.objects.filter(workspace=self.workspace).order_by("name")
        return list(known.values_list("name", flat=True)[:MOST_SUGGESTED])

    def picks(self) -> list[Pick]:
        """Return the values to choose from: oneself first, then nobody or nothing, then others."""
        field = self.fields[self.name]
        if isinstance(field, forms.ModelChoiceField):
            return self._things(field)
        now = held(self.task, self.name)
        choices = cast("forms.ChoiceField", field).choices
        return [
            self._pick(str(value), _("None") if value == "" else str(label), now)
            for value, label in cast("list[tuple[Any, Any]]", choices)
        ]

    def _things(self, field: forms.ModelChoiceField[Any]) -> list[Pick]:
        now = getattr(self.task, f"{self.name}_id")
        found = list(field.queryset or ())
        mine = [thing for thing in found if thing == self.reader]
        return [
            *(self._pick(str(me.pk), _("%(name)s (me)") % {"name": me}, now, me) for me in mine),
            self._pick("", str(field.empty_label), now),
            *(self._pick(str(one.pk), str(one), now, one) for one in found if one not in mine),
        ]

    def _pick(self, value: str, label: str, now: object, thing: Any = None) -> Pick:
        typed = self.is_bound and self.data.get(self.name) == value
        current = value == ("" if now is None else str(now))
        return Pick(value, label, current=current, typed=typed, thing=thing)
