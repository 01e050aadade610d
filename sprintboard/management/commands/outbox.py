"""`manage.py outbox status|pause|resume`: may messages leave?"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count, Min

from notifications import actions
from notifications.models import OutboxItem


class Command(BaseCommand):
    help = "See what is on its way, pause all sending, or let it go on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the verb."""
        parser.add_argument("verb", choices=["status", "pause", "resume"])
        parser.add_argument(
            "--hold-back",
            action="store_true",
            help="with resume: send nothing that waits now; people decide on each message",
        )

    def handle(self, *args: Any, verb: str, hold_back: bool, **options: Any) -> None:
        """Do it, and say how things are."""
        if verb == "pause":
            actions.pause()
        elif verb == "resume":
            held = actions.resume(hold_back=hold_back)
            if hold_back:
                print(f"{held} messages are held back; each has a “send again” on its page.")
        print("Paused: nothing leaves." if actions.is_paused() else "Running.")
        if settings.OUTBOX_PAUSED:
            print("SPRINTBOARD_OUTBOX=paused says so; remove it and start the worker again.")
        rows = OutboxItem.objects.order_by("state").values_list("state")
        for state, amount, oldest in rows.annotate(n=Count("pk"), first=Min("created_at")):
            print(f"{amount:6} {state}, since {oldest:%Y-%m-%d %H:%M} UTC")
