"""The verbs of a workspace: found it, and say how it works."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from activity.changes import SYSTEM, System, change
from activity.text import clean_line
from people import policy
from people.models import Membership, Role, User, Workspace

from .members import membership_of

SETTINGS: Final = frozenset(
    {
        "name",
        "time_zone",
        "sprint_days",
        "answer_days",
        "workday_starts",
        "workday_ends",
        "unplanned_allowance",
        "impediment_days",
        "auto_publish_hours",
    }
)


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
    is_only_one: bool = False,
) -> Membership:
    """Found a workspace with its first member, who is its admin. The board is set up above.

    Raises ValidationError for each field that will not do, and `closed` when it is to be the only
    one and there is one already.
    """
    workspace = Workspace(
        name=name.strip(),
        key=key,
        slug=slug,
        time_zone=time_zone,
        sprint_days=sprint_days,
        is_only_one=is_only_one,
    )
    _save_new(workspace)
    with change(workspace, by=SYSTEM) as record:
        founder = membership_of(workspace, owner, role=role, is_admin=True)
        founder.save()
        record.actor = founder  # until now there was nobody who could have done it
        record("workspace_founded", workspace, name=name, first_sprint_on=first_sprint_on)
    founder.workspace = workspace
    return founder


def edit_workspace(workspace: Workspace, *, by: Membership | System, **changes: Any) -> list[str]:
    """Change how a workspace works; return the names of what really changed.

    A new length holds for sprints that are made from now on. Raises PermissionDenied, and
    ValidationError by field.
    """
    if not set(changes) <= SETTINGS:
        raise TypeError(f"Not settings: {sorted(set(changes) - SETTINGS)}")
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_settings)
        kept = record.workspace
        if "name" in changes:
            changes["name"] = clean_line(changes["name"])
        was = {
            name: getattr(kept, name) for name in changes if getattr(kept, name) != changes[name]
        }
        if not was:
            return []
        for name in was:
            setattr(kept, name, changes[name])
        kept.clean_fields(exclude={"slug", "key"})
        if kept.workday_ends <= kept.workday_starts:
            raise ValidationError({"workday_ends": _("The day ends before it starts.")})
        kept.save(update_fields=list(was))
        told = {name: [str(was[name]), str(changes[name])] for name in sorted(was)}
        record("workspace_edited", kept, changed=told)
    return sorted(was)


def _save_new(workspace: Workspace) -> None:
    if workspace.is_only_one and Workspace.objects.exists():
        raise _closed()
    workspace.full_clean()
    try:
        with transaction.atomic():
            workspace.save()
    except IntegrityError:  # somebody else's, founded at this very moment
        if workspace.is_only_one and Workspace.objects.exists():
            raise _closed() from None
        workspace.full_clean()  # says which field is taken
        raise


def _closed() -> ValidationError:
    return ValidationError(
        _("This Sprintboard is for one team, and its workspace is there already."), "closed"
    )
