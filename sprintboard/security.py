"""Headers that wall the pages in (docs/decisions/0005-the-policy-is-the-wall.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from sprintboard.importmap import importmap_hash

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Scripts come from this very origin's /static/ and from nowhere else, inline ones included.

    A path cannot be combined with 'self', so the origin is written out; `get_host()` has checked
    it against ALLOWED_HOSTS. The import map, the only inline script, is allowed by its hash.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Complete the policy of the settings with script-src."""
        parts = super().get_policy_parts(request, response, report_only)
        if report_only:
            return parts
        try:
            origin = f"{request.scheme}://{request.get_host()}"
        except DisallowedHost:  # the answer to it is a 400 that runs no script
            return parts
        parts.update = {
            "script-src": [f"{origin}/static/", importmap_hash()],
            **(parts.update or {}),
        }
        return parts


class NoStoreMiddleware(MiddlewareMixin):
    """What a signed-in person reads is kept by no cache, unless the view says otherwise."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the headers that keep a page private and a fragment from being taken for a page."""
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
        )
        return response
