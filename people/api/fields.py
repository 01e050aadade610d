"""Strict input: a text is a text, a number a number, and what is named lies in the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from activity.bounds import validate_day
from activity.text import clean_text, one_line

# Rows are numbered by the database; no workspace comes near it
LARGEST_ID: Final = 2**31 - 1
# Python reads weeks and days of the year too
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Where the framework would say its own sentence, ours; before the first serializer is made
_SENTENCES: Final[dict[type[serializers.Field[Any, Any, Any, Any]], dict[str, Any]]] = {
    serializers.Field: {
        "required": _("This is needed."),
        "null": _("This cannot be null."),
    },
    serializers.CharField: {
        "invalid": _("This must be a text."),
        "blank": _("This cannot be empty."),
        "max_length": _("At most {max_length} characters."),
        "min_length": _("At least {min_length} characters."),
    },
    serializers.IntegerField: {
        "invalid": _("This must be a whole number."),
        "max_value": _("At most {max_value}."),
        "min_value": _("At least {min_value}."),
    },
    serializers.ChoiceField: {"invalid_choice": _("This is none of the words known here.")},
    serializers.ListField: {
        "not_a_list": _("This must be a list."),
        "empty": _("This list cannot be empty."),
        "max_length": _("At most {max_length} items."),
        "min_length": _("At least {min_length} items."),
    },
}
for _kind, _told in _SENTENCES.items():
    _kind.default_error_messages = {**_kind.default_error_messages, **_told}


class _CleanField(serializers.CharField):
    clean: Callable[[str], str]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Clean first: length and emptiness are judged by what will be stored."""
        if data is not serializers.empty and data is not None:
            if not isinstance(data, str):
                raise serializers.ValidationError(_("This must be a text."), "type")
            try:
                data = type(self).clean(data)
            except ValidationError as error:
                raise serializers.ValidationError(error.messages, error.code) from error
        return super().run_validation(data)


class LineField(_CleanField):
    """One line of text: NFC, without what is invisible or turns the direction."""

    clean = staticmethod(one_line)


class TextField(_CleanField):
    """Text of several lines."""

    clean = staticmethod(clean_text)


class WholeNumberField(serializers.IntegerField):
    """A JSON number without a fraction; `true` and "3" are none. Bounds are asked for."""

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(_("This must be a whole number."), "type")
        return data


class YesNoField(serializers.BooleanField):
    """`true` or `false`, and no other word for them."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            raise serializers.ValidationError(_("This must be true or false."), "type")
        return data


class WordField(serializers.ChoiceField):
    """One of a few words."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the word."""
        if not isinstance(data, str) or data not in self.choices:
            told = _("This must be one of: %(words)s.") % {"words": ", ".join(self.choices)}
            raise serializers.ValidationError(told, "unknown_choice")
        return data


class DayField(serializers.DateField):
    """A date as 2026-12-03."""

    def to_internal_value(self, value: Any) -> date:
        """Return the date, within a century that a plan can mean."""
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise serializers.ValidationError(_("This must be a date like 2026-12-03."), "date")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise serializers.ValidationError(_("There is no such day."), "date") from None
        try:
            validate_day(day)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages, "out_of_range") from error
        return day


class InstantField(serializers.DateTimeField):
    """An instant in UTC, whoever reads."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, default_timezone=UTC, **kwargs)


@extend_schema_field({"type": "string", "pattern": r"^\d\d:\d\d$", "example": "09:00"})
class WallClockField(serializers.TimeField):
    """A time of day where the workspace is; of no zone, so no `time` of JSON Schema."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, format="%H:%M", **kwargs)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LARGEST_ID})
class OwnField(serializers.Field[Any, Any, Any, Any]):
    """Names a thing of the workspace, by its id or by what people call it.

    What belongs to another workspace is answered as what was never there.
    """

    def __init__(
        self,
        model: type[models.Model],
        *,
        by: str = "pk",
        among: Callable[[Any], Any] | None = None,
        kind: Any = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model, self.by, self.among = model, by, among
        self.kind = kind or model._meta.verbose_name

    def to_internal_value(self, data: Any) -> models.Model:
        """Return the thing. Raises ValidationError `unknown`."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(_("This must be a whole number."), "type")
        found = None
        if 0 < data <= LARGEST_ID:
            things = self.model._default_manager.filter(workspace=self.context["workspace"])
            if self.among is not None:
                things = self.among(things)
            found = things.filter(**{self.by: data}).first()
        if found is None:
            raise self.unknown()
        return found

    def unknown(self) -> serializers.ValidationError:
        """Say that there is no such thing."""
        told = _("Unknown %(kind)s.") % {"kind": self.kind}
        return serializers.ValidationError(told, "unknown")

    def to_representation(self, value: Any) -> Any:
        """Return its name."""
        return getattr(value, self.by)


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": 20})
class KeyField(OwnField):
    """Names a thing by its key, like NW-42."""

    def __init__(self, model: type[models.Model], *, prefix: str = "", **kwargs: Any) -> None:
        super().__init__(model, by="number", **kwargs)
        self.prefix = prefix

    def to_internal_value(self, data: Any) -> models.Model:
        """Return the thing. Raises ValidationError `unknown`."""
        if not isinstance(data, str):
            raise serializers.ValidationError(_("This must be a key like NW-42."), "type")
        number = number_of(data, self.prefix or self.context["workspace"].key)
        if number is None:
            raise self.unknown()
        return super().to_internal_value(number)

    def to_representation(self, value: Any) -> str:
        """Return its key."""
        return str(value.key)


def number_of(key: str, prefix: str) -> int | None:
    """Return the number of a key with this prefix, whatever its capitals; None for other text."""
    head, _dash, tail = key.rpartition("-")
    if head.upper() != prefix or not (tail.isascii() and tail.isdigit()) or len(tail) > 9:
        return None
    return int(tail)
