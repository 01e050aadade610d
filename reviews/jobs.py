"""Celery's doorbells for reviews. Each may ring twice, late or never: the rows are the truth."""

from celery import shared_task

from . import actions
from .models import Review


@shared_task
def draft(review_id: int) -> None:
    """Draft the words of one review, unless that has been done."""
    review = Review.objects.select_related("workspace", "sprint").filter(pk=review_id).first()
    if review is not None:
        actions.draft_words(review)


@shared_task
def sweep() -> None:
    """Close the sprints whose end has passed, draft their reviews, publish what waits no longer."""
    actions.sweep()
