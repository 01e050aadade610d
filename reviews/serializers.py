"""What the API shows of reviews and their mails, and what it takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backlog.models import LARGEST, Verdict
from notifications.models import OutboxState
from people.api.fields import InstantField, LineField, TextField, WholeNumberField, WordField
from people.api.pagination import PageQuery, QueryYesNoField
from people.api.serializers import ReadSerializer, VersionedSerializer
from people.serializers import Person
from requests_intake.serializers import WordShown

from .models import HIDDEN, HIGHLIGHTED, Review
from .reading import visible_facts

# The facts, as they were frozen ---------------------------------------------------------------


class LinkFact(ReadSerializer):
    """What a task made."""

    label = serializers.CharField()  # type: ignore[assignment]  # a word of the framework's too
    url = serializers.CharField()


class GoalFact(ReadSerializer):
    """The sprint's goal and its measure."""

    text = serializers.CharField(allow_blank=True)
    measure = serializers.CharField(allow_blank=True)
    target = serializers.IntegerField(allow_null=True)
    actual = serializers.IntegerField(allow_null=True)


class PointsFact(ReadSerializer):
    """The sprint in points."""

    committed = serializers.IntegerField()
    done = serializers.IntegerField()
    done_of_committed = serializers.IntegerField()
    unplanned = serializers.IntegerField()
    unplanned_done = serializers.IntegerField()
    allowance = serializers.IntegerField()
    carried = serializers.IntegerField()


class ItemFact(ReadSerializer):
    """What has a place in a review. `id` is its name in the marks."""

    id = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()


class DoneFact(ItemFact):
    """A task that was finished."""

    points = serializers.IntegerField(allow_null=True)
    assignee = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    unplanned = serializers.BooleanField()
    links = LinkFact(many=True)


class GroupFact(ReadSerializer):
    """What was finished for one campaign; without a name for none."""

    name = serializers.CharField(allow_blank=True)
    points = serializers.IntegerField()
    share = serializers.IntegerField(help_text="Per cent of the points that were done.")
    tasks = DoneFact(many=True)


class AskedFact(ItemFact):
    """A request whose work was finished in this sprint."""

    requester = serializers.CharField()
    requester_id = serializers.IntegerField()
    tasks = serializers.ListField(child=serializers.CharField())
    links = LinkFact(many=True)


class CarriedFact(ItemFact):
    """A task that was not finished."""

    points = serializers.IntegerField(allow_null=True)
    to_sprint = serializers.IntegerField(allow_null=True, help_text="null: to the backlog.")
    asked_by = serializers.ListField(child=serializers.CharField())
    asked_by_ids = serializers.ListField(child=serializers.IntegerField())


class AnswerFact(ItemFact):
    """What Marketing decided about a request."""

    requester = serializers.CharField()
    requester_id = serializers.IntegerField()
    answer = serializers.CharField(source="kind")
    words = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    sprint = serializers.IntegerField(allow_null=True)
    decided_by = serializers.CharField(allow_blank=True)
    merged_into = serializers.CharField(allow_blank=True)


class AnsweredFact(ReadSerializer):
    """How many requests were answered in time, and within how many days that was agreed."""

    in_time = serializers.IntegerField()
    total = serializers.IntegerField()
    days = serializers.IntegerField()


class BeforeFact(ReadSerializer):
    """The sprints before: up to three, and the very last."""

    sprints = serializers.IntegerField()
    average_done = serializers.IntegerField()
    average_share = serializers.IntegerField(allow_null=True)
    delivered = serializers.IntegerField(allow_null=True)


class NextFact(ReadSerializer):
    """The sprint that follows."""

    number = serializers.IntegerField()
    goal = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class FactsShown(ReadSerializer):
    """What happened in the sprint, frozen as it closed."""

    goal = GoalFact()
    points = PointsFact()
    tasks_done = serializers.IntegerField()
    groups = GroupFact(many=True)
    asked = AskedFact(many=True)
    carried = CarriedFact(many=True)
    answers = AnswerFact(many=True)
    answered = AnsweredFact()
    before = BeforeFact()
    next = NextFact(allow_null=True)


# Reviews --------------------------------------------------------------------------------------

STATES = ("drafting", "draft", "published")


class ReviewItem(ReadSerializer):
    """A review in a list."""

    number = serializers.IntegerField(source="sprint.number", help_text="Of its sprint.")
    state = serializers.SerializerMethodField(help_text="`drafting`: it has no words yet.")
    verdict = WordShown(Verdict.choices, help_text="What became of the goal.")
    subject = serializers.CharField(allow_blank=True)
    lead = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField(source="sprint.starts_on")
    ends_on = serializers.DateField(source="sprint.ends_on")
    created_at = InstantField()
    published_at = InstantField(allow_null=True)
    published_by = Person(allow_null=True, help_text="null when it went out by itself, too.")
    version = serializers.IntegerField()

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, review: Review) -> str:
        """Return how far it has come."""
        if review.is_published:
            return "published"
        return "draft" if review.is_drafted else "drafting"


class ReviewDetail(ReviewItem):
    """A review: a person's words beside the facts."""

    learnings = serializers.CharField(allow_blank=True)
    next_up = serializers.CharField(allow_blank=True)
    marks = serializers.SerializerMethodField(
        help_text="By the `id` of an item of the facts: `highlighted` stands in the mail, `hidden` "
        "is shown to nobody but marketers."
    )
    facts = serializers.SerializerMethodField(
        help_text="Marketers see what is hidden too: they choose it."
    )
    drafted_at = InstantField(allow_null=True)
    edited_at = InstantField(allow_null=True)
    edited_by = Person(allow_null=True)
    goes_out_at = InstantField(
        allow_null=True, help_text="When it is published by itself; null when it waits for you."
    )

    def get_marks(self, review: Review) -> dict[str, str]:
        """Return the marks that the reader may know of."""
        return {
            item: mark
            for item, mark in review.marks.items()
            if mark == HIGHLIGHTED or self._chooses()
        }

    @extend_schema_field(FactsShown)
    def get_facts(self, review: Review) -> dict[str, Any]:
        """Return the facts; to whoever does not choose them without what is hidden."""
        facts = review.frozen if self._chooses() else visible_facts(review)
        return dict(FactsShown(facts).data)

    def _chooses(self) -> bool:
        return bool(self.context["member"].is_marketer)


class DeliveryShown(ReadSerializer):
    """How one reader's mail fared."""

    id = serializers.IntegerField()
    recipient = Person()
    state = serializers.ChoiceField(choices=OutboxState.choices, source="item.state")
    reason = serializers.CharField(
        source="item.last_error", allow_blank=True, help_text="Why it did not simply leave."
    )
    attempts = serializers.IntegerField(source="item.attempts")
    leaves_at = InstantField(source="item.not_before")
    sent_at = InstantField(source="item.sent_at", allow_null=True)
    can_be_sent_again = serializers.BooleanField(source="item.can_be_sent_again")
    read_at = InstantField(allow_null=True, help_text="When its reader first opened the page.")


# What is taken --------------------------------------------------------------------------------


class SprintClose(VersionedSerializer):
    """The end of a sprint. `version` is that of the sprint."""

    carry_to = WordField(
        choices=["next", "backlog"],
        required=False,
        help_text="Where unfinished work goes; `next` sprint when left out.",
    )
    goal_actual = WholeNumberField(
        min_value=0,
        max_value=LARGEST,
        allow_null=True,
        required=False,
        help_text="What the goal's measure came to.",
    )


class ReviewEdit(VersionedSerializer):
    """Changes to a review: what is left out stays."""

    verdict = WordField(choices=Verdict.choices, allow_null=True, required=False)
    subject = LineField(max_length=150, required=False)
    lead = TextField(max_length=2_000, required=False)
    learnings = TextField(max_length=4_000, allow_blank=True, required=False)
    next_up = TextField(max_length=2_000, allow_blank=True, required=False)
    marks = serializers.DictField(
        child=WordField(choices=[HIGHLIGHTED, HIDDEN]),
        required=False,
        help_text="All of them: what is not named has no mark.",
    )


class ReviewPublish(VersionedSerializer):
    """When the mails leave."""

    send = WordField(
        choices=["now", "morning"],
        required=False,
        help_text="`now` when left out; `morning`: at 08:00 of each reader's own day.",
    )


# What is asked --------------------------------------------------------------------------------


class ReviewQuery(PageQuery):
    """Which reviews, in which order."""

    published = QueryYesNoField(required=False)
    ordering = serializers.ChoiceField(
        choices=["number", "-number"], required=False, help_text="`-number` when left out."
    )
