from celery import shared_task


@shared_task
def spill(text: str, password: str = "") -> None:
    """Fail with what it was given."""
    raise ValueError(f"job: {text}")
