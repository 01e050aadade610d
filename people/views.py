"""The pages of a person's own account that allauth does not have."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import actions
from .access import signed_in
from .forms import ProfileForm
from .models import Membership


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change who one is."""
    user = signed_in(request)
    form = ProfileForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "members": Membership.objects.at_home(user)}
        return render(request, "people/profile.html", context, status=422 if form.errors else 200)
    actions.update_profile(user, **form.cleaned_data)
    messages.success(request, _("Saved. Your colleagues see it now."))
    return redirect("profile")
