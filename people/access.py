"""The door of every page inside a workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from activity.compiled import Compiled

from .models import Membership, User

P = ParamSpec("P")

_member = Compiled(
    lambda user, slug: (
        Membership.objects.active()
        .select_related("workspace")
        .filter(workspace__slug=slug, user=user)
    ),
    user=int,
    slug=str,
)


class MemberRequest(HttpRequest):
    """A request by an active member of the workspace that its address names."""

    user: User
    member: Membership
    htmx: HtmxDetails


def signed_in(request: HttpRequest) -> User:
    """Return who asks, on the few pages outside a workspace that need a person."""
    if not isinstance(request.user, User):  # SignInRequiredMiddleware let nobody else in
        raise PermissionDenied
    return request.user


def member_required(
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Consume the `slug` of the address: the view finds its reader in `request.member`.

    A workspace where the person is no active member is a 404, like one that does not exist.
    (That somebody is signed in at all is the work of SignInRequiredMiddleware.)
    """

    @wraps(view)
    def guarded(
        request: MemberRequest, slug: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        member = _member.first(user=request.user.pk, slug=slug)
        if member is None:
            raise Http404
        member.user = request.user
        request.member = member
        return view(request, *args, **kwargs)

    return guarded
