"""What the API shows of requests, and what it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backlog.models import Sprint, Task
from backlog.serializers import ColumnOfTask, DeliverableShown
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
)
from people.api.pagination import PageQuery, QueryNumberField, QueryYesNoField, SearchField
from people.api.serializers import ReadSerializer, StrictSerializer, VersionedSerializer
from people.models import Membership
from people.serializers import Person

from .forms import MOST_LINKS, LinksField
from .models import (
    MOST_MONEY,
    UNDO_WINDOW,
    Decision,
    DecisionKind,
    DeclineReason,
    Kind,
    Request,
    RequestState,
    Stage,
)
from .tracker import STEPS, Step, stage, status_line, tracker

# What is shown --------------------------------------------------------------------------------


class WordShown(serializers.ChoiceField):
    """One of a few words; null where nobody said."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices=choices, allow_null=True, read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return the word."""
        return value or None


class StepShown(ReadSerializer):
    """A step of the tracker: what happened at it."""

    key = serializers.ChoiceField(choices=[*STEPS, "declined", "merged"])
    name = serializers.CharField()
    note = serializers.CharField(
        allow_blank=True, help_text="For people; its days are those of your own time zone."
    )
    status = serializers.SerializerMethodField(help_text="`no`: it ended here.")
    at = InstantField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=["done", "now", "ahead", "no"]))
    def get_status(self, step: Step) -> str:
        """Return how far it is."""
        return step.state or "ahead"


class DecisionShown(ReadSerializer):
    """What Marketing answered or asked: who, when, in which words."""

    answer = serializers.ChoiceField(choices=DecisionKind.choices, source="kind")
    reason = WordShown(DeclineReason.choices, help_text="Of a no.")
    words = serializers.CharField()
    sprint = serializers.IntegerField(source="sprint.number", default=None, allow_null=True)
    task = serializers.SerializerMethodField()
    target = serializers.CharField(
        source="target.key", default=None, allow_null=True, help_text="What it was merged into."
    )
    decided_by = Person()
    decided_at = InstantField()
    undo_until = serializers.SerializerMethodField(
        help_text="Until then its mail waits, and it can be taken back."
    )
    closed_at = InstantField(
        allow_null=True, help_text="Of a question: when it was answered or overtaken."
    )

    def get_task(self, decision: Decision) -> str | None:
        """Return the key of the task that it made or joined."""
        if decision.task is None:
            return None
        return f"{self.context['workspace'].key}-{decision.task.number}"

    def get_undo_until(self, decision: Decision) -> datetime:
        """Return the instant at which its words leave the house."""
        return decision.decided_at + UNDO_WINDOW


class BackingShown(ReadSerializer):
    """Somebody who needs it too."""

    backer = Person()
    account = serializers.CharField(allow_blank=True)
    deal_value = serializers.IntegerField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    backed_at = InstantField()


class TaskOfRequest(ReadSerializer):
    """A task that serves a request, with what it made."""

    key = serializers.CharField()
    title = serializers.CharField()
    column = ColumnOfTask()
    sprint = serializers.IntegerField(source="sprint.number", default=None, allow_null=True)
    promised_sprint = serializers.IntegerField(
        source="promised_sprint.number", default=None, allow_null=True
    )
    assignee = Person(allow_null=True)
    done_at = InstantField(allow_null=True)
    archived_at = InstantField(allow_null=True)
    deliverables = DeliverableShown(many=True)


class RequestItem(ReadSerializer):
    """A request in a list, with where it stands."""

    key = serializers.CharField()
    title = serializers.CharField()
    kind = WordShown(Kind.choices)
    state = serializers.ChoiceField(
        choices=RequestState.choices, help_text="Where the answer stands."
    )
    step = serializers.SerializerMethodField(help_text="The last step that it has reached.")
    status = serializers.SerializerMethodField(help_text="In a few words, for people.")
    requester = Person()
    entered_by = Person()
    submitted_at = InstantField()
    answer_due_at = InstantField()
    answered_at = InstantField(allow_null=True)
    delivered_at = InstantField(allow_null=True)
    needed_by = serializers.DateField(allow_null=True)
    backers = serializers.SerializerMethodField(help_text="How many back it.")
    worth = serializers.IntegerField(
        help_text="What the deals are worth that hang on it, each account counted once."
    )
    merged_into = serializers.CharField(
        source="merged_into.key", default=None, allow_null=True, help_text="What serves it now."
    )
    version = serializers.IntegerField()

    @extend_schema_field(serializers.ChoiceField(choices=STEPS))
    def get_step(self, request: Request) -> str:
        """Return the key of the step."""
        return stage(request)

    def get_status(self, request: Request) -> str:
        """Return the words, with the days of the reader's own zone."""
        with timezone.override(self.context["member"].user.zone):
            return status_line(request)

    def get_backers(self, request: Request) -> int:
        """Return how many there are, without the rep who asked."""
        return len(request.backers)


class RequestDetail(RequestItem):
    """A request with everything that was said about it."""

    heard = serializers.CharField(allow_blank=True)
    stage = WordShown(Stage.choices, help_text="Of the sales cycle.")
    would_help = serializers.CharField(allow_blank=True)
    buyers = serializers.CharField(allow_blank=True)
    accounts = serializers.CharField(allow_blank=True)
    deal_value = serializers.IntegerField(
        allow_null=True, help_text="In the workspace's currency, without cents."
    )
    needed_why = serializers.CharField(allow_blank=True)
    budget = serializers.IntegerField(allow_null=True)
    links = serializers.ListField(child=serializers.CharField(), source="link_list")
    steps = serializers.SerializerMethodField(
        help_text="Five; two when the answer was no, or when it was merged."
    )
    decision = DecisionShown(allow_null=True, help_text="The answer that stands.")
    question = DecisionShown(allow_null=True, help_text="What Marketing asked last.")
    backings = BackingShown(many=True, source="backers")
    tasks = serializers.SerializerMethodField()

    @extend_schema_field(StepShown(many=True))
    def get_steps(self, request: Request) -> list[dict[str, Any]]:
        """Return the tracker, as the reader's own page has it."""
        member = self.context["member"]
        with timezone.override(member.user.zone):
            return list(StepShown(tracker(request, member), many=True).data)

    @extend_schema_field(TaskOfRequest(many=True))
    def get_tasks(self, request: Request) -> list[dict[str, Any]]:
        """Return the tasks that `tracked_with_results()` loaded."""
        tasks = request.tracked_tasks  # type: ignore[attr-defined]
        return list(TaskOfRequest(tasks, many=True, context=self.context).data)


# What is taken --------------------------------------------------------------------------------


class RequestNew(StrictSerializer):
    """An idea from Sales: one line that we must have, the rest helps."""

    submission_id = serializers.UUIDField(
        required=False,
        error_messages={"invalid": _("This must be a UUID.")},
        help_text="Yours: the same one sent twice is one request.",
    )
    title = LineField(max_length=200)
    requester = OwnField(
        Membership, kind=_("member"), required=False, help_text="The id of a rep; you if left out."
    )
    kind = WordField(choices=Kind.choices, allow_null=True, required=False)
    heard = TextField(max_length=4_000, allow_blank=True, required=False)
    stage = WordField(choices=Stage.choices, allow_null=True, required=False)
    needed_by = DayField(allow_null=True, required=False)
    needed_why = LineField(max_length=200, allow_blank=True, required=False)
    accounts = LineField(max_length=300, allow_blank=True, required=False)
    deal_value = WholeNumberField(
        min_value=0, max_value=MOST_MONEY, allow_null=True, required=False
    )
    would_help = TextField(max_length=4_000, allow_blank=True, required=False)
    buyers = LineField(max_length=200, allow_blank=True, required=False)
    budget = WholeNumberField(min_value=0, max_value=MOST_MONEY, allow_null=True, required=False)
    links = serializers.ListField(
        child=LineField(max_length=500), max_length=MOST_LINKS, required=False
    )

    def validate_links(self, links: list[str]) -> str:
        """Return addresses of pages, one on each line, as they are kept."""
        if any(len(link.split()) != 1 for link in links):
            raise ValidationError(_("An address has no spaces in it."), code="link")
        kept: str = LinksField(max_length=2_000, required=False).clean("\n".join(links))
        return kept


class BackingNew(StrictSerializer):
    """Who needs it too, with what deal. Said again, it replaces what was said before."""

    account = LineField(max_length=300, allow_blank=True, required=False)
    deal_value = WholeNumberField(
        min_value=0, max_value=MOST_MONEY, allow_null=True, required=False
    )
    note = TextField(max_length=1_000, allow_blank=True, required=False)
    backer = OwnField(
        Membership, kind=_("member"), required=False, help_text="The id of a rep; you if left out."
    )


class BackingGone(StrictSerializer):
    """Who does not need it any more."""

    backer = OwnField(
        Membership, kind=_("member"), required=False, help_text="The id of a rep; you if left out."
    )


class AnswerWords(VersionedSerializer):
    """What is said to the rep."""

    words = TextField(max_length=4_000)


def _current(tasks: Any) -> Any:
    return tasks.current()


class AnswerYes(AnswerWords):
    """Yes: a new task in the backlog, or one that exists."""

    task = KeyField(
        Task,
        among=_current,
        allow_null=True,
        required=False,
        help_text="The key of the task to join; one is made when it is left out.",
    )


class AnswerPlan(AnswerYes):
    """Yes, in this sprint."""

    sprint = OwnField(Sprint, by="number", help_text="Its number.")
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


class AnswerNo(AnswerWords):
    """No, with the reason."""

    reason = WordField(choices=DeclineReason.choices)


class AnswerMerge(AnswerWords):
    """The same was asked before."""

    target = KeyField(
        Request, prefix="REQ", help_text="The key of the request that stands for both."
    )


class ReplyWords(StrictSerializer):
    """What the rep answers to a question of Marketing."""

    words = TextField(max_length=4_000)


# What is asked --------------------------------------------------------------------------------


class RequestQuery(PageQuery):
    """Which requests, in which order."""

    state = serializers.ChoiceField(choices=RequestState.choices, required=False)
    delivered = QueryYesNoField(required=False, help_text="Whether its work is done.")
    requester = QueryNumberField(
        min_value=1, max_value=LARGEST_ID, required=False, help_text="The id of a member."
    )
    mine = QueryYesNoField(required=False, help_text="Whether you are the requester.")
    search = SearchField(required=False, help_text="A key, or words of the title.")
    ordering = serializers.ChoiceField(
        choices=["number", "-number"], required=False, help_text="`-number` when left out."
    )
