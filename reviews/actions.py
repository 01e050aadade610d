"""The verbs of reviews: close a sprint, draft and edit the words, publish, and read."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from celery import signature
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import override

from activity import clock
from activity.changes import SYSTEM, Change, Stale, System, change
from activity.doorbell import Job, ring
from activity.models import Activity, Audience
from activity.text import clean_line, clean_text
from backlog import actions as backlog
from backlog import policy as backlog_policy
from backlog.models import Sprint
from notifications.actions import queue_mail
from people.models import Membership

from . import facts as frozen_facts
from . import metrics, policy, wording
from .models import HIDDEN, HIGHLIGHTED, Delivery, Reading, Review
from .reading import recipients

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=models.Model)

WORDS = ("subject", "lead", "learnings", "next_up")
EDITABLE = frozenset({"verdict", "marks", *WORDS})
ONE_LINE = frozenset({"subject", "verdict"})
# By name: jobs.py imports this module
DRAFT = cast(Job, signature("reviews.jobs.draft"))


def close_sprint(
    sprint: Sprint,
    *,
    by: Membership | System,
    carry_to: Literal["next", "backlog"] = "next",
    goal_actual: int | None = None,
    version: int | None = None,
) -> Review:
    """End the running sprint: what is not done moves on, the facts are frozen, a review opens.

    Raises PermissionDenied, Stale, or ValidationError `not_running` / `already_closed`.
    """
    with change(sprint.workspace, by=by) as record:
        sprint = _ours(record, Sprint.objects.get(pk=sprint.pk))
        record.require(backlog_policy.can_close_sprint, sprint)
        _check_running(sprint)
        if version is not None and version != sprint.version:
            raise Stale(sprint)
        if goal_actual is not None:
            backlog.edit_sprint(sprint, by=by, version=sprint.version, goal_actual=goal_actual)
        ended = backlog.end_sprint(sprint, by=by, carry_to=carry_to, record=record)
        sprint = _ours(record, Sprint.objects.get(pk=sprint.pk))
        facts = metrics.gather(sprint, ended, to_next=carry_to == "next")
        review = Review.objects.create(
            workspace=record.workspace,
            sprint=sprint,
            facts=frozen_facts.to_json(facts),
            facts_version=frozen_facts.FACTS_VERSION,
            verdict=facts.goal.verdict,
            created_at=record.at,
        )
        record(
            "review_opened",
            review,
            audience=Audience.MARKETERS_AND_MANAGERS,
            number=sprint.number,
            done_points=facts.points.done,
        )
        ring(DRAFT, review.pk)
    return review


def draft_words(review: Review) -> Review:
    """Write the first words of a review from its facts; safe to call twice.

    What a person has written meanwhile stays.
    """
    with change(review.workspace, by=SYSTEM) as record:
        review = _fresh(record, review)
        if review.drafted_at or review.is_published:
            return review
        with override("en"):  # stored words have one language: that of the workspace, so far one
            words = wording.draft(review.frozen)
        for name in WORDS:
            setattr(review, name, getattr(review, name) or getattr(words, name))
        review.marks = review.marks or wording.marks(review.frozen)
        review.drafted_at = record.at
        _save(review)
        record(
            "review_drafted",
            review,
            audience=Audience.MARKETERS_AND_MANAGERS,
            number=review.sprint.number,
        )
    return review


def edit_review(review: Review, *, by: Membership, version: int, **changes: Any) -> Review:
    """Change the words, the verdict, or what is highlighted and hidden, before it is published.

    Raises PermissionDenied, Stale, or ValidationError by field, `published` when it is out.
    """
    with change(review.workspace, by=by) as record:
        review = _fresh(record, review)
        record.require(policy.can_look_after, review)
        _check_unpublished(review)
        record.require(policy.can_edit_review, review)
        if version != review.version:
            raise Stale(review)
        changed = _apply(review, changes)
        if not changed:
            return review
        review.edited_at, review.edited_by = record.at, record.actor
        _save(review)
        record(
            "review_edited",
            review,
            audience=Audience.MARKETERS_AND_MANAGERS,
            number=review.sprint.number,
            fields=changed,
        )
    return review


def publish_review(
    review: Review,
    *,
    by: Membership | System,
    version: int,
    send: Literal["now", "morning"] = "now",
) -> Review:
    """Open the review to everybody and queue one mail for each sales member and manager.

    Raises PermissionDenied, Stale, or ValidationError `published` / `no_words`.
    """
    with change(review.workspace, by=by) as record:
        review = _fresh(record, review)
        record.require(policy.can_look_after, review)
        _check_unpublished(review)
        if version != review.version:
            raise Stale(review)
        if not review.is_drafted:
            raise ValidationError(
                _("This review has no words yet: it needs a subject and a first paragraph."),
                code="no_words",
            )
        review.published_at, review.published_by = record.at, record.actor
        _save(review)
        readers = recipients(review)
        for reader in readers:
            _queue_delivery(record, review, reader, send)
        record(
            "review_published",
            review,
            number=review.sprint.number,
            title=review.subject,
            recipients=len(readers),
            send=send,
        )
    return review


def send_test(review: Review, *, by: Membership) -> None:
    """Mail the review as it stands to whoever asks, and to nobody else.

    Raises PermissionDenied, or ValidationError `no_words`.
    """
    with change(review.workspace, by=by) as record:
        review = _fresh(record, review)
        record.require(policy.can_look_after, review)
        if not review.is_drafted:
            raise ValidationError(_("There are no words to send yet."), code="no_words")
        queue_mail(
            record,
            kind="reviews.test",
            recipient=_person(record),
            dedupe_key=f"review-test:{review.pk}:{uuid.uuid4()}",
            payload={"review": review.pk},
        )
        record(
            "review_test_sent",
            review,
            audience=Audience.MARKETERS_AND_MANAGERS,
            number=review.sprint.number,
        )


def mark_read(review: Review, *, by: Membership) -> None:
    """Remember that a member has opened a published review; the first time counts."""
    if review.is_published and policy.can_see_review(by, review):
        Reading.objects.get_or_create(
            review=review,
            member=by,
            defaults={"workspace_id": review.workspace_id, "read_at": clock.now()},
        )


def sweep() -> None:
    """Close what has ended, draft what has no words, publish what has waited long enough."""
    now = clock.now()
    _each(_ended_sprints(now), lambda sprint: close_sprint(sprint, by=SYSTEM), "close")
    undrafted = Review.objects.undrafted().select_related("workspace", "sprint")
    _each(undrafted, draft_words, "draft")
    _each(_overdue_drafts(now), _publish_by_itself, "publish")


def _ended_sprints(now: datetime) -> list[Sprint]:
    """Return the running sprints whose last day is over in their own zone."""
    # no zone is further ahead than 14 hours, so that nobody's evening is missed
    latest = (now + timedelta(hours=14)).date()
    running = Sprint.objects.active().filter(ends_on__lt=latest).select_related("workspace")
    return [sprint for sprint in running if sprint.ends_at <= now]


def _overdue_drafts(now: datetime) -> list[Review]:
    waiting = (
        Review.objects.filter(published_at=None)
        .exclude(drafted_at=None)
        .exclude(workspace__auto_publish_hours=None)
        .select_related("workspace", "sprint")
    )
    return [review for review in waiting if (due := review.goes_out_at) and due <= now]


def _publish_by_itself(review: Review) -> None:
    publish_review(review, by=SYSTEM, version=review.version, send="morning")


def _each(rows: Iterable[Row], verb: Callable[[Row], object], name: str) -> None:
    """Run a verb on each row; one that fails is logged and does not hold up the others."""
    for row in rows:
        try:
            verb(row)
        except (ValidationError, Stale) as error:
            # a person was quicker; the next sweep sees what is left
            logger.info("Did not %s %s: %s", name, row.pk, error)
        except Exception:
            logger.exception("Could not %s %s %s.", name, row._meta.model_name, row.pk)


def _queue_delivery(
    record: Change, review: Review, reader: Membership, send: Literal["now", "morning"]
) -> None:
    morning = metrics.next_morning(reader.user.zone, record.at)
    item = queue_mail(
        record,
        kind="reviews.published",
        recipient=reader,
        dedupe_key=f"review:{review.sprint_id}:{reader.pk}",
        payload={"review": review.pk},
        not_before=morning if send == "morning" else None,
    )
    Delivery.objects.create(workspace=record.workspace, review=review, recipient=reader, item=item)


def _ours(record: Change, sprint: Sprint) -> Sprint:
    sprint.workspace = record.workspace
    return sprint


def _fresh(record: Change, review: Review) -> Review:
    """Re-read a review inside the change."""
    review = Review.objects.select_related("sprint").get(pk=review.pk, workspace=record.workspace)
    review.workspace = record.workspace
    return review


def _person(record: Change) -> Membership:
    if record.actor is None:
        raise RuntimeError("Only a person can ask for this.")
    return record.actor


def _save(review: Review) -> None:
    review.version += 1
    review.save()


def _check_running(sprint: Sprint) -> None:
    if sprint.is_planned:
        raise ValidationError(_("This sprint has not started yet."), code="not_running")
    if sprint.is_closed:
        closing = Activity.objects.about(sprint).filter(verb="sprint_ended").first()
        if closing is None or closing.actor is None:
            raise ValidationError(
                _("Sprint %(n)d has already closed by itself."),
                "already_closed",
                {"n": sprint.number},
            )
        raise ValidationError(
            _("%(name)s has already closed sprint %(n)d."),
            "already_closed",
            {"name": closing.actor.first_name, "n": sprint.number},
        )


def _check_unpublished(review: Review) -> None:
    if review.is_published:
        raise ValidationError(
            _("This review has already been published; its words are settled."), code="published"
        )


def _apply(review: Review, changes: dict[str, Any]) -> list[str]:
    """Write checked values into a review; return the names of what really changed."""
    if unknown := changes.keys() - EDITABLE:
        raise TypeError(f"A review has no {sorted(unknown)} to edit.")
    changed = []
    for name, value in changes.items():
        clean = _clean_marks(review, value) if name == "marks" else _clean_words(name, value)
        if clean != getattr(review, name):
            setattr(review, name, clean)
            changed.append(name)
    review.clean_fields(
        exclude=[field.name for field in Review._meta.fields if field.name not in changed]
    )
    return sorted(changed)


def _clean_words(name: str, value: object) -> str:
    clean = clean_line if name in ONE_LINE else clean_text
    longest: int = getattr(Review._meta.get_field(name), "max_length", 0)
    try:
        text = clean(str(value or ""))
        # a model's TextField keeps its limit for forms alone
        MaxLengthValidator(longest)(text)
    except ValidationError as error:
        raise ValidationError({name: error}) from error
    return text


def _clean_marks(review: Review, marks: dict[str, str]) -> dict[str, str]:
    """Keep the marks of items that exist; raises ValidationError for a word that is no mark."""
    known = review.frozen.item_ids
    if any(mark not in {HIDDEN, HIGHLIGHTED} for mark in marks.values()):
        raise ValidationError(
            {"marks": ValidationError(_("An item is highlighted or hidden."), code="no_mark")}
        )
    return {item: mark for item, mark in marks.items() if item in known}
