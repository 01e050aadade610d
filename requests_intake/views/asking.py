"""The form of Sales, and the receipt."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from activity import clock
from notifications.mails import absolute
from people.access import MemberRequest, member_required
from people.models import Membership, Role
from requests_intake import actions, metrics, policy, reading
from requests_intake.forms import RequestForm
from requests_intake.models import Request

from .lookup import named_by

READERS_NAMED = 3


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def request_new(request: MemberRequest) -> HttpResponse:
    """Ask Marketing for something."""
    if not policy.can_submit(request.member):
        raise PermissionDenied
    if request.method == "POST":
        return _submit(request)
    title = request.GET.get("title", "")[:200]
    form = RequestForm(
        member=request.member, initial={"submission_id": uuid.uuid4(), "title": title}
    )
    return _form_page(request, form, draft=slugify(title))


@require_safe
@member_required
def request_similar(request: MemberRequest) -> HttpResponse:
    """Show what was asked before in words like these, to be backed instead."""
    if not policy.can_submit(request.member):
        raise PermissionDenied
    title = request.GET.get("title", "")[:200]
    workspace = request.member.workspace
    return render(
        request,
        "requests_intake/similar.html",
        {"similar": reading.similar(workspace, title), "workspace": workspace},
    )


@require_safe
@member_required
def request_receipt(request: MemberRequest, key: str) -> HttpResponse:
    """Say that it arrived, when the answer is due, and what happens next."""
    found = named_by(key, request.member, Request.objects.select_related("requester__user"))
    return render(
        request,
        "requests_intake/receipt.html",
        {"asked": found, "link": absolute(found.get_absolute_url())},
    )


def _submit(request: MemberRequest) -> HttpResponse:
    form = RequestForm(request.POST, member=request.member)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        made = actions.submit_request(
            request.member.workspace, by=request.member, **form.cleaned_data
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _form_page(request, form, status=422)
    return redirect("request_receipt", request.member.workspace.slug, made.key)


def _form_page(
    request: MemberRequest, form: RequestForm, *, draft: str = "", status: int = 200
) -> HttpResponse:
    member = request.member
    nobody_sells = (
        not member.is_sales
        and not Membership.objects.visible_to(member).active().with_role(Role.SALES).exists()
    )
    readers = Membership.objects.visible_to(member).active().with_role(Role.MARKETER).by_name()
    return render(
        request,
        "requests_intake/new.html",
        {
            "form": form,
            "workspace": member.workspace,
            "nobody_sells": nobody_sells,
            "due_at": metrics.answer_due(clock.now(), member.workspace),
            "readers": list(readers[:READERS_NAMED]),
            "draft_key": f"request:{member.workspace.slug}:{member.pk}:{draft}",
            "more_is_open": any(
                name in form.errors for name in ("would_help", "buyers", "budget", "links")
            ),
        },
        status=status,
    )
