"""The event stream: pages hear of a change within a second, without asking."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Rings the readers of the log after each commit."""

    name = "live"

    def ready(self) -> None:
        """Listen for commits."""
        from activity.changes import committed

        from . import bell

        committed.connect(bell.heard_a_commit, dispatch_uid="live.bell")
