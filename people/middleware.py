"""Who may knock, and every page in the reader's own zone and language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Lead whoever is not signed in to the sign-in page, and back to the page they were on.

    A fragment's request is told so in words that htmx follows with the whole window: a plain
    redirect would put the sign-in page into the middle of the one that is open.
    """

    def handle_no_permission(  # type: ignore[override]  # htmx's redirect is one by its header
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Answer somebody who is not signed in."""
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)
        to = redirect_to_login(_page_that_asks(request), self.get_login_url(view_func))
        return HttpResponseClientRedirect(to.url)


def _page_that_asks(request: HttpRequest) -> str:
    try:
        return HtmxDetails(request).current_url_abs_path or "/"
    except ValueError:  # an address that is none
        return "/"


class ReaderMiddleware:
    """Activate the zone and the language of whoever reads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the reader's zone, and leave none behind in the thread."""
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(request.user.zone), translation.override(request.user.locale):
            return self.get_response(request)
