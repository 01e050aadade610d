from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "activity"

    def ready(self) -> None:
        """Say our own sentences about what people type, before the first form is made."""
        from .forms import speak_plainly

        speak_plainly()
