"""The pages of demand: “I need this too”, and not any more; and what a rep is asked."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from people.access import MemberRequest, member_required
from people.models import Membership
from requests_intake import actions, policy
from requests_intake.forms import BackForm, ReplyForm
from requests_intake.models import Backing, Request

from .lookup import named_by


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def request_back(request: MemberRequest, key: str) -> HttpResponse:
    """Say that another rep needs it too."""
    if not policy.can_back(request.member):
        raise PermissionDenied
    asked = named_by(key, request.member, Request.objects.select_related("requester"))
    if request.method == "POST":
        return _back(request, asked)
    form = BackForm(member=request.member, request=asked, initial=_said(request.member, asked))
    return _back_page(request, asked, form)


@require_POST
@member_required
def request_withdraw(request: MemberRequest, key: str) -> HttpResponse:
    """Say that a rep does not need it any more."""
    asked = named_by(key, request.member)
    chosen = request.POST.get("backer", "")
    backers = Membership.objects.visible_to(request.member).filter(backings__request=asked)
    backer = backers.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 19 else None
    if chosen and backer is None:
        return redirect(asked)
    actions.withdraw_backing(asked, by=request.member, backer=backer)
    if backer is None or backer.pk == request.member.pk:
        messages.success(request, _("You do not back %(key)s any more.") % {"key": asked.key})
    else:
        messages.success(
            request,
            _("%(name)s does not back %(key)s any more.")
            % {"name": backer.first_name, "key": asked.key},
        )
    return redirect(asked)


@require_POST
@member_required
def request_reply(request: MemberRequest, key: str) -> HttpResponse:
    """Answer what Marketing asked."""
    asked = named_by(key, request.member, Request.objects.tracked_with_results().with_demand())
    if not policy.can_submit(request.member):
        raise PermissionDenied
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            actions.reply_to_question(asked, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Sent. Marketing sees it on top of its list."))
            return redirect(asked)
    return render(
        request,
        "requests_intake/reply.html",
        {"asked": asked, "question": asked.question, "form": form},
        status=422,
    )


def _back(request: MemberRequest, asked: Request) -> HttpResponse:
    form = BackForm(request.POST, member=request.member, request=asked)
    if form.is_valid():
        try:
            backing = actions.back_request(asked, by=request.member, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _thanks(backing, request.member, asked))
            return redirect(asked)
    return _back_page(request, asked, form, status=422)


def _thanks(backing: Backing, member: Membership, asked: Request) -> str:
    if backing.backer_id == member.pk:
        return _("You back %(key)s. %(name)s and Marketing see it, and you get the answer.") % {
            "key": asked.key,
            "name": asked.requester.first_name,
        }
    return _("%(backer)s backs %(key)s and gets the answer.") % {
        "backer": backing.backer.first_name,
        "key": asked.key,
    }


def _said(member: Membership, asked: Request) -> dict[str, object]:
    """Return what a member said about it before, to be changed."""
    said = Backing.objects.filter(request=asked, backer=member).first()
    if said is None:
        return {}
    return {"account": said.account, "deal_value": said.deal_value, "note": said.note}


def _back_page(
    request: MemberRequest, asked: Request, form: BackForm, *, status: int = 200
) -> HttpResponse:
    return render(
        request,
        "requests_intake/back.html",
        {"asked": asked, "form": form, "workspace": request.member.workspace},
        status=status,
    )
