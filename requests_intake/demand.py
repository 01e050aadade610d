"""What the deals behind a request are worth. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Deal(Protocol):
    """What somebody in Sales says hangs on it: an account, and a value."""

    @property
    def account(self) -> str:
        """The account's name, or several; empty where nobody said."""

    @property
    def deal_value(self) -> int | None:
        """Its value in whole money; None where nobody said."""


def worth(deals: Iterable[Deal]) -> int:
    """Return what these deals are worth together.

    The same account, however it is spaced or capitalised, counts once, with its highest value: two
    reps may know the same deal. A deal without an account counts for itself.
    """
    unnamed, by_account = 0, dict[str, int]()
    for deal in deals:
        value = deal.deal_value or 0
        name = " ".join(deal.account.split()).casefold()
        if name:
            by_account[name] = max(value, by_account.get(name, 0))
        else:
            unnamed += value
    return unnamed + sum(by_account.values())
