"""Celery's doorbell for the daily mail. It may ring twice, late or never: the rows are true."""

from celery import shared_task

from . import actions


@shared_task
def sweep() -> None:
    """Look for daily mails that should have left by now."""
    actions.sweep()
