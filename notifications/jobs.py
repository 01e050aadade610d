"""Celery's doorbells for the outbox. Each may ring twice, late or never: the rows are the truth."""

from celery import shared_task

from . import actions
from .models import OutboxItem


@shared_task
def deliver(item_id: int) -> None:
    """Send one row's message, if it is due and nobody else has it."""
    item = OutboxItem.objects.filter(pk=item_id).first()
    if item is not None:
        actions.deliver(item)


@shared_task
def sweep() -> None:
    """Look for what is due and for what a dead sender left behind."""
    actions.sweep()
