"""The verbs of members: let somebody in, change what they do, let them go, say who one is."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from activity.changes import Change, Stale, System, change
from people import faces, policy
from people.models import Membership, Role, User, Workspace


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
        member = membership_of(workspace, user, role=role, is_admin=is_admin)
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


def switch_single_keys(user: User, *, on: bool) -> None:
    """Let single keys do something for this person, or nothing; nobody else hears of it."""
    user.single_keys = on
    user.save(update_fields=["single_keys"])


def change_member(
    member: Membership, *, by: Membership, version: int, role: Role | str, is_admin: bool
) -> Membership:
    """Give a member another role, or make an admin of them; it holds from their next request on.

    Raises Stale, PermissionDenied, ValidationError `invalid`, `not_active` or `last_admin`.
    """
    if role not in Role.values:
        raise ValidationError(_("Choose a role."), "invalid")
    with change(member.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        member = _fresh(record, member)
        if member.version != version:
            raise Stale(member)
        if not member.is_active:
            raise ValidationError(
                _("%(name)s is not active here."), "not_active", {"name": member.shown_name}
            )
        if (member.role, member.is_admin) == (role, is_admin):
            return member
        if not is_admin:
            _check_another_admin(member)
        was = {"role": member.role, "is_admin": member.is_admin}
        member.role, member.is_admin = Role(role), is_admin
        member.version += 1
        member.save(update_fields=["role", "is_admin", "version"])
        record(
            "member_changed",
            member,
            name=member.shown_name,
            was=was,
            role=str(role),
            is_admin=is_admin,
        )
    return member


def deactivate_member(member: Membership, *, by: Membership | System) -> None:
    """Take somebody's way in; what they did stays under their name.

    Raises PermissionDenied unless an admin asks, ValidationError `last_admin`.
    """
    with change(member.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        _end(record, member, "member_deactivated")


def leave_workspace(member: Membership) -> None:
    """Go, by one's own will. Raises ValidationError `last_admin`."""
    with change(member.workspace, by=member) as record:
        _end(record, member, "member_left")


def reactivate_member(member: Membership, *, by: Membership) -> Membership:
    """Let somebody in again who was here before, with the role they had.

    Raises PermissionDenied unless an admin asks.
    """
    with change(member.workspace, by=by) as record:
        record.require(policy.can_manage_people)
        member = _fresh(record, member)
        if member.is_active:
            return member
        member.is_active = True
        member.version += 1
        member.save(update_fields=["is_active", "version"])
        record("member_reactivated", member, name=member.shown_name, role=member.role)
    return member


def hide_first_steps(member: Membership) -> None:
    """Put the first steps away for one reader; nobody else needs to hear of it."""
    with change(member.workspace, by=member):
        Membership.objects.filter(pk=member.pk).update(first_steps_hidden=True)


def _fresh(record: Change, member: Membership) -> Membership:
    fresh = Membership.objects.select_related("user").get(workspace=record.workspace, pk=member.pk)
    fresh.workspace = record.workspace
    return fresh


def _end(record: Change, member: Membership, verb: str) -> None:
    member.refresh_from_db(fields=["is_active", "is_admin", "version"])
    if not member.is_active:
        return
    _check_another_admin(member)
    member.is_active = False
    member.version += 1
    member.save(update_fields=["is_active", "version"])
    record(verb, member, name=member.shown_name)


def _check_another_admin(member: Membership) -> None:
    """Raise ValidationError `last_admin` when nobody would be left who handles people."""
    admins = Membership.objects.active().filter(workspace=member.workspace_id, is_admin=True)
    if member.is_admin and not admins.exclude(pk=member.pk).exists():
        raise ValidationError(
            _("%(name)s is the only admin here. Make somebody else one first."),
            "last_admin",
            {"name": member.shown_name},
        )


def membership_of(
    workspace: Workspace, user: User, *, role: Role | str, is_admin: bool
) -> Membership:
    """Return a membership that is not stored yet, as its person looks to colleagues."""
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
