from typing import Any

from django.apps import AppConfig


class RequestsIntakeConfig(AppConfig):
    name = "requests_intake"

    def ready(self) -> None:
        """Register the mails, and listen for changes to tasks and sprints."""
        from activity.changes import committed

        from . import mails  # noqa: F401

        committed.connect(_ring, dispatch_uid="requests_intake.follow")


def _ring(sender: Any, *, workspace_id: int, verbs: frozenset[str], **kwargs: Any) -> None:
    """Ask a worker to follow what happened to tasks and sprints."""
    from activity.doorbell import ring

    from .jobs import follow

    if any(verb.startswith(("task", "sprint")) for verb in verbs):
        ring(follow, workspace_id)
