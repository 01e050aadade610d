from django.apps import AppConfig


class SprintboardConfig(AppConfig):
    name = "sprintboard"

    def ready(self) -> None:
        """Register the mails."""
        from . import mails  # noqa: F401
