"""Who asks, a browser's session or a program's token, and whether they may come in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from people.models import ApiToken, Membership, User

from . import actions, limits

if TYPE_CHECKING:  # the framework reads its settings, and so this module, while it imports views
    from rest_framework.views import APIView

SHAPE: Final = re.compile(r"Bearer (sb_[A-Za-z0-9_-]{43})")
REFUSED: Final = _("This token is not valid: it is unknown, revoked or too old.")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer sb_…`, and nothing else: no token in an address, no other spelling.

    Whoever sends this header is judged by it alone, whatever cookies come along.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the member's user and the token; None when no such header was sent."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        token = self._find(header)
        if token is None:
            if wait := actions.take(limits.BAD_TOKENS, limits.address_of(request._request)):
                raise exceptions.Throttled(wait)
            raise exceptions.AuthenticationFailed(REFUSED, "bad_token")
        actions.mark_used(token)
        token.member.workspace = token.workspace
        return token.member.user, token

    def _find(self, header: str) -> ApiToken | None:
        shape = SHAPE.fullmatch(header)
        if shape is None:
            return None
        token = (
            ApiToken.objects.select_related("workspace", "member__user")
            .filter(digest=actions.digest_of(shape[1]), revoked_at=None)
            .filter(member__is_active=True, member__user__is_active=True)
            .first()
        )
        return None if token is None or token.is_expired else token

    def authenticate_header(self, request: Request) -> str:
        """Say how one signs in: with it a stranger gets a 401."""
        return "Bearer"


class BrowserAuthentication(SessionAuthentication):
    """The session of somebody who is signed in; what changes anything needs the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise PermissionDenied unless the request comes from our own pages."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            told = _("The CSRF token is missing or too old.")
            raise exceptions.PermissionDenied(told, "csrf") from error


class IsPerson(BasePermission):
    """Somebody signed in, at an address outside workspaces."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Let in who is signed in; a token without the scope looks only."""
        if not isinstance(request.user, User):
            return False
        token = request.auth
        if request.method not in SAFE_METHODS and isinstance(token, ApiToken):
            return _may_write(token)
        return True


class IsMember(IsPerson):
    """An active member of the workspace that the address names. The default of every view."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the member; a workspace that is not theirs is one that does not exist."""
        if not isinstance(request.user, User):
            return False
        member = _member(request, str(view.kwargs.get("slug", "")))
        if member is None:
            raise Http404
        view.member = member  # type: ignore[attr-defined]  # declared by MemberView
        # the log names the workspace by it
        request._request.member = member  # type: ignore[attr-defined]
        return super().has_permission(request, view)


def _member(request: Request, slug: str) -> Membership | None:
    token = request.auth
    if isinstance(token, ApiToken):
        return token.member if token.workspace.slug == slug else None
    return (
        Membership.objects.active()
        .select_related("workspace", "user")
        .filter(workspace__slug=slug, user=request.user.pk)
        .first()
    )


def _may_write(token: ApiToken) -> bool:
    if not token.may_write:
        raise exceptions.PermissionDenied(_("This token needs scope write."), "scope")
    return True
