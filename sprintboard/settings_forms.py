"""How a workspace works, one form for each topic."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField
from people.forms import TimeZoneField
from people.models import Workspace

CLOCK = {"type": "time"}


class TopicForm(forms.Form):
    """A topic; its fields are called as the workspace's are."""

    def __init__(self, workspace: Workspace, data: Any = None) -> None:
        super().__init__(data)
        self.initial = {name: getattr(workspace, name) for name in self.fields}
        zone = self.fields.get("time_zone")
        if isinstance(zone, TimeZoneField):
            zone.offer(workspace.time_zone)


class TeamForm(TopicForm):
    """Who it is for, and whose midnight counts."""

    name = LineField(label=_("Company or team"), max_length=80)
    time_zone = TimeZoneField(
        label=_("Time zone of the workspace"),
        help_text=_("Sprints begin and end here; everybody reads dates in their own."),
    )


class SprintsForm(TopicForm):
    """How long a sprint is, and how much may come in between."""

    sprint_days = forms.IntegerField(
        label=_("Days in a sprint"),
        min_value=5,
        max_value=42,
        help_text=_("Sprints that are planned already keep their dates."),
    )
    unplanned_allowance = forms.IntegerField(
        label=_("Unplanned work, in per cent of the commitment"),
        min_value=0,
        max_value=100,
        help_text=_("Beyond it, a marketer swaps something out or says why not."),
    )
    impediment_days = forms.IntegerField(
        label=_("Working days until an impediment is escalated"),
        min_value=1,
        max_value=20,
        help_text=_("Then the managers are told what has been blocking a task for so long."),
    )


class AnswersForm(TopicForm):
    """By when Sales has an answer."""

    answer_days = forms.IntegerField(
        label=_("Working days to answer a request"), min_value=1, max_value=20
    )
    workday_starts = forms.TimeField(
        label=_("Working day starts"), widget=forms.TimeInput(attrs=CLOCK, format="%H:%M")
    )
    workday_ends = forms.TimeField(
        label=_("Working day ends"), widget=forms.TimeInput(attrs=CLOCK, format="%H:%M")
    )


class ReviewsForm(TopicForm):
    """Whether a review waits for somebody."""

    auto_publish_hours = forms.IntegerField(
        label=_("Publish a review by itself after so many hours"),
        required=False,
        min_value=1,
        max_value=336,
        help_text=_("Empty: it waits until somebody publishes it."),
    )


TOPICS: Final[dict[str, tuple[Any, type[TopicForm]]]] = {
    "team": (_("Team"), TeamForm),
    "sprints": (_("Sprints"), SprintsForm),
    "answers": (_("Answers to Sales"), AnswersForm),
    "reviews": (_("Reviews"), ReviewsForm),
}
