"""What the deals behind a request are worth. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Deal(Protocol):
    """What somebody in Sales says hangs on it: an account, and a value."""

    @property
    def account(self) -> str:
        """The account's name, or several; empty where nobody said."""

    @property
    def deal_value(self) -> int | None:
        """Its value in whole money; None where nobody said."""


@dataclass(frozen=True)
class Account:
    """An account, as somebody wrote it, and the highest value that anybody named; empty: none."""

    name: str
    value: int


def accounts(deals: Iterable[Deal]) -> list[Account]:
    """Return whose deals hang on it, the largest first.

    The same account, however it is spaced or capitalised, is there once, with its highest value:
    two reps may know the same deal. A deal without an account stands for itself.
    """
    unnamed: list[Account] = []
    by_name: dict[str, Account] = {}
    for deal in deals:
        written, value = " ".join(deal.account.split()), deal.deal_value or 0
        known = by_name.get(written.casefold())
        if not written:
            unnamed += [Account("", value)] if value else []
        elif known is None or known.value < value:
            by_name[written.casefold()] = Account(known.name if known else written, value)
    return sorted([*by_name.values(), *unnamed], key=lambda one: -one.value)


def worth(deals: Iterable[Deal]) -> int:
    """Return what these deals are worth together, each account counted once."""
    return sum(account.value for account in accounts(deals))
