"""What a body may be: one JSON object in UTF-8, not too long, not too deep, each key once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_DEEP: Final = 20
LONGEST_NUMBER: Final = 30


class StrictJSONParser(BaseParser):
    """Refuses what JSON libraries let through: NaN, a key twice, half characters, 10,000 levels."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the object. Raises ParseError, and RequestDataTooBig for more than the limit."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        return read_object(body)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises ParseError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(_("The body is not UTF-8."), "encoding") from error
    if _depth(text) > MOST_DEEP:
        told = _("The body is nested too deeply: at most %(most)s levels.") % {"most": MOST_DEEP}
        raise ParseError(told, "too_deep")
    try:
        found = json.loads(
            text,
            object_pairs_hook=_each_key_once,
            parse_constant=_no_constant,
            parse_int=_number(int),
            parse_float=_finite,
        )
    except ValueError as error:
        raise ParseError(_("The body is not JSON: %(why)s") % {"why": error}, "json") from error
    if not isinstance(found, dict):
        raise ParseError(_("The body must be a JSON object."), "not_an_object")
    return found


def _depth(text: str) -> int:
    """Return how deep brackets are nested, without recursion. Those inside strings do not count."""
    deepest = depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        told = _("The key “%(name)s” is there twice.") % {"name": _harmless(twice)}
        raise ParseError(told, "duplicate_key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ParseError(_("%(name)s is not JSON.") % {"name": name}, "json")


def _number(kind: type[int]) -> Any:
    def read(text: str) -> int:
        if len(text) > LONGEST_NUMBER:
            raise ParseError(_("A number has too many digits."), "number")
        return kind(text)

    return read


def _finite(text: str) -> float:
    value = float(text)
    if len(text) > 2 * LONGEST_NUMBER or value in (float("inf"), float("-inf")):
        raise ParseError(_("A number is out of range."), "number")
    return value


def _harmless(text: str) -> str:
    return text[:40].encode("utf-8", "replace").decode("utf-8", "replace")
