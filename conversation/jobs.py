"""The jobs of conversations. Each may run twice, late or never: the rows are the truth."""

from celery import shared_task

from .files import actions
from .models import Attachment


@shared_task
def make_preview(attachment_id: int) -> None:
    """Draw the small picture of one file, if it waits for one."""
    found = Attachment.objects.select_related("workspace").filter(pk=attachment_id).first()
    if found is not None:
        actions.make_preview(found)


@shared_task
def sweep() -> None:
    """Look for pictures that are not made, and for files that nobody needs any more."""
    actions.sweep()
