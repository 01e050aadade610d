from typing import Any

from celery import signature
from django.apps import AppConfig

# By name: jobs.py needs loaded models. A ring that waited a minute is stale, the next sweep looks.
FOLLOW = signature("requests_intake.jobs.follow", options={"expires": 55})


class RequestsIntakeConfig(AppConfig):
    name = "requests_intake"

    def ready(self) -> None:
        """Register mails and what people talk about; listen for changes to tasks and sprints."""
        from activity.changes import committed

        from . import mails, subjects  # noqa: F401

        committed.connect(_ring, dispatch_uid="requests_intake.follow")


def _ring(sender: Any, *, workspace_id: int, verbs: frozenset[str], **kwargs: Any) -> None:
    """Ask a worker to follow what happened to tasks and sprints."""
    from activity.doorbell import ring

    if any(verb.startswith(("task", "sprint")) for verb in verbs):
        ring(FOLLOW, workspace_id)
