"""What people's own tables need from time to time."""

from celery import shared_task

from .api import actions


@shared_task
def sweep() -> None:
    """Throw away limits and answers whose time is over."""
    actions.sweep()
