"""What people type about tasks, parsed and checked. Rules are the verbs' business."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField, TextField
from campaigns.models import Campaign
from people.models import Membership, Role, Workspace

from .models import EFFORT, IMPACT, Channel, Column, Lanes, Sprint, SprintState, Task

# Quick add takes a pasted list, not a book
MOST_LINES = 100


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _scale(words: dict[int, Any]) -> list[tuple[str, Any]]:
    return [("", "–"), *((str(number), word) for number, word in words.items())]


def _number_or_none(value: str) -> int | None:
    return int(value) if value else None


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A task as its edit page shows it. Choices are the workspace's own."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    labels = LineField(
        label=_("Labels"),
        required=False,
        max_length=300,
        help_text=_("Words with commas between them."),
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), choices=_scale(IMPACT), coerce=int, empty_value=None, required=False
    )
    effort = forms.TypedChoiceField(
        label=_("Effort"), choices=_scale(EFFORT), coerce=int, empty_value=None, required=False
    )

    class Meta:
        model = Task
        fields = [
            "title",
            "description",
            "channel",
            "campaign",
            "assignee",
            "points",
            "impact",
            "effort",
            "due_on",
            "cost",
        ]
        field_classes = {"title": LineField, "description": TextField}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 6}),
            "due_on": DayInput(),
        }
        error_messages = {"title": {"required": _("Say what is to be done.")}}
        help_texts = {
            "description": _("Markdown works: **bold**, lists, [links](https://…)."),
            "cost": _("In the workspace's currency, without cents."),
        }

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        self.workspace = workspace
        if self.instance.pk:
            self.initial.setdefault("version", self.instance.version)
            if "labels" not in self.initial:
                self.initial["labels"] = ", ".join(map(str, self.instance.labels.all()))
        kept = self.instance.assignee_id
        self._choose("channel", Channel.objects.filter(workspace=workspace), _("None"))
        self._choose("campaign", Campaign.objects.filter(workspace=workspace), _("None"))
        self._choose("assignee", marketers(workspace, kept), _("Nobody yet"))

    def _choose(self, name: str, among: Any, nothing: Any) -> None:
        field = cast("forms.ModelChoiceField[Any]", self.fields[name])
        field.queryset = among
        field.empty_label = nothing

    def clean_labels(self) -> list[str]:
        """Return each label once, in the order typed."""
        words = [" ".join(word.split()) for word in self.cleaned_data["labels"].split(",")]
        labels = list(dict.fromkeys(word for word in words if word))
        if any(len(label) > 40 for label in labels):
            raise ValidationError(_("A label has at most 40 characters."), "long_label")
        return labels

    def values(self) -> dict[str, Any]:
        """Return what the verb takes."""
        return {name: self.cleaned_data[name] for name in (*(self._meta.fields or ()), "labels")}


def marketers(workspace: Workspace, kept: int | None = None) -> Any:
    """Return who may be given a task: marketers, and whoever has this one already."""
    people = Membership.objects.filter(workspace=workspace)
    wanted = Q(role=Role.MARKETER, is_active=True, user__is_active=True)
    if kept is not None:
        wanted |= Q(pk=kept)
    return people.filter(wanted).by_name()


class NewTaskForm(TaskForm):
    """A new task, and where it goes: the backlog, or a sprint."""

    sprint: forms.Field = forms.ModelChoiceField(
        label=_("Where"), queryset=Sprint.objects.none(), required=False
    )
    at_top = forms.BooleanField(label=_("On top of the backlog"), required=False)
    reason = LineField(
        label=_("Why now"),
        max_length=200,
        required=False,
        help_text=_("Only for the running sprint: why it cannot wait. Everyone sees it."),
    )
    swap_out: forms.Field = forms.ModelChoiceField(
        label=_("Swap out"),
        queryset=Task.objects.none(),
        required=False,
        help_text=_("What goes back to the backlog for it."),
    )
    over_reason = LineField(label=_("Or why on top of it all"), max_length=200, required=False)

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, workspace=workspace, **options)
        sprints = Sprint.objects.filter(workspace=workspace).exclude(state=SprintState.CLOSED)
        self._choose("sprint", sprints.order_by("number"), _("Backlog"))
        self._choose("swap_out", swappable(workspace.pk), _("nothing"))

    @property
    def shows_swap(self) -> bool:
        """Tell whether the verb asked for a swap or a word."""
        return "over_reason" in self.errors or bool(self.data.get("swap_out"))


class VersionForm(forms.Form):
    """The version that the reader saw; for verbs that need nothing else."""

    version = forms.IntegerField(min_value=1)


def _sprints_for(task: Task) -> QuerySet[Sprint]:
    """Return the sprints that a task can be put into."""
    sprints = Sprint.objects.filter(workspace=task.workspace_id).exclude(state=SprintState.CLOSED)
    return sprints.exclude(pk=task.sprint_id or 0).order_by("number")


OFFERED: Final[Mapping[str, Callable[[Task], QuerySet[Any]]]] = {
    "column": lambda task: Column.objects.filter(workspace=task.workspace_id),
    "sprint": _sprints_for,
    "swap_out": lambda task: swappable(task.workspace_id).exclude(pk=task.pk),
}


class MoveForm(VersionForm):
    """Where a task goes: a column and a place in it, or another sprint, or the backlog."""

    column: forms.Field = forms.ModelChoiceField(
        label=_("Column"), queryset=Column.objects.none(), required=False
    )
    place = forms.ChoiceField(
        label=_("Place"), choices=[("top", _("Top")), ("bottom", _("Bottom"))], required=False
    )
    before = LineField(required=False, max_length=20)
    after = LineField(required=False, max_length=20)
    sprint: forms.Field = forms.ModelChoiceField(
        label=_("Sprint"), queryset=Sprint.objects.none(), required=False, empty_label=None
    )
    backlog = forms.BooleanField(required=False)
    reason = LineField(
        label=_("Why now"),
        max_length=200,
        required=False,
        help_text=_("Needed when the sprint is running. Everyone sees it."),
    )
    swap_out: forms.Field = forms.ModelChoiceField(
        label=_("Swap out"),
        queryset=Task.objects.none(),
        required=False,
        empty_label=_("Nothing"),
        help_text=_("What goes back to the backlog for it."),
    )
    over_reason = LineField(label=_("Or why on top of it all"), max_length=200, required=False)

    def __init__(self, *args: Any, task: Task, **options: Any) -> None:
        super().__init__(*args, **options)
        self.task = task
        self._offer([name for name in OFFERED if self.data.get(name)])

    def offer_all(self) -> Self:
        """Offer every choice, for a page that shows the form; a form that is only read needs none.

        Dragging a card names a column alone, many times a minute.
        """
        self._offer(OFFERED)
        return self

    def _offer(self, names: Iterable[str]) -> None:
        for name in names:
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.queryset = OFFERED[name](self.task)

    def clean(self) -> dict[str, Any]:
        """Exactly one destination."""
        cleaned = super().clean() or self.cleaned_data
        chosen = [name for name in ("column", "sprint", "backlog") if cleaned.get(name)]
        if len(chosen) != 1 and not self.errors:
            raise ValidationError(_("Say where the task should go."), "no_place")
        return cleaned

    @property
    def shows_swap(self) -> bool:
        """Tell whether the verb asked for a swap or a word."""
        return "over_reason" in self.errors or bool(self.data.get("swap_out"))


def swappable(workspace_id: int) -> Any:
    """Return what may leave the running sprint for something else."""
    tasks = Task.objects.current().filter(workspace=workspace_id, sprint__state=SprintState.ACTIVE)
    return tasks.open().ranked()


class RankForm(VersionForm):
    """One step or all the way, in the backlog's order."""

    to = forms.ChoiceField(
        choices=[
            ("top", _("To the top")),
            ("up", _("One up")),
            ("down", _("One down")),
            ("bottom", _("To the end")),
        ],
        required=False,
    )
    before = LineField(required=False, max_length=20)
    after = LineField(required=False, max_length=20)


class QuickAddForm(forms.Form):
    """A pasted list: each line is a task."""

    lines = TextField(max_length=30_000, error_messages={"required": _("Write at least one line.")})
    where = forms.ChoiceField(
        choices=[("top", _("On top")), ("end", _("At the end"))], required=False
    )

    def clean_lines(self) -> list[str]:
        """Return the titles; empty lines and bullets fall away."""
        lines = self.cleaned_data["lines"].splitlines()
        cleaned = (" ".join(line.split()).strip("-*• ") for line in lines)
        titles = [line for line in cleaned if line]
        if not titles:
            raise ValidationError(_("Write at least one line."), "empty")
        if len(titles) > MOST_LINES:
            raise ValidationError(
                _("%(count)s lines are too many at once: paste at most %(most)s."),
                "many_lines",
                {"count": len(titles), "most": MOST_LINES},
            )
        long = next((title for title in titles if len(title) > 200), None)
        if long:
            raise ValidationError(
                _("“%(start)s…” is longer than 200 characters."), "long_line", {"start": long[:40]}
            )
        return titles


class DeliverableForm(forms.Form):
    """A link to what was made."""

    label = LineField(
        label=_("What it is"), max_length=80, error_messages={"required": _("Say what it is.")}
    )
    url = forms.URLField(label=_("Link"), max_length=500, assume_scheme="https")


class BulkForm(forms.Form):
    """What to do with the ticked tasks."""

    task: forms.Field = forms.ModelMultipleChoiceField(queryset=Task.objects.none())
    do = forms.ChoiceField(
        choices=[
            ("assign", _("Assign")),
            ("campaign", _("Campaign")),
            ("channel", _("Channel")),
            ("archive", _("Archive")),
        ]
    )
    assignee: forms.Field = forms.ModelChoiceField(
        queryset=Membership.objects.none(), required=False, empty_label=_("Nobody")
    )
    campaign: forms.Field = forms.ModelChoiceField(
        queryset=Campaign.objects.none(), required=False, empty_label=_("No campaign")
    )
    channel: forms.Field = forms.ModelChoiceField(
        queryset=Channel.objects.none(), required=False, empty_label=_("No channel")
    )

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["task"].error_messages["required"] = _("Tick the tasks first.")
        for name, found in (
            ("task", Task.objects.filter(workspace=workspace).current()),
            ("assignee", marketers(workspace)),
            ("campaign", _campaigns(workspace)),
            ("channel", Channel.objects.filter(workspace=workspace)),
        ):
            cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = found

    def changes(self) -> dict[str, Any]:
        """Return what the verb changes; nothing when it archives."""
        field = {"assign": "assignee", "campaign": "campaign", "channel": "channel"}.get(
            self.cleaned_data["do"]
        )
        return {field: self.cleaned_data[field]} if field else {}


SORTS = [
    ("rank", _("Rank")),
    ("demand", _("Demand")),
    ("impact", _("Impact to effort")),
    ("age", _("Age")),
]


class BacklogFilter(forms.Form):
    """What the backlog shows, as its address says it. Everything is optional.

    The choices are read once and also serve the bulk form below the list.
    """

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    channel = forms.TypedChoiceField(
        label=_("Channel"), coerce=int, empty_value=None, required=False
    )
    campaign = forms.TypedChoiceField(
        label=_("Campaign"), coerce=int, empty_value=None, required=False
    )
    assignee = forms.TypedChoiceField(
        label=_("Person"), coerce=int, empty_value=None, required=False
    )
    show = forms.ChoiceField(
        label=_("View"),
        choices=[
            ("", _("All")),
            ("promised", _("Promised")),
            ("sales", _("From Sales")),
            ("mine", _("Mine")),
            ("unassigned", _("No owner")),
            ("archived", _("Archived")),
        ],
        required=False,
    )
    sort = forms.ChoiceField(label=_("Order"), choices=SORTS, required=False)
    after = forms.CharField(label=_("Page"), required=False, max_length=80)

    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        self.things: dict[str, list[tuple[int, str]]] = {}
        for name, anything, found in (
            ("channel", _("Any channel"), Channel.objects.filter(workspace=workspace)),
            ("campaign", _("Any campaign"), _campaigns(workspace)),
            ("assignee", _("Anyone"), marketers(workspace)),
        ):
            self.things[name] = [(thing.pk, str(thing)) for thing in found]
            field = cast("forms.TypedChoiceField", self.fields[name])
            field.choices = [("", anything), *self.things[name]]


def _campaigns(workspace: Workspace) -> Any:
    return Campaign.objects.filter(workspace=workspace).order_by("name")


class StepsForm(forms.Form):
    """Steps of a checklist, a line each."""

    lines = forms.CharField(
        label=_("Steps"),
        strip=False,
        help_text=_("One line, one step."),
        error_messages={"required": _("Write a step.")},
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )


class StepForm(forms.Form):
    """One step in other words."""

    text = LineField(label=_("Step"), error_messages={"required": _("A step needs words.")})


class TickForm(forms.Form):
    """Whether a step is done."""

    done = forms.TypedChoiceField(
        choices=[("1", _("Done")), ("0", _("Not done"))], coerce=lambda value: value == "1"
    )


class StepMoveForm(forms.Form):
    """Which way a step goes."""

    way = forms.ChoiceField(choices=[("up", _("Up")), ("down", _("Down"))])


class BoardViewForm(forms.Form):
    """How a member likes to see the board."""

    lanes = forms.ChoiceField(choices=Lanes.choices, required=False)
    density = forms.ChoiceField(choices=[("", ""), ("compact", "")], required=False)
