"""The verbs of demand: “I need this too”, and not any more."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, change
from activity.text import clean_line, clean_text
from people.models import Membership
from requests_intake import policy
from requests_intake.models import Backing, Request

from .origin import keep_origins


def back_request(
    request: Request,
    *,
    by: Membership,
    account: str = "",
    deal_value: int | None = None,
    note: str = "",
    backer: Membership | None = None,
) -> Backing:
    """Say that another rep needs it too, with what deal; the second time edits the first.

    Any request may be backed, also one that was declined or delivered: what Sales needs shows. Not
    one that was merged: its target stands for it. Raises PermissionDenied, or ValidationError
    `unknown_rep`, `own`, `merged` and the limits of the model.
    """
    with change(request.workspace, by=by) as record:
        fresh = _fresh(record, request)
        actor = record.actor or by
        backing = _backing_of(record, fresh, actor, _rep(actor, backer))
        is_new = backing.pk is None
        said = (clean_line(account), deal_value, clean_text(note))
        if not is_new and not backing.came_with_id and said == _said(backing):
            return backing
        backing.account, backing.deal_value, backing.note = said
        backing.came_with = None
        backing.clean_fields(exclude={"workspace", "request", "backer", "entered_by", "came_with"})
        backing.save()
        keep_origins(fresh, record.workspace)
        record(
            "request_backed" if is_new else "backing_edited",
            fresh,
            key=fresh.key,
            backer=backing.backer_id,
            value=deal_value,
        )
    return backing


def withdraw_backing(
    request: Request, *, by: Membership, backer: Membership | None = None
) -> Request:
    """Say that a rep does not need it any more. Who backs nothing withdraws nothing.

    Raises PermissionDenied.
    """
    with change(request.workspace, by=by) as record:
        fresh = _fresh(record, request)
        backing = Backing.objects.filter(request=fresh, backer=backer or by).first()
        if backing is None:
            return fresh
        record.require(policy.can_withdraw, backing)
        backing.delete()
        keep_origins(fresh, record.workspace)
        record("backing_withdrawn", fresh, key=fresh.key, backer=backing.backer_id)
    return fresh


def _fresh(record: Change, request: Request) -> Request:
    fresh = Request.objects.select_related("requester", "merged_into").get(
        workspace=record.workspace, pk=request.pk
    )
    fresh.workspace = record.workspace
    record.require(policy.can_back)
    return fresh


def _rep(by: Membership, backer: Membership | None) -> Membership:
    rep = backer or by
    if not policy.can_back_for(by, rep):
        raise ValidationError(
            {"backer": ValidationError(_("Choose a rep of your sales team."), "unknown_rep")}
        )
    return rep


def _backing_of(record: Change, request: Request, by: Membership, rep: Membership) -> Backing:
    """Return what a rep said about a request, or a new backing to say it with."""
    if request.requester_id == rep.pk:
        raise ValidationError(
            _("%(name)s asked for this: that counts already.") % {"name": rep.first_name}
            if rep.pk != by.pk
            else _("You asked for this yourself: that counts already."),
            code="own",
        )
    if request.merged_into is not None:
        raise ValidationError(
            _("%(key)s was merged into %(target)s. Back that one.")
            % {"key": request.key, "target": request.merged_into.key},
            code="merged",
        )
    known = Backing.objects.filter(request=request, backer=rep).first()
    return known or Backing(
        workspace=record.workspace,
        request=request,
        backer=rep,
        entered_by=by,
        backed_at=record.at,
    )


def _said(backing: Backing) -> tuple[str, int | None, str]:
    return backing.account, backing.deal_value, backing.note
