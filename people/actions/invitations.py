"""The verbs of an invitation: write it, send it again, withdraw it, accept it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from activity.bounds import validate_mail_address
from activity.changes import SYSTEM, Change, change
from people import invitations, policy
from people.models import Invitation, Membership, Role, User, Workspace

from .members import add_member, create_person

VALID_FOR: Final = timedelta(days=7)
A_DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 50
# Nobody's mailbox is filled from here
MOST_TIMES: Final = 5
NOT_AGAIN_WITHIN: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Invited:
    """What became of a list of addresses."""

    made: list[Invitation] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)


def invite(
    workspace: Workspace,
    *,
    by: Membership,
    addresses: Iterable[str],
    role: Role | str,
    is_admin: bool = False,
) -> Invited:
    """Invite people by their addresses; who is here or invited already is only named.

    The mails are queued above, in the same change. Raises PermissionDenied, and ValidationError
    `invalid` for what is no address or role, `too_many` beyond what a person may send, or one
    address may get, in a day.
    """
    if role not in Role.values:
        raise ValidationError(_("Choose a role."), "invalid")
    with change(workspace, by=by) as record:
        record.require(policy.can_manage_people)
        wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
        for address in wanted:
            validate_mail_address(address)
        members, invited = _known(record, wanted)
        strangers = [address for address in wanted if address not in members | invited]
        _check_amount(record, len(strangers))
        _check_mailboxes(record, strangers)
        made = [_write(record, by, address, Role(role), is_admin=is_admin) for address in strangers]
        if made:
            ids = [invitation.pk for invitation in made]
            record("people_invited", made[0], ids=ids, role=str(role), is_admin=is_admin)
    return Invited(
        made,
        [address for address in wanted if address in members],
        [address for address in wanted if address in invited],
    )


def resend_invitation(invitation: Invitation, *, by: Membership) -> Invitation:
    """Give an invitation a new link and seven more days; the old link ends.

    Raises PermissionDenied, ValidationError `answered`, `sent_just_now` or `too_many`.
    """
    with change(invitation.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        invitation = _unanswered(record, invitation)
        if invitation.sent_at > record.at - NOT_AGAIN_WITHIN:
            raise ValidationError(
                _("It was sent a moment ago. Give the mail a few minutes."), "sent_just_now"
            )
        if invitation.times_sent >= MOST_TIMES:
            raise ValidationError(
                _("It was sent %(n)s times. Ask %(address)s in another way."),
                "too_many",
                {"n": invitation.times_sent, "address": invitation.address},
            )
        _check_amount(record, 1)
        invitation.nonce, invitation.token_hash = invitations.new_nonce()
        invitation.times_sent += 1
        invitation.sent_at, invitation.expires_at = record.at, record.at + VALID_FOR
        invitation.inviter = by
        invitation.save()
        record("invitation_sent_again", invitation, role=invitation.role)
    return invitation


def revoke_invitation(invitation: Invitation, *, by: Membership) -> Invitation:
    """Withdraw an invitation: its link ends at once. Raises PermissionDenied, `answered`."""
    with change(invitation.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        invitation = _unanswered(record, invitation)
        invitation.revoked_at = record.at
        invitation.save(update_fields=["revoked_at"])
        record("invitation_withdrawn", invitation, role=invitation.role)
    return invitation


def accept_invitation(token: str, *, user: User) -> Membership:
    """Let the person in whom a link invites, once.

    Raises ValidationError `no_invitation`: used, withdrawn, too old, or for somebody else.
    """
    found = invitations.find(token)
    if found is None or not invitations.is_for(found, user):
        raise _no_invitation()
    with change(found.workspace, by=SYSTEM) as record:
        invitation = (
            Invitation.objects.open(record.at)
            .filter(pk=found.pk, token_hash=found.token_hash)
            .first()
        )
        if invitation is None:
            raise _no_invitation()
        member = _let_in(record, invitation, user)
        record.actor = member  # until now there was no member who could have done it
        invitation.accepted_at = record.at
        invitation.save(update_fields=["accepted_at"])
        record("invitation_accepted", invitation, name=member.shown_name, role=member.role)
    member.workspace = found.workspace
    return member


@transaction.atomic
def join_as_new_person(
    token: str, *, name: str, time_zone: str, password: str | None = None
) -> Membership:
    """Make the account of whom a link invites, and let them in. Without a password: by code.

    The link came by mail, so that the address is proved. Raises ValidationError `no_invitation`,
    `taken`.
    """
    found = invitations.find(token)
    if found is None:
        raise _no_invitation()
    user = create_person(email=found.address, name=name, time_zone=time_zone, password=password)
    return accept_invitation(token, user=user)


def _known(record: Change, addresses: list[str]) -> tuple[set[str], set[str]]:
    """Return which of these belong to members, and which have an invitation that still holds."""
    here = Membership.objects.active().filter(workspace=record.workspace)
    proved = Q(user__emailaddress__email__in=addresses, user__emailaddress__verified=True)
    emails = here.filter(Q(user__email__in=addresses) | proved)
    members = {
        address.lower()
        for pair in emails.values_list("user__email", "user__emailaddress__email")
        for address in pair
        if address
    }
    held = Invitation.objects.open(record.at).filter(
        workspace=record.workspace, address__in=addresses
    )
    return members & set(addresses), set(held.values_list("address", flat=True)) - members


def _check_amount(record: Change, more: int) -> None:
    """Raise ValidationError when a person would send more than anybody needs in a day."""
    if record.actor is None:
        return
    sent = Invitation.objects.filter(
        inviter__user=record.actor.user_id, sent_at__gt=record.at - A_DAY
    ).count()
    if sent + more > MOST_A_DAY:
        raise ValidationError(
            _("You can invite %(most)s people a day; there is room for %(left)s more today."),
            "too_many",
            {"most": MOST_A_DAY, "left": max(MOST_A_DAY - sent, 0)},
        )


def _check_mailboxes(record: Change, addresses: list[str]) -> None:
    """Raise ValidationError for who was mailed so often today: withdrawing does not start anew."""
    full = (
        Invitation.objects.filter(
            workspace=record.workspace, address__in=addresses, sent_at__gt=record.at - A_DAY
        )
        .values("address")
        .annotate(mails=Sum("times_sent"))
        .filter(mails__gte=MOST_TIMES)
        .order_by("address")
        .first()
    )
    if full is not None:
        raise ValidationError(
            _("%(address)s was invited %(n)s times today. Ask them in another way."),
            "too_many",
            {"n": full["mails"], "address": full["address"]},
        )


def _write(
    record: Change, by: Membership, address: str, role: Role, *, is_admin: bool
) -> Invitation:
    # one whose time is over, or whose inviter may no longer invite, makes room
    Invitation.objects.unanswered().filter(workspace=record.workspace, address=address).update(
        revoked_at=record.at
    )
    nonce, token_hash = invitations.new_nonce()
    return Invitation.objects.create(
        workspace=record.workspace,
        inviter=by,
        address=address,
        role=role,
        is_admin=is_admin,
        nonce=nonce,
        token_hash=token_hash,
        sent_at=record.at,
        expires_at=record.at + VALID_FOR,
    )


def _unanswered(record: Change, invitation: Invitation) -> Invitation:
    fresh = (
        Invitation.objects.unanswered().filter(workspace=record.workspace, pk=invitation.pk).first()
    )
    if fresh is None:
        raise ValidationError(
            _("The invitation of %(address)s was accepted or withdrawn meanwhile."),
            "answered",
            {"address": invitation.address},
        )
    fresh.workspace = record.workspace
    return fresh


def _let_in(record: Change, invitation: Invitation, user: User) -> Membership:
    here = Membership.objects.filter(workspace=record.workspace, user=user, is_active=True).first()
    return here or add_member(
        record.workspace,
        by=SYSTEM,
        user=user,
        role=invitation.role,
        is_admin=invitation.is_admin,
    )


def _no_invitation() -> ValidationError:
    return ValidationError(_("This invitation does not open anything any more."), "no_invitation")
