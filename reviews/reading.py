"""What a page of a review shows, from its frozen facts, its marks and how it travelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from django.db.models import Count, Exists, OuterRef

from people.models import Membership, Role

from . import policy
from .facts import Answer, Answers, Asked, Before, Carried, Done, Facts, Goal, Group, Next, Points
from .models import Delivery, Reading, Review

Item = TypeVar("Item", Asked, Carried, Answer, Done)
Wish = TypeVar("Wish", Asked, Answer)

# Who gets the review; marketers wrote it and read it in the app
READERS = (Role.SALES, Role.MANAGER)


@dataclass(frozen=True)
class ReviewPage:
    """One review for one reader. What was hidden is left out; `own` lists the reader's ideas."""

    review: Review
    facts: Facts
    own_asked: tuple[Asked, ...] = ()
    own_answers: tuple[Answer, ...] = ()
    own_carried: tuple[Carried, ...] = ()
    people: dict[int, Membership] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    read_by: list[Membership] = field(default_factory=list)
    previous_number: int | None = None
    next_number: int | None = None
    can_edit: bool = False
    can_publish: bool = False

    @property
    def number(self) -> int:
        """The sprint's number."""
        return self.facts.number

    @property
    def starts_on(self) -> date:
        """The sprint's first day."""
        return self.facts.starts_on

    @property
    def ends_on(self) -> date:
        """The sprint's last day."""
        return self.facts.ends_on

    @property
    def goal(self) -> str:
        """The sprint's goal, as it was."""
        return self.facts.goal.text

    @property
    def measure(self) -> Goal:
        """The goal with its numbers."""
        return self.facts.goal

    @property
    def points(self) -> Points:
        """The sprint in points."""
        return self.facts.points

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What Sales asked for and has now."""
        return self.facts.asked

    @property
    def groups(self) -> tuple[Group, ...]:
        """What was made, by campaign."""
        return self.facts.groups

    @property
    def carried(self) -> tuple[Carried, ...]:
        """What was not finished."""
        return self.facts.carried

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What was decided about ideas."""
        return self.facts.answers

    @property
    def answered(self) -> Answers:
        """How many answers came in time."""
        return self.facts.answered

    @property
    def before(self) -> Before:
        """The sprints before."""
        return self.facts.before

    @property
    def next(self) -> Next | None:
        """The sprint that follows."""
        return self.facts.next

    @property
    def readers(self) -> int:
        """How many got it by mail, whether or not they have opened it."""
        return len(self.deliveries)

    @property
    def readers_who_read(self) -> int:
        """How many of those have opened the page."""
        got_it = {delivery.recipient_id for delivery in self.deliveries}
        return sum(member.pk in got_it for member in self.read_by)


@dataclass(frozen=True)
class ArchiveRow:
    """One review in the list, with the numbers that make the trend."""

    review: Review
    facts: Facts


def page(review: Review, member: Membership) -> ReviewPage:
    """Return what one member sees of a review, in at most four queries.

    `review` comes with its sprint and workspace.
    """
    facts = visible_facts(review)
    previous_number, next_number = _neighbours(review, member)
    readings = Reading.objects.filter(review=review).select_related("member").order_by("read_at")
    return ReviewPage(
        review=review,
        facts=facts,
        own_asked=own(facts.asked, member),
        own_answers=own(facts.answers, member),
        own_carried=tuple(one for one in facts.carried if member.pk in one.asked_by_ids),
        people=_people(facts, review),
        deliveries=list(review.deliveries.with_journey()),
        read_by=[reading.member for reading in readings],
        previous_number=previous_number,
        next_number=next_number,
        can_edit=policy.can_edit_review(member, review),
        can_publish=policy.can_publish_review(member, review),
    )


def visible_facts(review: Review) -> Facts:
    """Return the facts without what a marketer has hidden from everybody."""
    facts = review.frozen
    return replace(
        facts,
        asked=_shown(facts.asked, review),
        carried=_shown(facts.carried, review),
        answers=_shown(facts.answers, review),
        groups=tuple(
            replace(group, tasks=tasks)
            for group in facts.groups
            if (tasks := _shown(group.tasks, review))
        ),
    )


def own(items: Iterable[Wish], member: Membership) -> tuple[Wish, ...]:
    """Return what this member asked for."""
    return tuple(item for item in items if item.requester_id == member.pk)


def archive(
    member: Membership, *, before: int | None = None, limit: int | None = None
) -> list[ArchiveRow]:
    """Return the reviews that a member may read, the latest first, in one query.

    With `before` only those of sprints with a lower number.
    """
    reviews = (
        Review.objects.visible_to(member)
        .select_related("sprint", "workspace")
        .order_by("-sprint__number")
    )
    if before is not None:
        reviews = reviews.filter(sprint__number__lt=before)
    return [ArchiveRow(review, review.frozen) for review in reviews[:limit]]


def read_shares(reviews: Iterable[Review]) -> dict[int, tuple[int, int]]:
    """Return by review how many of those who got its mail have read it, and how many got it."""
    read = Reading.objects.filter(review=OuterRef("review"), member=OuterRef("recipient"))
    shares = (
        Delivery.objects.filter(review__in=list(reviews))
        .values("review")
        .annotate(got=Count("pk"), read=Count("pk", filter=Exists(read)))
    )
    return {row["review"]: (row["read"], row["got"]) for row in shares}


def recipients(review: Review) -> list[Membership]:
    """Return who gets a review when it is published: Sales and managers, by name."""
    return list(
        Membership.objects.filter(workspace=review.workspace_id)
        .active()
        .with_role(*READERS)
        .select_related("user", "workspace")
        .by_name()
    )


def _shown(items: tuple[Item, ...], review: Review) -> tuple[Item, ...]:
    return tuple(item for item in items if not review.is_hidden(item.id))


def _people(facts: Facts, review: Review) -> dict[int, Membership]:
    """Return the requesters by id, for their pictures; they may have left since."""
    ids = {item.requester_id for item in facts.asked}
    ids |= {item.requester_id for item in facts.answers}
    ids |= {member_id for item in facts.carried for member_id in item.asked_by_ids}
    found = Membership.objects.filter(workspace=review.workspace_id, pk__in=ids)
    return {member.pk: member for member in found}


def _neighbours(review: Review, member: Membership) -> tuple[int | None, int | None]:
    numbers = list(
        Review.objects.visible_to(member)
        .order_by("sprint__number")
        .values_list("sprint__number", flat=True)
    )
    number = review.sprint.number
    earlier = [one for one in numbers if one < number]
    later = [one for one in numbers if one > number]
    return (earlier[-1] if earlier else None), (later[0] if later else None)
