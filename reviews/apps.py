from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        """Register the mails of reviews."""
        from . import mails  # noqa: F401  importing it registers its kinds
