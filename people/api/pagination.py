"""Long lists a page at a time: each begins behind the last row of the one before.

The hundredth page costs what the first one costs, and nobody counts. A cursor is signed: what it
holds was once written here, for this address and this order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from .fields import LineField
from .serializers import QuerySerializer

PAGE: Final = 50
LARGEST_PAGE: Final = 100
LONGEST_SEARCH: Final = 200
MOST_WORDS: Final = 10


@dataclass(frozen=True)
class Order:
    """A way to sort: columns in one direction, none of them empty, together unique."""

    columns: tuple[str, ...]
    descending: bool = False

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Put the rows into this order."""
        sign = "-" if self.descending else ""
        return rows.order_by(*(sign + column for column in self.columns))

    def after(self, rows: QuerySet[Any], values: list[Any]) -> QuerySet[Any]:
        """Keep what comes behind the row of these values."""
        compare = TupleLessThan if self.descending else TupleGreaterThan
        # where Django spells the comparison out with OR (SQLite), this bound finds the index
        bound = {f"{self.columns[0]}__{'lte' if self.descending else 'gte'}": values[0]}
        if len(self.columns) == 1:
            bound = {f"{self.columns[0]}__{'lt' if self.descending else 'gt'}": values[0]}
            return rows.filter(**bound)
        here = Tuple(*(F(column) for column in self.columns))
        return rows.filter(compare(here, tuple(values)), **bound)

    def values(self, row: Model) -> list[Any]:
        """Return where a row stands in this order."""
        return [getattr(row, column) for column in self.columns]


class QueryNumberField(serializers.IntegerField):
    """A whole number in an address. Bounds are asked for."""

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if not re.fullmatch(r"[0-9]{1,18}", str(data), re.ASCII):
            raise serializers.ValidationError(_("This must be a whole number."), "type")
        return int(data)


class QueryYesNoField(serializers.BooleanField):
    """`true` or `false` in an address."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if data not in {"true", "false"}:
            raise serializers.ValidationError(_("This must be true or false."), "type")
        return bool(data == "true")


class SearchField(LineField):
    """A few words to look for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_SEARCH, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the words. Raises ValidationError for too many of them."""
        text: str = super().to_internal_value(data)
        if len(text.split()) > MOST_WORDS:
            raise serializers.ValidationError(_("At most ten words."), "too_many")
        return text


class PageQuery(QuerySerializer):
    """What every list understands."""

    page_size = QueryNumberField(
        min_value=1, max_value=LARGEST_PAGE, required=False, help_text="50 when left out."
    )
    cursor = serializers.CharField(
        max_length=600, required=False, help_text="Opaque: taken from `next`."
    )


@dataclass(frozen=True)
class Page:
    """Some rows, and the address of the next ones."""

    rows: list[Any]
    next: str | None


def page_of(request: Request, rows: QuerySet[Any], order: Order, asked: dict[str, Any]) -> Page:
    """Return the page that was asked for. Raises ValidationError for a cursor that is not ours."""
    salt = f"api.cursor:{request.path}:{','.join(order.columns)}:{order.descending}"
    size = asked.get("page_size", PAGE)
    rows = order.sorted(rows)
    if cursor := asked.get("cursor"):
        rows = order.after(rows, _read(cursor, salt))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Page(found, None)
    found = found[:size]
    query = request.query_params.copy()
    query["cursor"] = signing.dumps(order.values(found[-1]), salt=salt)
    return Page(found, request.build_absolute_uri(f"{request.path}?{query.urlencode()}"))


def _read(cursor: str, salt: str) -> list[Any]:
    try:
        values: list[Any] = signing.loads(cursor, salt=salt)
    except signing.BadSignature as error:
        told = _("This cursor is not one of this list. Begin again without it.")
        raise serializers.ValidationError({"cursor": [told]}, "cursor") from error
    return values
