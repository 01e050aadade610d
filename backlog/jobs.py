"""The jobs of the backlog. They look for work by state: running them twice changes nothing."""

from celery import shared_task

from . import actions


@shared_task(ignore_result=True)
def sweep() -> None:
    """Make the sprints that are missing anywhere."""
    actions.sweep()
