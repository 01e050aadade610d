"""What a day in the work of a team may be: a slip of the finger made it, or it means something."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100


def validate_day(day: date) -> None:
    """Raise ValidationError `year` for a day of another century."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(
            _("Choose a day from %(first)s to %(last)s."),
            "year",
            {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)},
        )
