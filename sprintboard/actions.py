"""Verbs that span every app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.conf import settings
from django.db import transaction

from activity.changes import Change, change
from backlog import actions as backlog
from notifications.actions import cancel_mail, queue_mail
from people import actions as people
from people.models import Invitation, Membership, Role, User, Workspace


@transaction.atomic
def found_workspace(
    *,
    owner: User,
    name: str,
    key: str,
    slug: str,
    time_zone: str,
    first_sprint_on: date,
    sprint_days: int = 14,
    role: Role = Role.MARKETER,
    first_sprint: int = 1,
    columns: Sequence[backlog.ColumnPlan] | None = None,
    channels: Sequence[str] | None = None,
    invite: Mapping[Role, Sequence[str]] | None = None,
) -> Membership:
    """Make a workspace that is ready to use: its first member, its board, its next sprints.

    Without `columns` and `channels` it gets the usual ones; a team that ran sprints elsewhere goes
    on counting with `first_sprint`; whom `invite` names by role gets a mail. All of it is made, or
    nothing. Raises ValidationError for what will not do, and `closed` where there may be one
    workspace and there is one.
    """
    founder = people.create_workspace(
        owner=owner,
        name=name,
        key=key,
        slug=slug,
        time_zone=time_zone,
        first_sprint_on=first_sprint_on,
        sprint_days=sprint_days,
        role=role,
        is_only_one=settings.SPRINTBOARD_SINGLE_TEAM,
    )
    backlog.set_up_board(
        founder.workspace,
        by=founder,
        first_sprint_on=first_sprint_on,
        first_sprint=first_sprint,
        columns=columns,
        channels=channels,
    )
    for invited_as, addresses in (invite or {}).items():
        if addresses:
            invite_people(founder.workspace, by=founder, addresses=addresses, role=invited_as)
    return founder


def invite_people(
    workspace: Workspace,
    *,
    by: Membership,
    addresses: Iterable[str],
    role: Role | str,
    is_admin: bool = False,
) -> people.Invited:
    """Invite people and mail each a link of their own. Raises what `people.invite` raises."""
    with change(workspace, by=by) as record:
        invited = people.invite(
            record.workspace, by=by, addresses=addresses, role=role, is_admin=is_admin
        )
        for invitation in invited.made:
            _mail(record, invitation, by)
    return invited


def resend_invitation(invitation: Invitation, *, by: Membership) -> Invitation:
    """Mail a new link in place of the old one. Raises what `people.resend_invitation` raises."""
    with change(invitation.workspace, by=by) as record:
        cancel_mail(record, dedupe_key=invitation.mail_key)
        invitation = people.resend_invitation(invitation, by=by)
        _mail(record, invitation, by)
    return invitation


def revoke_invitation(invitation: Invitation, *, by: Membership) -> Invitation:
    """End a link, and call its mail back. Raises what `people.revoke_invitation` raises."""
    with change(invitation.workspace, by=by) as record:
        invitation = people.revoke_invitation(invitation, by=by)
        cancel_mail(record, dedupe_key=invitation.mail_key)
    return invitation


def _mail(record: Change, invitation: Invitation, by: Membership) -> None:
    queue_mail(
        record,
        kind="people.invitation",
        recipient=by,
        address=invitation.address,
        dedupe_key=invitation.mail_key,
        payload={"invitation": invitation.pk, "times_sent": invitation.times_sent},
    )
