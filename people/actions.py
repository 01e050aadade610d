"""The verbs of people: found a workspace, join it, leave it, and say who one is."""

from __future__ import annotations

from datetime import date

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from activity.changes import SYSTEM, System, change

from . import faces, policy
from .models import Membership, Role, User, Workspace


@transaction.atomic
def create_workspace(
    *,
    owner: User,
    name: str,
    key: str,
    slug: str,
    time_zone: str,
    first_sprint_on: date,
    sprint_days: int = 14,
    role: Role = Role.MARKETER,
) -> Membership:
    """Found a workspace with its first member, who is its admin. The board is set up above.

    Raises ValidationError for each field that will not do.
    """
    workspace = Workspace(
        name=name.strip(), key=key, slug=slug, time_zone=time_zone, sprint_days=sprint_days
    )
    workspace.full_clean()
    workspace.save()
    with change(workspace, by=SYSTEM) as record:
        founder = _membership(workspace, owner, role=role, is_admin=True)
        founder.save()
        record.actor = founder  # until now there was nobody who could have done it
        record("workspace_founded", workspace, name=name, first_sprint_on=first_sprint_on)
    founder.workspace = workspace
    return founder


def add_member(
    workspace: Workspace,
    *,
    by: Membership | System,
    user: User,
    role: Role | str,
    is_admin: bool = False,
    shown_name: str = "",
    initials: str = "",
    hue: int | None = None,
) -> Membership:
    """Let a person in, or in again, with this role.

    Raises PermissionDenied unless an admin asks, ValidationError `already_member`.
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_manage_people)
        member = _membership(workspace, user, role=role, is_admin=is_admin)
        member.shown_name = shown_name or member.shown_name
        member.initials = initials or faces.initials_of(member.shown_name)
        member.hue = member.hue if hue is None else hue
        former = Membership.objects.filter(workspace=workspace, user=user).first()
        if former is not None:
            if former.is_active:
                raise ValidationError(
                    _("%(name)s is already here."), "already_member", {"name": former.shown_name}
                )
            member.pk, member.version = former.pk, former.version + 1
            member.joined_at = former.joined_at
        member.full_clean(validate_unique=False, validate_constraints=False)
        member.save()
        record("member_added", member, name=member.shown_name, role=role, is_admin=is_admin)
    return member


@transaction.atomic
def create_person(*, email: str, name: str, time_zone: str, password: str | None = None) -> User:
    """Make an account whose address is known to be right: no code is asked for it.

    Raises ValidationError `taken`.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError(_("%(email)s has an account already."), "taken", {"email": email})
    user = User.objects.create_user(email, password, name=name, time_zone=time_zone)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def introduce(user: User, *, name: str, time_zone: str) -> None:
    """Say who signed up; there is no workspace yet that could hear of it."""
    user.name, user.time_zone = name, time_zone
    user.save(update_fields=["name", "time_zone"])


def update_profile(user: User, *, name: str, time_zone: str, locale: str) -> None:
    """Say who one is; each workspace of theirs hears of it.

    Raises ValidationError for a name, zone or language that will not do.
    """
    renamed = name != user.name
    if not renamed and (time_zone, locale) == (user.time_zone, user.locale):
        return
    user.name, user.time_zone, user.locale = name, time_zone, locale
    user.clean_fields(exclude={"email", "password", "last_login", "date_joined"})
    members = Membership.objects.active().filter(user=user).select_related("workspace")
    with transaction.atomic():
        # by pk: whoever holds several workspaces' locks takes them in the same order
        for member in members.order_by("workspace_id"):
            with change(member.workspace, by=member) as record:
                _introduce(member, user, renamed=renamed)
                record("profile_edited", member, name=member.shown_name)
        user.save(update_fields=["name", "time_zone", "locale"])


def deactivate_member(member: Membership, *, by: Membership | System) -> None:
    """Take somebody's way in; what they did stays under their name.

    Raises PermissionDenied unless an admin asks, ValidationError `last_admin`.
    """
    with change(member.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        member.refresh_from_db(fields=["is_active", "is_admin", "version"])
        if not member.is_active:
            return
        admins = Membership.objects.active().filter(workspace=member.workspace, is_admin=True)
        if member.is_admin and not admins.exclude(pk=member.pk).exists():
            raise ValidationError(
                _("%(name)s is the only admin here. Make somebody else one first."),
                "last_admin",
                {"name": member.shown_name},
            )
        member.is_active = False
        member.version += 1
        member.save(update_fields=["is_active", "version"])
        record("member_deactivated", member, name=member.shown_name)


def _membership(
    workspace: Workspace, user: User, *, role: Role | str, is_admin: bool
) -> Membership:
    shown_name = faces.shown_name_of(user)
    return Membership(
        workspace=workspace,
        user=user,
        role=role,
        is_admin=is_admin,
        shown_name=shown_name,
        initials=faces.initials_of(shown_name),
        hue=faces.hue_of(user),
    )


def _introduce(member: Membership, user: User, *, renamed: bool) -> None:
    if renamed:
        member.shown_name = faces.shown_name_of(user)
        member.initials = faces.initials_of(member.shown_name)
    member.version += 1
    member.save(update_fields=["shown_name", "initials", "version"])
