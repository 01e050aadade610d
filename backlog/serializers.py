"""What the API shows of tasks and sprints, and what it takes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.models import Campaign
from people.api.fields import (
    LARGEST_ID,
    DayField,
    InstantField,
    KeyField,
    LineField,
    OwnField,
    TextField,
    WholeNumberField,
    WordField,
    YesNoField,
)
from people.api.pagination import PageQuery, QueryNumberField, QueryYesNoField, SearchField
from people.api.serializers import ReadSerializer, StrictSerializer, VersionedSerializer
from people.models import Membership
from people.serializers import Person

from .actions.tasks import MOST_LABELS
from .models import (
    LARGEST,
    LONGEST_REASON,
    Category,
    Channel,
    Column,
    Sprint,
    SprintState,
    Task,
)

# What is shown --------------------------------------------------------------------------------


class ColumnShown(ReadSerializer):
    """A stage on the board."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.choices)
    wip_limit = serializers.IntegerField(allow_null=True)


class Named(ReadSerializer):
    """A channel or a campaign, by its name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ColumnOfTask(Named):
    """Where a task stands."""

    category = serializers.ChoiceField(choices=Category.choices)


class Origin(ReadSerializer):
    """Who in Sales asked for it."""

    name = serializers.CharField(source="origin_name")
    backers = serializers.IntegerField(source="origin_backers")
    value = serializers.IntegerField(source="origin_value")


class Blocked(ReadSerializer):
    """What blocks it."""

    reason = serializers.CharField(source="blocked_reason")
    since = serializers.DateField(source="blocked_on", help_text="A day of the workspace.")
    owner = Person(
        source="blocked_owner",
        allow_null=True,
        help_text="Who removes it. null: its owner has left, and the managers were told.",
    )
    is_escalated = serializers.BooleanField()


class TaskItem(ReadSerializer):
    """A task in a list."""

    key = serializers.CharField()
    title = serializers.CharField()
    column = ColumnOfTask()
    sprint = serializers.IntegerField(
        source="sprint.number", default=None, allow_null=True, help_text="null: the backlog."
    )
    promised_sprint = serializers.IntegerField(
        source="promised_sprint.number", default=None, allow_null=True
    )
    assignee = Person(allow_null=True)
    campaign = Named(allow_null=True)
    channel = Named(allow_null=True)
    labels = serializers.SerializerMethodField()
    points = serializers.IntegerField(allow_null=True)
    impact = serializers.IntegerField(allow_null=True, help_text="1 (lowest) to 5 (highest).")
    effort = serializers.IntegerField(allow_null=True, help_text="1 (tiny) to 5 (huge).")
    due_on = serializers.DateField(allow_null=True)
    cost = serializers.IntegerField(
        allow_null=True, help_text="In the workspace's currency, without cents."
    )
    is_unplanned = serializers.BooleanField()
    unplanned_reason = serializers.CharField(allow_blank=True)
    carried = serializers.IntegerField(help_text="How often it moved on to the next sprint.")
    origin = serializers.SerializerMethodField()
    blocked = serializers.SerializerMethodField()
    waits = serializers.IntegerField(
        source="wait_count", help_text="For how many things it waits now."
    )
    created_by = Person(allow_null=True)
    created_at = InstantField()
    entered_column_at = InstantField()
    done_at = InstantField(allow_null=True)
    archived_at = InstantField(allow_null=True)
    version = serializers.IntegerField()

    def get_labels(self, task: Task) -> list[str]:
        """Return its labels by name."""
        return sorted(label.name for label in task.labels.all())

    @extend_schema_field(Origin(allow_null=True))
    def get_origin(self, task: Task) -> dict[str, Any] | None:
        """Return who asked; null when it came from nobody in Sales."""
        return dict(Origin(task).data) if task.origin_name else None

    @extend_schema_field(Blocked(allow_null=True))
    def get_blocked(self, task: Task) -> dict[str, Any] | None:
        """Return what blocks it; null when nothing does."""
        return dict(Blocked(task).data) if task.is_blocked else None


class DeliverableShown(ReadSerializer):
    """A link to what a task made."""

    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a word of the framework's too
    url = serializers.CharField()
    added_at = InstantField()


class TaskDetail(TaskItem):
    """A task with everything that belongs to it."""

    description = serializers.CharField(allow_blank=True, help_text="Markdown, as written.")
    description_html = serializers.CharField(allow_blank=True, help_text="Rendered and cleaned.")
    deliverables = DeliverableShown(many=True)


class ImpedimentShown(ReadSerializer):
    """What blocks a task, or did."""

    id = serializers.IntegerField()
    task = serializers.CharField(source="task.key")
    reason = serializers.CharField()
    owner = Person(help_text="Who removes it.")
    raised_by = Person(allow_null=True)
    raised_at = InstantField()
    escalates_at = InstantField(help_text="When the managers are told, unless it is resolved.")
    escalated_at = InstantField(allow_null=True)
    resolved_at = InstantField(allow_null=True)
    resolved_by = Person(allow_null=True)
    ending = serializers.CharField(
        allow_blank=True, help_text="solved, done or archived; empty while it blocks."
    )
    how = serializers.CharField(allow_blank=True, help_text="What helped.")
    version = serializers.IntegerField()


class WaitShown(ReadSerializer):
    """What a task waits for: another task, or a thing from outside with its day."""

    id = serializers.IntegerField()
    task = serializers.CharField(
        source="other.key", default=None, allow_null=True, help_text="The task that it waits for."
    )
    thing = serializers.CharField(allow_blank=True)
    until = serializers.DateField(allow_null=True)
    is_over = serializers.BooleanField(help_text="It is here, or the other task is done.")
    added_by = Person(allow_null=True)
    added_at = InstantField()
    ended_at = InstantField(allow_null=True, help_text="When somebody ended it by hand.")


class SprintShown(ReadSerializer):
    """A sprint."""

    number = serializers.IntegerField()
    goal = serializers.CharField(allow_blank=True)
    goal_measure = serializers.CharField(allow_blank=True)
    goal_target = serializers.IntegerField(allow_null=True)
    goal_actual = serializers.IntegerField(allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="Its last day.")
    state = serializers.ChoiceField(choices=SprintState.choices)
    started_at = InstantField(allow_null=True)
    closed_at = InstantField(allow_null=True)
    committed_points = serializers.IntegerField(allow_null=True, help_text="Frozen at its start.")
    committed_tasks = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


# What is taken --------------------------------------------------------------------------------


def _here(members: Any) -> Any:
    return members.active()


class TaskFields(StrictSerializer):
    """What a task says. Everything may be left out; null clears."""

    description = TextField(max_length=20_000, allow_blank=True, required=False)
    channel = OwnField(Channel, allow_null=True, required=False, help_text="Its id.")
    campaign = OwnField(Campaign, allow_null=True, required=False, help_text="Its id.")
    assignee = OwnField(
        Membership,
        kind=_("member"),
        among=_here,
        allow_null=True,
        required=False,
        help_text="The id of a member.",
    )
    points = WholeNumberField(min_value=0, max_value=100, allow_null=True, required=False)
    impact = WholeNumberField(min_value=1, max_value=5, allow_null=True, required=False)
    effort = WholeNumberField(min_value=1, max_value=5, allow_null=True, required=False)
    due_on = DayField(allow_null=True, required=False)
    cost = WholeNumberField(min_value=0, max_value=LARGEST, allow_null=True, required=False)
    labels = serializers.ListField(
        child=LineField(max_length=40), max_length=MOST_LABELS, required=False
    )


class ScopeFields(StrictSerializer):
    """What the running sprint asks before it lets something in."""

    reason = LineField(
        max_length=200,
        allow_blank=True,
        required=False,
        help_text="Why it cannot wait. The running sprint asks (`reason_needed`).",
    )
    swap_out = KeyField(
        Task, allow_null=True, required=False, help_text="What goes back to the backlog for it."
    )
    over_reason = LineField(
        max_length=200,
        allow_blank=True,
        required=False,
        help_text="Why the sprint takes more than its allowance (`over_allowance`).",
    )


class TaskNew(TaskFields, ScopeFields):
    """A new task: in the backlog, or in a sprint."""

    title = LineField(max_length=200)
    sprint = OwnField(Sprint, by="number", allow_null=True, required=False, help_text="Its number.")
    at_top = YesNoField(required=False, help_text="On top of the backlog, not at its end.")


class TaskEdit(TaskFields, VersionedSerializer):
    """Changes to a task: what is left out stays."""

    title = LineField(max_length=200, required=False)


class JustVersion(VersionedSerializer):
    """The version that you read."""


class Beside(VersionedSerializer):
    """A place beside another task, or at an end."""

    before = KeyField(Task, required=False, help_text="The key of the task that then follows.")
    after = KeyField(Task, required=False, help_text="The key of the task that is then in front.")
    place = WordField(choices=["top", "bottom"], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At most one way to say it."""
        if len({"before", "after", "place"} & set(attrs)) > 1:
            told = _("Say one of before, after and place.")
            raise serializers.ValidationError({"place": [told]}, "one_place")
        return attrs


class TaskMove(Beside):
    """Where a card of the running sprint goes. Without a place it keeps its rank."""

    column = OwnField(Column, help_text="Its id.")


class TaskRank(Beside):
    """A place in the list that the task is in."""


class TaskPull(VersionedSerializer, ScopeFields):
    """The sprint that a task is pulled into; the running one asks why."""

    sprint = OwnField(Sprint, by="number", help_text="Its number.")


class TaskReturn(VersionedSerializer):
    """Back to the top of the backlog."""

    reason = LineField(max_length=200, allow_blank=True, required=False)


class Nothing(StrictSerializer):
    """An empty object."""


class DeliverableNew(StrictSerializer):
    """A link to what a task made."""

    label = LineField(max_length=80)  # type: ignore[assignment]
    url = LineField(max_length=500, help_text="http or https.")


class BlockNew(StrictSerializer):
    """What blocks a task, and who removes it: a manager when left out."""

    reason = LineField(max_length=LONGEST_REASON)
    owner = OwnField(
        Membership, kind=_("member"), among=_here, required=False, help_text="The id of a member."
    )


class ImpedimentEdit(VersionedSerializer):
    """An impediment in other words, or in other hands; what is left out stays."""

    reason = LineField(max_length=LONGEST_REASON, required=False)
    owner = OwnField(
        Membership, kind=_("member"), among=_here, required=False, help_text="The id of a member."
    )


class Unblock(StrictSerializer):
    """That nothing blocks a task any more."""

    how = LineField(
        max_length=LONGEST_REASON, allow_blank=True, required=False, help_text="What helped."
    )


class WaitNew(StrictSerializer):
    """What a task waits for: either `task`, or `thing` and `until`."""

    task = KeyField(Task, required=False, help_text="The key of another task.")
    thing = LineField(max_length=120, required=False)
    until = DayField(required=False, help_text="The day on which the thing should come.")


class SprintEdit(VersionedSerializer):
    """Changes to a sprint: what is left out stays. Later planned sprints keep their distance."""

    goal = LineField(max_length=200, allow_blank=True, required=False)
    goal_measure = LineField(max_length=120, allow_blank=True, required=False)
    goal_target = WholeNumberField(min_value=0, max_value=LARGEST, allow_null=True, required=False)
    goal_actual = WholeNumberField(min_value=0, max_value=LARGEST, allow_null=True, required=False)
    starts_on = DayField(required=False)
    ends_on = DayField(required=False)


# What is asked --------------------------------------------------------------------------------


class TaskQuery(PageQuery):
    """Which tasks, in which order."""

    where = serializers.ChoiceField(
        choices=["backlog", "sprint"], required=False, help_text="Both when left out."
    )
    sprint = QueryNumberField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="The number of a sprint."
    )
    promised_sprint = QueryNumberField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="The number of a sprint."
    )
    column = QueryNumberField(min_value=1, max_value=LARGEST_ID, required=False)
    category = serializers.ChoiceField(choices=Category.choices, required=False)
    channel = QueryNumberField(min_value=1, max_value=LARGEST_ID, required=False)
    campaign = QueryNumberField(min_value=1, max_value=LARGEST_ID, required=False)
    assignee = QueryNumberField(min_value=1, max_value=LARGEST_ID, required=False)
    is_unplanned = QueryYesNoField(required=False)
    from_sales = QueryYesNoField(required=False)
    archived = QueryYesNoField(required=False, help_text="Left out: what is not archived.")
    search = SearchField(required=False, help_text="A key, or words of the title.")
    ordering = serializers.ChoiceField(
        choices=["rank", "number", "-number"], required=False, help_text="`rank` when left out."
    )


class ImpedimentQuery(PageQuery):
    """Which impediments."""

    state = serializers.ChoiceField(
        choices=["open", "resolved"], required=False, help_text="Both when left out."
    )
    owner = QueryNumberField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="The id of a member."
    )


class SprintQuery(PageQuery):
    """Which sprints, in which order."""

    state = serializers.ChoiceField(choices=SprintState.choices, required=False)
    ordering = serializers.ChoiceField(
        choices=["number", "-number"], required=False, help_text="`number` when left out."
    )
