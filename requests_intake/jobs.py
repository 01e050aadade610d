"""Celery tasks: look now. They find their work by the state of the rows."""

from celery import shared_task

from people.models import Workspace

from . import actions


@shared_task(ignore_result=True)
def follow(workspace_id: int) -> None:
    """Follow the work of one workspace; rung after a commit that touched tasks or sprints."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is not None:
        actions.follow_workspace(workspace)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Catch up with every workspace: what a lost ring meant is found here, each minute."""
    actions.follow_work()
