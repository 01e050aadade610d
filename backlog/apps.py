from django.apps import AppConfig


class BacklogConfig(AppConfig):
    name = "backlog"

    def ready(self) -> None:
        """Let people talk about tasks, and register the mails."""
        from . import mails, subjects  # noqa: F401
