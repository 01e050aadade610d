from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        """Register the mails, and the jobs that are not in jobs.py."""
        from .inbox import jobs, mails  # noqa: F401
