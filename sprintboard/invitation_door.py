"""The door of invitations: a link from a mail, for whoever was meant by it.

Looking uses nothing up, since mail programs look at links too. What does not open says the same
whatever the reason, so that a guessed or old link tells nothing.
"""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people import actions, invitations
from people.forms import JoinForm
from people.models import Invitation, Membership, User


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link invites to, and let its person in."""
    found = invitations.find(token)
    reader = request.user if isinstance(request.user, User) else None
    if found is None or (reader and not invitations.is_for(found, reader)):
        return _over(request)
    try:
        return _answer(request, found, token, reader)
    except ValidationError as error:
        if error.code != "no_invitation":
            raise
        return _over(request)  # used or withdrawn at this very moment


def _answer(
    request: HttpRequest, found: Invitation, token: str, reader: User | None
) -> HttpResponse:
    if reader is not None:
        if request.method != "POST":
            return _page(request, found)
        return _welcome(request, actions.accept_invitation(token, user=reader))
    if invitations.addressee(found) is not None:
        return _page(request, found, token=token, must_sign_in=True)
    form = JoinForm(found, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, found, form=form, status=422 if form.is_bound else 200)
    member = actions.join_as_new_person(token, **form.cleaned_data)
    perform_login(request, member.user, email_verification="none")
    return _welcome(request, member)


def _page(
    request: HttpRequest, found: Invitation, *, status: int = 200, **context: Any
) -> HttpResponse:
    response = render(
        request, "people/invitation.html", {"invitation": found, **context}, status=status
    )
    return _private(response)


def _over(request: HttpRequest) -> HttpResponse:
    return _private(render(request, "people/invitation_over.html", status=404))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the link out of caches and out of the addresses that other sites are told."""
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    messages.success(request, _("Welcome to %(name)s.") % {"name": member.workspace.name})
    return redirect(member.workspace)
