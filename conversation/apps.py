from django.apps import AppConfig


class ConversationConfig(AppConfig):
    name = "conversation"

    def ready(self) -> None:
        """Register the mails."""
        from . import mails  # noqa: F401
