"""What a day and an address of mail may be, for every form, verb and model."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
# RFC 5321: what a mail server has to take
LONGEST_ADDRESS: Final = 254
LONGEST_LOCAL_PART: Final = 64


def validate_day(day: date) -> None:
    """Raise ValidationError `year` for a day of another century."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(
            _("Choose a day from %(first)s to %(last)s."),
            "year",
            {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)},
        )


def validate_mail_address(address: str) -> None:
    """Raise ValidationError `invalid` for what no mail could be sent to.

    Django's own check lets through domains that cannot be written in ASCII, over which the mail
    would break, and names that no server takes.
    """
    validate_email(address)
    local, _at, domain = address.rpartition("@")
    try:
        domain.encode("idna")
    except UnicodeError:
        domain = ""
    if not domain or len(address) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL_PART:
        raise ValidationError(
            _("This is no e-mail address. It looks like name@example.com."), "invalid"
        )
