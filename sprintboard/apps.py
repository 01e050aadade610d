from django.apps import AppConfig


class SprintboardConfig(AppConfig):
    name = "sprintboard"

    def ready(self) -> None:
        """Register the mails and the checks before going live."""
        from . import checks, mails  # noqa: F401
