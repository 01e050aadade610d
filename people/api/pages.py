"""The page of one's own tokens."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from people.access import signed_in
from people.models import ApiToken

from . import actions
from .forms import TokenForm


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Show one's tokens, and make one. Its text is in this one answer and nowhere else."""
    user = signed_in(request)
    form = TokenForm(user, request.POST if request.method == "POST" else None)
    made, text = None, ""
    if form.is_valid():
        asked = form.cleaned_data
        member = asked["member"]
        try:
            made, text = actions.make_token(
                member, by=member, name=asked["name"], scope=asked["scope"], days=asked["days"]
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            form = TokenForm(user)
    context = {"form": form, "tokens": ApiToken.objects.of(user), "made": made, "text": text}
    return render(request, "people/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own tokens. Somebody else's does not exist."""
    user = signed_in(request)
    token = ApiToken.objects.of(user).filter(pk=pk).first() if pk < 2**63 else None
    if token is None:
        raise Http404
    actions.revoke_token(token, by=token.member)
    said = _("“%(name)s” is revoked. What used it is signed out.") % {"name": token.name}
    messages.success(request, said)
    return redirect("tokens")
