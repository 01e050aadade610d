"""The API of reviews: closing a sprint, the words, publishing, and how the mails fared."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from backlog.models import Sprint
from backlog.policy import can_close_sprint
from backlog.serializers import Nothing, SprintShown
from notifications.actions import send_again
from people.api.pagination import Order, PageQuery
from people.api.schema import documented
from people.api.views import MemberView

from . import actions, policy
from .models import Delivery, Reading, Review
from .serializers import (
    DeliveryShown,
    ReviewDetail,
    ReviewEdit,
    ReviewItem,
    ReviewPublish,
    ReviewQuery,
    SprintClose,
)

ORDERS = {"number": Order(("number",)), "-number": Order(("number",), descending=True)}


class ReviewView(MemberView):
    """What the addresses of reviews share."""

    tag: ClassVar[str] = "Reviews"
    output = ReviewDetail

    def rows(self) -> QuerySet[Review]:
        """Return the reviews that the reader may see; for Sales a draft does not exist."""
        return (
            Review.objects.visible_to(self.member)
            .select_related("workspace", "sprint", "edited_by", "published_by")
            .annotate(number=F("sprint__number"))
        )

    def review(self, number: int) -> Review:
        """Return the review of this sprint. Raises Http404."""
        if number >= 2**31:
            raise Http404
        return self.find(self.rows(), sprint__number=number)

    def looked_after(self, number: int) -> Review:
        """Return a review for those who see to it that it goes out.

        Raises Http404, PermissionDenied.
        """
        found = self.review(number)
        self.require(policy.can_look_after, found)
        return found

    def show_saved(self, review: Review, **more: Any) -> Response:
        """Answer with a review as it now is."""
        return self.show(self.rows().get(pk=review.pk), ReviewDetail, **more)


class CloseSprint(ReviewView):
    """The end of a sprint."""

    tag: ClassVar[str] = "Sprints"
    output = SprintShown  # type: ignore[assignment]  # what a stale one is told

    @documented(
        "close_sprint",
        "Close a sprint",
        body=SprintClose,
        gives=ReviewDetail,
        status=201,
        example={"version": 4, "carry_to": "next", "goal_actual": 96},
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """What is not done moves on, the facts are frozen, a review opens; a job drafts it."""
        if number >= 2**31:
            raise Http404
        sprint = self.find(Sprint.objects.select_related("workspace"), number=number)
        self.require(can_close_sprint, sprint)
        version, end = self.read_edit(SprintClose)
        made = actions.close_sprint(sprint, by=self.member, version=version, **end)
        location = reverse("api_review", args=[slug, number])
        return self.show_saved(made, status=201, location=location)


class Reviews(ReviewView):
    """The reviews of a workspace."""

    @documented("list_reviews", "List reviews", query=ReviewQuery, page=ReviewItem)
    def get(self, request: Request, slug: str) -> Response:
        """The latest first; drafts to marketers and managers only."""
        rows = self.rows().defer("facts")
        if "published" in self.asked:
            rows = rows.filter(published_at__isnull=not self.asked["published"])
        return self.show_page(rows, ORDERS[self.asked.get("ordering", "-number")], ReviewItem)


class OneReview(ReviewView):
    """One review."""

    @documented("read_review", "Read a review", gives=ReviewDetail)
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The words and the facts. A program's look does not count as read."""
        return self.show(self.review(number))

    @documented(
        "edit_review",
        "Edit a review",
        body=ReviewEdit,
        gives=ReviewDetail,
        example={"version": 2, "verdict": "met", "marks": {"task-NW-42": "highlighted"}},
    )
    def patch(self, request: Request, slug: str, number: int) -> Response:
        """The words and the marks, until it is published (`published`)."""
        review = self.looked_after(number)
        if not (review.is_published and self.member.is_marketer):  # which the verb tells
            self.require(policy.can_edit_review, review)
        version, changes = self.read_edit(ReviewEdit)
        _check_marks(review, changes.get("marks", {}))
        actions.edit_review(review, by=self.member, version=version, **changes)
        return self.show_saved(review)


class PublishReview(ReviewView):
    """A review's way to everybody."""

    @documented(
        "publish_review",
        "Publish a review",
        body=ReviewPublish,
        gives=ReviewDetail,
        example={"version": 3, "send": "morning"},
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Once, with one mail for each sales member and manager."""
        review = self.looked_after(number)
        version, how = self.read_edit(ReviewPublish)
        actions.publish_review(review, by=self.member, version=version, **how)
        return self.show_saved(review)


class DeliveryView(ReviewView):
    """What the addresses of a review's mails share."""

    output = DeliveryShown  # type: ignore[assignment]

    def deliveries(self, review: Review) -> QuerySet[Delivery]:
        """Return the mails with how they fared."""
        read = Reading.objects.filter(review=OuterRef("review"), member=OuterRef("recipient"))
        return (
            Delivery.objects.filter(workspace=self.workspace, review=review)
            .select_related("item__workspace", "recipient")
            .annotate(read_at=Subquery(read.values("read_at")[:1]))
        )


class Deliveries(DeliveryView):
    """The mails of a review."""

    @documented("list_deliveries", "List deliveries", query=PageQuery, page=DeliveryShown)
    def get(self, request: Request, slug: str, number: int) -> Response:
        """One for each reader, each with its state and reason."""
        review = self.looked_after(number)
        return self.show_page(self.deliveries(review), Order(("pk",)))


class SendAgain(DeliveryView):
    """A mail once more."""

    @documented("send_again", "Send a mail again", body=Nothing, gives=DeliveryShown)
    def post(self, request: Request, slug: str, number: int, pk: int) -> Response:
        """What failed or may not have arrived (`not_settled`: it is neither)."""
        review = self.looked_after(number)
        if pk >= 2**63:
            raise Http404
        found = self.find(self.deliveries(review), pk=pk)
        self.read(Nothing)
        send_again(found.item, by=self.member)
        return self.show(self.deliveries(review).get(pk=pk))


def _check_marks(review: Review, marks: dict[str, str]) -> None:
    """Raise ValidationError for a mark on what the review has not."""
    unknown = sorted(marks.keys() - review.frozen.item_ids)
    if unknown:
        told = _("There is no %(item)s in this review.") % {"item": ascii(unknown[0][:60])}
        raise ValidationError({"marks": ValidationError(told, code="unknown")})


urlpatterns = [
    path("sprints/<int:number>/close/", CloseSprint.as_view(), name="api_sprint_close"),
    path("reviews/", Reviews.as_view(), name="api_reviews"),
    path("reviews/<int:number>/", OneReview.as_view(), name="api_review"),
    path("reviews/<int:number>/publish/", PublishReview.as_view(), name="api_review_publish"),
    path("reviews/<int:number>/deliveries/", Deliveries.as_view(), name="api_deliveries"),
    path(
        "reviews/<int:number>/deliveries/<int:pk>/again/",
        SendAgain.as_view(),
        name="api_delivery_again",
    ),
]
