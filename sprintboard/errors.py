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

logger = logging.getLogger(__name__)

UNAVAILABLE = (Busy, OperationalError, InterfaceError)


class ErrorsMiddleware:
    """Turn a lost race into 409 and an absent database or a long lock into 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what the views let through on purpose."""
        if isinstance(error, Stale):
            return self._conflict(request, error.current)
        if isinstance(error, IntegrityError):
            logger.warning("A race ended at a constraint: %s", error)
            return self._conflict(request, None)
        return _not_available(error) if isinstance(error, UNAVAILABLE) else None

    def _conflict(self, request: HttpRequest, current: object) -> HttpResponse:
        response = render(request, "409.html", {"current": current}, status=409)
        if request.headers.get("HX-Request"):
            sentence = _("Somebody changed this first. Nothing was saved.")
            response["HX-Trigger"] = json.dumps({"toast": {"text": sentence}})
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what broke outside the views: a database may be gone before one is reached."""
    error = sys.exc_info()[1]
    unavailable = isinstance(error, UNAVAILABLE)
    if request.path.startswith("/api/"):
        return _to_a_program(error if unavailable else None)
    return _not_available(error) if unavailable else defaults.server_error(request)


def _to_a_program(error: BaseException | None) -> HttpResponse:
    """Say the same in the API's one shape (docs/api.md)."""
    if error is not None:
        logger.error("Not available: %s", error)
        told = _("Nothing was saved. Please try again in a few seconds.")
        body = {"error": {"code": "busy", "message": told, "fields": {}}}
        return JsonResponse(body, status=503, headers={"Retry-After": "5"})
    told = _("Something broke on our side. It has been noted.")
    return JsonResponse({"error": {"code": "broken", "message": told, "fields": {}}}, status=500)


def _not_available(error: BaseException | None) -> HttpResponse:
    logger.error("Not available: %s", error)
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})


def first_message(error: ValidationError) -> str:
    """Return the first sentence of a rule's no."""
    return str(error.messages[0])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form was too old, instead of naming a token."""
    logger.warning("CSRF: %s", reason)
    return render(request, "403.html", {"stale_form": True}, status=403)
