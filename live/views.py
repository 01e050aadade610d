"""The stream's address, for those who ask a server that has none."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from .hub import message


@login_not_required
@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that this server has no streams: pages then ask from time to time.

    The program's own server (sprintboard/asgi.py) never brings a request this far.
    """
    return HttpResponse(message({"why": "no_streams"}, "end"), content_type="text/event-stream")
