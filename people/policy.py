"""Who may do what with people and workspaces."""

from django.conf import settings

from .models import Membership, Workspace


def is_marketer(member: Membership) -> bool:
    """Marketers run the work."""
    return member.is_marketer


def is_sales(member: Membership) -> bool:
    """Sales asks and reads."""
    return member.is_sales


def is_marketer_or_manager(member: Membership) -> bool:
    """Marketers and managers see drafts of reviews."""
    return member.is_marketer or member.is_manager


def can_edit_settings(member: Membership) -> bool:
    """Admins handle settings."""
    return member.is_admin


def can_manage_people(member: Membership) -> bool:
    """Admins handle people."""
    return member.is_admin


def can_edit_profile(member: Membership, other: Membership) -> bool:
    """A profile is its owner's."""
    return member.pk == other.pk


def may_found() -> bool:
    """An installation for a single team has room for one workspace, others for many."""
    return not (settings.SPRINTBOARD_SINGLE_TEAM and Workspace.objects.exists())


def may_sign_up() -> bool:
    """Strangers make accounts where that is allowed, and while there is something to found."""
    return bool(settings.SPRINTBOARD_SIGNUP) and may_found()
