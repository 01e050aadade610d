"""What the program notes about itself. Not a workspace's history: no `change()` covers it."""

from __future__ import annotations

from django.db.models import F

from . import clock
from .models import Mark


def set_mark(name: str) -> None:
    """Note that something happened just now."""
    Mark.objects.update_or_create(name=name, defaults={"at": clock.now()})


def count_mark(name: str, amount: int) -> None:
    """Add to what was counted under this name since the installation began."""
    _mark, is_new = Mark.objects.get_or_create(name=name, defaults={"amount": amount})
    if not is_new:
        Mark.objects.named(name).update(amount=F("amount") + amount, at=clock.now())


def clear_mark(name: str) -> bool:
    """Take a mark away; tell whether it was there."""
    return bool(Mark.objects.named(name).delete()[0])
