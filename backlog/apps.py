from django.apps import AppConfig


class BacklogConfig(AppConfig):
    name = "backlog"

    def ready(self) -> None:
        """Let people talk about tasks."""
        from . import subjects  # noqa: F401
