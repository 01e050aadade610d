"""The API of requests: what Sales asks and Marketing answers, by the verbs of the pages."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request as Asking
from rest_framework.response import Response

from backlog.serializers import Nothing
from people.api.pagination import Order
from people.api.schema import documented
from people.api.views import MemberView

from . import actions, policy
from .models import Request, RequestQuerySet
from .reading import searched
from .serializers import (
    AnswerMerge,
    AnswerNo,
    AnswerPlan,
    AnswerWords,
    AnswerYes,
    BackingGone,
    BackingNew,
    ReplyWords,
    RequestDetail,
    RequestItem,
    RequestNew,
    RequestQuery,
)

ORDERS = {"number": Order(("number",)), "-number": Order(("number",), descending=True)}


class RequestView(MemberView):
    """What the addresses of requests share."""

    tag: ClassVar[str] = "Requests"
    output = RequestDetail

    def named(self, key: str) -> Request:
        """Return the request that people call by this key, for a verb. Raises Http404."""
        found = Request.objects.select_related("requester").named(key, self.workspace).first()
        if found is None:
            raise Http404
        found.workspace = self.workspace
        return found

    def show_saved(self, found: Model, *, status: int = 200, location: str = "") -> Response:
        """Answer with a request as it now is."""
        return self.show(self._loaded(found.pk), status=status, location=location)

    def represent_current(self, current: Model) -> object:
        """Return what a stale answer is told of the request as it is now."""
        return self.shown(self._loaded(current.pk))

    def _loaded(self, pk: int) -> Request:
        return Request.objects.tracked_with_results().with_demand().get(pk=pk)


class Requests(RequestView):
    """The requests of a workspace."""

    @documented("list_requests", "List requests", query=RequestQuery, page=RequestItem)
    def get(self, request: Asking, slug: str) -> Response:
        """Everybody's, the newest first."""
        rows = self._found(Request.objects.visible_to(self.member)).tracked().with_demand()
        return self.show_page(rows, ORDERS[self.asked.get("ordering", "-number")], RequestItem)

    def _found(self, rows: RequestQuerySet) -> RequestQuerySet:
        asked = self.asked
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        if "delivered" in asked:
            rows = rows.filter(delivered_at__isnull=not asked["delivered"])
        if "requester" in asked:
            rows = rows.filter(requester=asked["requester"])
        if "mine" in asked:
            mine = rows.filter(requester=self.member)
            rows = mine if asked["mine"] else rows.exclude(requester=self.member)
        return searched(rows, asked["search"]) if asked.get("search") else rows

    @documented(
        "submit_request",
        "Submit a request",
        body=RequestNew,
        gives=RequestDetail,
        status=201,
        example={"title": "One-page flyer for water labs", "accounts": "Great Lakes Water"},
    )
    def post(self, request: Asking, slug: str) -> Response:
        """It always gets an answer, due at one instant."""
        self.require(policy.can_submit)
        fields = {name: value for name, value in self.read(RequestNew).items() if value is not None}
        fields.setdefault("submission_id", uuid4())
        made = actions.submit_request(self.workspace, by=self.member, **fields)
        location = reverse("api_request", args=[slug, made.key])
        return self.show_saved(made, status=201, location=location)


class OneRequest(RequestView):
    """One request."""

    @documented("read_request", "Read a request", gives=RequestDetail)
    def get(self, request: Asking, slug: str, key: str) -> Response:
        """With its tracker, its answer, who backs it and what came of it."""
        rows = Request.objects.tracked_with_results().with_demand()
        found = rows.named(key, self.workspace).first()
        if found is None:
            raise Http404
        return self.show(found)


class BackRequest(RequestView):
    """“I need this too”."""

    @documented(
        "back_request",
        "Back a request",
        body=BackingNew,
        gives=RequestDetail,
        example={"account": "Dairyland", "deal_value": 40_000},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """A rep or a manager for himself, a rep for a colleague, a marketer for a rep."""
        found = self.named(key)
        self.require(policy.can_back)
        actions.back_request(found, by=self.member, **self.read(BackingNew))
        return self.show_saved(found)


class WithdrawBacking(RequestView):
    """Not any more."""

    @documented("withdraw_backing", "Withdraw a backing", body=BackingGone, gives=RequestDetail)
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """Who backs nothing withdraws nothing."""
        found = self.named(key)
        self.require(policy.can_back)
        actions.withdraw_backing(found, by=self.member, **self.read(BackingGone))
        return self.show_saved(found)


class ReplyToQuestion(RequestView):
    """The rep's answer to a question."""

    @documented(
        "reply_to_question",
        "Reply to a question",
        body=ReplyWords,
        gives=RequestDetail,
        example={"words": "In English, and before March."},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """The words go into the conversation; the request waits for its answer again."""
        found = self.named(key)
        self.require(policy.can_submit)
        actions.reply_to_question(found, by=self.member, **self.read(ReplyWords))
        return self.show_saved(found)


# Answers --------------------------------------------------------------------------------------


class AnswerView(RequestView):
    """What the answers share."""

    def to_answer(self, key: str) -> Request:
        """Return a request for an answer. Raises Http404, PermissionDenied."""
        found = self.named(key)
        self.require(policy.can_read_triage)
        if found.is_undecided:  # else somebody was first, which the verb tells
            self.require(policy.can_answer, found)
        return found


class AcceptRequest(AnswerView):
    """Yes, without a date."""

    @documented(
        "accept_request",
        "Accept a request",
        body=AnswerYes,
        gives=RequestDetail,
        example={"version": 1, "words": "Good idea: it is in our backlog."},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """To the backlog, as a new task or with one that exists."""
        found = self.to_answer(key)
        version, answer = self.read_edit(AnswerYes)
        actions.accept_request(found, by=self.member, version=version, **answer)
        return self.show_saved(found)


class PlanRequest(AnswerView):
    """Yes, in a sprint."""

    @documented(
        "plan_request",
        "Plan a request",
        body=AnswerPlan,
        gives=RequestDetail,
        example={"version": 1, "words": "Yes: you have it on 30 December.", "sprint": 14},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """The running sprint asks why, and past its allowance what goes out for it."""
        found = self.to_answer(key)
        version, answer = self.read_edit(AnswerPlan)
        actions.plan_request(found, by=self.member, version=version, **answer)
        return self.show_saved(found)


class DeclineRequest(AnswerView):
    """No."""

    @documented(
        "decline_request",
        "Decline a request",
        body=AnswerNo,
        gives=RequestDetail,
        example={"version": 1, "words": "We have one: see NW-12.", "reason": "exists"},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """With a reason and in words."""
        found = self.to_answer(key)
        version, answer = self.read_edit(AnswerNo)
        actions.decline_request(found, by=self.member, version=version, **answer)
        return self.show_saved(found)


class AskBack(AnswerView):
    """A question before there is an answer."""

    @documented(
        "ask_back",
        "Ask the rep",
        body=AnswerWords,
        gives=RequestDetail,
        example={"version": 1, "words": "In which language?"},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """The answer clock stands still until the rep replies."""
        found = self.to_answer(key)
        version, answer = self.read_edit(AnswerWords)
        actions.ask_back(found, by=self.member, version=version, **answer)
        return self.show_saved(found)


class MergeRequest(AnswerView):
    """The same was asked before."""

    @documented(
        "merge_request",
        "Merge a request",
        body=AnswerMerge,
        gives=RequestDetail,
        example={"version": 1, "words": "Chiara asked for the same.", "target": "REQ-17"},
    )
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """Who needs this one backs the other from now on."""
        found = self.to_answer(key)
        version, answer = self.read_edit(AnswerMerge)
        actions.merge_request(found, by=self.member, version=version, **answer)
        return self.show_saved(found)


class UndoDecision(RequestView):
    """Taking an answer or a question back."""

    @documented("undo_decision", "Undo an answer", body=Nothing, gives=RequestDetail)
    def post(self, request: Asking, slug: str, key: str) -> Response:
        """Within a minute, while its mail waits (`too_late`)."""
        found = self.named(key)
        self.require(policy.can_read_triage)
        decision = found.decision or (found.question if found.is_asked else None)
        if decision is not None:
            self.require(policy.can_undo, decision)
        self.read(Nothing)
        if decision is None:
            raise ValidationError(_("There is no answer to take back."), code="no_answer")
        actions.undo_decision(decision, by=self.member)
        return self.show_saved(found)


urlpatterns = [
    path("requests/", Requests.as_view(), name="api_requests"),
    path("requests/<str:key>/", OneRequest.as_view(), name="api_request"),
    path("requests/<str:key>/back/", BackRequest.as_view(), name="api_request_back"),
    path("requests/<str:key>/withdraw/", WithdrawBacking.as_view(), name="api_request_withdraw"),
    path("requests/<str:key>/accept/", AcceptRequest.as_view(), name="api_request_accept"),
    path("requests/<str:key>/plan/", PlanRequest.as_view(), name="api_request_plan"),
    path("requests/<str:key>/decline/", DeclineRequest.as_view(), name="api_request_decline"),
    path("requests/<str:key>/ask/", AskBack.as_view(), name="api_request_ask"),
    path("requests/<str:key>/merge/", MergeRequest.as_view(), name="api_request_merge"),
    path("requests/<str:key>/reply/", ReplyToQuestion.as_view(), name="api_request_reply"),
    path("requests/<str:key>/undo/", UndoDecision.as_view(), name="api_request_undo"),
]
