"""Make the demo workspaces, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from people.models import Workspace
from sprintboard.demo.telling import PASSWORD, seed


class Command(BaseCommand):
    """Seed northwind and fjord into an installation that has no workspace yet."""

    help = "Make the demo workspaces northwind and fjord, if there is no workspace yet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell the story with visible progress; leave what people made alone."""
        if Workspace.objects.exists():
            self.stdout.write("There are workspaces already: nothing was seeded.")
            return
        shown = -1

        def progress(done: int, total: int) -> None:
            nonlocal shown
            percent = done * 100 // total
            if percent // 10 != shown // 10 or shown < 0:
                self.stdout.write(f"  Telling Northwind's story: {percent} %")
                self.stdout.flush()
            shown = percent

        seed(progress)
        self.stdout.write(f"Northwind and Fjord are there. Everyone's password: {PASSWORD}")
