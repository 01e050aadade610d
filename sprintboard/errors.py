"""What a person reads when something cannot be done now: what happened, and what is kept."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from activity.changes import Busy, Stale
from activity.databases import doubled, is_full, who_was_first

logger = logging.getLogger(__name__)

UNAVAILABLE = (Busy, OperationalError, InterfaceError)


class ErrorsMiddleware:
    """Turn a lost race into 409, an absent database or a long lock into 503, a full disk into 507.

    A rule of the database that no race explains is our mistake: a 500, in the log as an error.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what the views let through on purpose."""
        if isinstance(error, Stale):
            told = _("Somebody changed this first. Nothing was saved.")
            return self._conflict(request, told, error.current)
        if isinstance(error, IntegrityError):
            return self._lost_race(request, error)
        unavailable = isinstance(error, UNAVAILABLE) or is_full(error)
        return _not_available(error) if unavailable else None

    def _lost_race(self, request: HttpRequest, error: IntegrityError) -> HttpResponse | None:
        sentence = who_was_first(error)
        if sentence is None:
            return None
        # not the error itself: PostgreSQL's holds what somebody typed
        logger.warning("A race ended at the columns %s.", ", ".join(sorted(doubled(error))))
        return self._conflict(request, sentence)

    def _conflict(
        self, request: HttpRequest, sentence: str, current: object = None
    ) -> HttpResponse:
        context = {"current": current, "sentence": sentence}
        response = render(request, "409.html", context, status=409)
        if request.headers.get("HX-Request"):
            response["HX-Trigger"] = json.dumps({"toast": {"text": sentence}})
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what broke outside the views: a database may be gone before one is reached."""
    error = sys.exc_info()[1]
    unavailable = isinstance(error, UNAVAILABLE) or is_full(error)
    if request.path.startswith("/api/"):
        return _to_a_program(error if unavailable else None)
    return _not_available(error) if unavailable else defaults.server_error(request)


def _to_a_program(error: BaseException | None) -> HttpResponse:
    """Say the same in the API's one shape (docs/api.md)."""
    if is_full(error):
        logger.critical("The storage is full: %s", error)
        told = _("The storage is full, nothing was saved.")
        return JsonResponse(
            {"error": {"code": "storage_full", "message": told, "fields": {}}}, status=507
        )
    if error is not None:
        logger.error("Not available: %s", error)
        told = _("Nothing was saved. Please try again in a few seconds.")
        body = {"error": {"code": "busy", "message": told, "fields": {}}}
        return JsonResponse(body, status=503, headers={"Retry-After": "5"})
    told = _("Something broke on our side. It has been noted.")
    return JsonResponse({"error": {"code": "broken", "message": told, "fields": {}}}, status=500)


def _not_available(error: BaseException | None) -> HttpResponse:
    if is_full(error):
        logger.critical("The storage is full: %s", error)
        return HttpResponse(render_to_string("507.html"), status=507)
    logger.error("Not available: %s", error)
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})


def first_message(error: ValidationError) -> str:
    """Return the first sentence of a rule's no."""
    return str(error.messages[0])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form was too old, instead of naming a token."""
    logger.warning("CSRF: %s", reason)
    return render(request, "403.html", {"stale_form": True}, status=403)
