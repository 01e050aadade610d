"""Every no of the API in one shape: a code for programs, a sentence for people, fields by name.

    {"error": {"code": "invalid", "message": "…", "fields": {"title": ["…"]}}}

A stale edit carries the object as it is now in `error.current`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from activity.changes import Busy, Stale
from activity.databases import doubled, is_full, who_was_first

logger = logging.getLogger(__name__)

NON_FIELD = "__all__"
BUSY_SECONDS = 5


class Refused(exceptions.APIException):
    """A no with its own status, code and, where they help, fields and headers."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code)
        self.status_code = status
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


def no(
    status: int,
    code: str,
    message: str,
    *,
    fields: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return an answer that says no."""
    error = {"code": code, "message": message, "fields": dict(fields or {}), **more}
    return Response({"error": error}, status=status, headers=dict(headers or {}))


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view let through into an answer; None for what nobody foresaw (a 500)."""
    if isinstance(error, Refused):
        told = str(error.detail)
        code = str(error.get_codes())
        return no(error.status_code, code, told, fields=error.fields, headers=error.headers)
    if isinstance(error, Stale):
        view: Any = context["view"]
        return no(409, "stale", str(error), current=view.represent_current(error.current))
    if isinstance(error, ValidationError):
        return _rule(error)
    if isinstance(error, exceptions.ValidationError):
        return _input(error)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _of_django(error)


def _of_django(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        return no(404, "not_found", _("There is nothing here."))
    if isinstance(error, PermissionDenied):
        return no(403, "forbidden", str(error) or _("Your role may not do this."))
    if isinstance(error, RequestDataTooBig):
        return no(413, "too_large", _("A request takes at most 1 MB. Nothing was saved."))
    return _of_database(error)


def _of_database(error: Exception) -> Response | None:
    if isinstance(error, IntegrityError):
        told = who_was_first(error)
        logger.warning("A race ended at the columns %s.", ", ".join(sorted(doubled(error))))
        return no(409, "conflict", told) if told else None
    if is_full(error):
        logger.critical("The storage is full: %s", error)
        return no(507, "storage_full", _("The storage is full, nothing was saved."))
    if isinstance(error, Busy | OperationalError | InterfaceError):
        logger.error("Not available: %s", error)
        return no(
            503,
            "busy",
            _("Nothing was saved. Please try again in a few seconds."),
            headers={"Retry-After": str(BUSY_SECONDS)},
        )
    return None


def _of_framework(error: exceptions.APIException) -> Response:
    headers = {}
    if told := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(told)
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(wait)))
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    message = error.detail if isinstance(error.detail, str) else error.default_detail
    return no(error.status_code, code, str(message), headers=headers)


def _rule(error: ValidationError) -> Response:
    """Say a verb's no: its code is kept, so that a program can act on it."""
    if hasattr(error, "error_dict"):
        fields = {
            name: list(dict.fromkeys(str(message) for one in errors for message in one.messages))
            for name, errors in error.error_dict.items()
        }
        codes = {one.code or "invalid" for errors in error.error_dict.values() for one in errors}
        return _invalid(fields, codes)
    code = next((one.code for one in error.error_list if one.code), "invalid")
    return no(400, code, " ".join(error.messages))


def _input(error: exceptions.ValidationError) -> Response:
    details: Any = as_serializer_error(error)
    fields = {name: list(_sentences(told)) for name, told in details.items()}
    return _invalid(fields, set(_codes(error.get_codes())))


def _invalid(fields: dict[str, list[str]], codes: set[str]) -> Response:
    general = fields.pop(NON_FIELD, [])
    first = general or next(iter(fields.values()), [])
    named = "" if general or not fields else f"{next(iter(fields))}: "
    code = codes.pop() if len(codes) == 1 else "invalid"
    return no(400, code, named + (first[0] if first else _("This cannot be read.")), fields=fields)


def _sentences(told: object, path: str = "") -> Iterable[str]:
    """Yield every sentence of a tree of errors; deeper ones say where they belong."""
    if isinstance(told, Mapping):
        for name, inner in told.items():
            yield from _sentences(inner, f"{path}{name}: ")
    elif isinstance(told, list | tuple):
        for inner in told:
            yield from _sentences(inner, path)
    else:
        yield f"{path}{told}"


def _codes(told: object) -> Iterable[str]:
    if isinstance(told, Mapping):
        for inner in told.values():
            yield from _codes(inner)
    elif isinstance(told, list | tuple):
        for inner in told:
            yield from _codes(inner)
    else:
        yield str(told)
