"""One line and one count for each request: who asked what, how it ended, what it cost."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bound_contextvars

from activity import counters
from sprintboard.logs import REQUESTS, route_of

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")
# Asked every few seconds by machines; what they find is in the answer
NOT_LOGGED = {"healthz", "readyz", "metrics"}

logger = structlog.get_logger(REQUESTS)


class QueryCounter:
    """Counts SQL statements; costs one Python call for each."""

    amount = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Run one statement."""
        self.amount += 1
        return execute(sql, params, many, context)


class RequestLogMiddleware:
    """The outermost: whatever is logged inside carries the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and say so."""
        began, queries = time.perf_counter(), QueryCounter()
        request_id = accepted_id(request.headers.get(HEADER, ""))
        with bound_contextvars(request_id=request_id), connection.execute_wrapper(queries):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            route = route_of(request)
            if route not in NOT_LOGGED and not request.path.startswith(settings.STATIC_URL):
                tell(
                    method=request.method if request.method in METHODS else "other",
                    route=route,
                    status=response.status_code,
                    seconds=time.perf_counter() - began,
                    queries=queries.amount,
                    user_id=_user_id(request),
                    workspace_id=getattr(getattr(request, "member", None), "workspace_id", None),
                )
        return response


def accepted_id(given: str) -> str:
    """Return the id that a proxy gave, when it is one that a log can hold, else a new one."""
    return given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex


def tell(
    *,
    method: str | None,
    route: str,
    status: int,
    seconds: float,
    queries: int,
    user_id: int | None,
    workspace_id: int | None,
) -> None:
    """Count a request that was answered, and write its line."""
    counters.count_request(
        method=str(method), route=route, status=status, seconds=seconds, queries=queries
    )
    logger.log(
        _level(status),
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        queries=queries,
        user_id=user_id,
        workspace_id=workspace_id,
    )


METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
INFO, ERROR = 20, 40


def _level(status: int) -> int:
    """A refusal is everyday; what broke is not."""
    return ERROR if status >= 500 else INFO


def _user_id(request: HttpRequest) -> int | None:
    """Return who asked, if anything before needed to know; this line asks no database."""
    user = getattr(request, "_cached_user", None) or vars(request).get("user")
    return None if isinstance(user, SimpleLazyObject) else getattr(user, "pk", None)
