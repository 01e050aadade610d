"""The jobs of the backlog. They look for work by state: running them twice changes nothing."""

from celery import shared_task

from . import actions


@shared_task(ignore_result=True)
def sweep() -> None:
    """Make the sprints that are missing anywhere."""
    actions.sweep()


@shared_task(ignore_result=True)
def escalate() -> None:
    """Tell the managers of what has been blocking a task for too long, anywhere."""
    actions.escalate()
