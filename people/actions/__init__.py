"""The verbs of people: found a workspace, join it, leave it, and say who one is."""

from .drafts import finish_draft, keep_answers
from .invitations import (
    Invited,
    accept_invitation,
    invite,
    join_as_new_person,
    resend_invitation,
    revoke_invitation,
)
from .members import (
    add_member,
    change_member,
    create_person,
    deactivate_member,
    hide_first_steps,
    introduce,
    leave_workspace,
    reactivate_member,
    switch_single_keys,
    update_profile,
)
from .workspaces import create_workspace, edit_workspace

__all__ = [
    "Invited",
    "accept_invitation",
    "add_member",
    "change_member",
    "create_person",
    "create_workspace",
    "deactivate_member",
    "edit_workspace",
    "finish_draft",
    "hide_first_steps",
    "introduce",
    "invite",
    "join_as_new_person",
    "keep_answers",
    "leave_workspace",
    "reactivate_member",
    "resend_invitation",
    "revoke_invitation",
    "switch_single_keys",
    "update_profile",
]
