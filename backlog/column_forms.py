"""The columns of a board as somebody edits them: rows that can be added, moved and removed.

Each row is a form of its own; all send the same names, so that their order in the page is the
order of the columns. Buttons named `do` change the rows without anything being stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField

from .actions import ColumnPlan, check_columns
from .models import Category

Row = dict[str, str]
NAMES: Final = ("name", "category", "wip_limit", "pk")
# One more than a board may have, so that a thirteenth is refused and not lost
MOST_ROWS: Final = 13


class ColumnRow(forms.Form):
    """One column."""

    name = LineField(label=_("Name"), max_length=40)
    category = forms.ChoiceField(label=_("Means"), choices=Category.choices)
    wip_limit = forms.IntegerField(
        label=_("Limit"),
        required=False,
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"placeholder": "–", "inputmode": "numeric"}),
    )
    pk = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def add_prefix(self, field_name: str) -> str:
        """Give the fields of every row the same names."""
        return f"column_{field_name}"


class ColumnsForm:
    """All rows. `focus` is the row that a button was pressed for; `errors` concern them all."""

    def __init__(self, rows: Sequence[Row], *, check: bool = False, focus: int | None = None):
        self.typed = list(rows)
        self.focus = focus
        self.errors: list[str] = []
        self.rows = [_row(place, row, check, focus) for place, row in enumerate(self.typed)]
        self._plans: list[ColumnPlan] = []
        self._is_valid = check and self._check()

    @classmethod
    def of(cls, plans: Iterable[ColumnPlan]) -> ColumnsForm:
        """Return the form of columns as they are."""
        return cls([{name: _text(getattr(plan, name)) for name in NAMES} for plan in plans])

    def is_valid(self) -> bool:
        """Tell whether a board can work with these columns."""
        return self._is_valid

    def plans(self) -> list[ColumnPlan]:
        """Return the columns that were asked for."""
        return self._plans

    def after(self, do: str) -> ColumnsForm:
        """Return the form after a button: "add", or "up", "down" or "remove" and a row's place."""
        rows = list(self.typed)
        verb, _colon, number = do.partition(":")
        if verb == "add" and len(rows) < MOST_ROWS - 1:
            rows.insert(max(len(rows) - 1, 0), dict.fromkeys(NAMES, "") | {"category": "doing"})
            return ColumnsForm(rows, focus=max(len(rows) - 2, 0))
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else -1
        if not 0 <= place < len(rows):
            return ColumnsForm(rows)
        if verb == "remove":
            del rows[place]
            return ColumnsForm(rows, focus=min(place, len(rows) - 1))
        target = place + {"up": -1, "down": 1}.get(verb, 0)
        if 0 <= target < len(rows):
            rows[place], rows[target] = rows[target], rows[place]
            place = target
        return ColumnsForm(rows, focus=place)

    def _check(self) -> bool:
        if not all(row.is_valid() for row in self.rows):
            return False
        try:
            self._plans = check_columns([ColumnPlan(**row.cleaned_data) for row in self.rows])
        except ValidationError as error:
            self.errors = [str(message) for message in error.messages]
        return not self.errors


def typed_columns(post: QueryDict) -> list[Row]:
    """Return the rows as they were sent, whatever was sent."""
    lists = [post.getlist(f"column_{name}")[:MOST_ROWS] for name in NAMES]
    return [dict(zip(NAMES, values, strict=True)) for values in zip_longest(*lists, fillvalue="")]


def _row(place: int, row: Row, check: bool, focus: int | None) -> ColumnRow:
    given: dict[str, Any] = {"auto_id": f"column_{place}_%s"}
    if check:
        form = ColumnRow({f"column_{name}": value for name, value in row.items()}, **given)
    else:
        form = ColumnRow(initial=row, **given)
    if place == focus:
        form.fields["name"].widget.attrs["autofocus"] = True
    return form


def _text(value: object) -> str:
    return "" if value is None else str(value)
