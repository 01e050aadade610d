"""Who asks whether his board changed is told at once that it did not.

Every open board asks again and again, and nearly always lacks nothing. Whether that is so, two
small reads tell: the session, and the membership with its person. Django's way to the same answer
costs several times as much. Anything else that somebody may want or be (signed out, not a member,
another board than he knows) is Django's to answer, so no rule stands here but the one that names a
board's state.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import translation
from structlog.contextvars import bound_contextvars

from backlog.board import etag
from live.door import admit
from people.models import Membership
from sprintboard.request_log import HEADER, QueryCounter, accepted_id, tell
from sprintboard.server.gate import WSGIApp

ASKED: Final = re.compile(r"/w/(?P<slug>[-a-zA-Z0-9_]+)/board/(?P<what>columns|changes)/")


class Unchanged:
    """A WSGI program in front of Django."""

    def __init__(self, program: WSGIApp) -> None:
        self.program = program

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer 304 to a reader who knows what there is; hand on everything else."""
        known = environ.get("HTTP_IF_NONE_MATCH")
        asked = ASKED.fullmatch(environ.get("PATH_INFO", "")) if known else None
        if asked is None or environ.get("REQUEST_METHOD") != "GET":
            return self.program(environ, start_response)
        began, queries = time.perf_counter(), QueryCounter()
        member = _reader(environ, asked["slug"], queries)
        if member is None or _state(member) != known:
            return self.program(environ, start_response)
        request_id = accepted_id(environ.get("HTTP_X_REQUEST_ID", ""))
        with bound_contextvars(request_id=request_id):
            tell(
                method="GET",
                route=f"board_{asked['what']}",
                status=304,
                seconds=time.perf_counter() - began,
                queries=queries.amount,
                user_id=member.user_id,
                workspace_id=member.workspace_id,
            )
        headers = [("ETag", known), ("Cache-Control", "private, no-cache"), (HEADER, request_id)]
        start_response("304 Not Modified", headers)
        return []


def _reader(environ: dict[str, Any], slug: str, queries: QueryCounter) -> Membership | None:
    """Return who asks; None where Django has more to say, as when the database is away."""
    try:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return None
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    if session is None:
        return None
    close_old_connections()
    try:
        with connection.execute_wrapper(queries):
            seat = admit(session.value, slug)
    except (DatabaseError, InterfaceError):
        return None
    finally:
        close_old_connections()
    return seat.member if seat else None


def _state(member: Membership) -> str:
    with translation.override(member.user.locale):
        return etag(member)
