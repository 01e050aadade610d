"""Who may do what to campaigns: marketers run them, everyone reads them."""

from people.models import Membership, Workspace

from .models import Campaign


def can_edit_campaigns(member: Membership, owner: Workspace | Campaign) -> bool:
    """Tell whether this member may make and edit campaigns."""
    workspace_id = owner.pk if isinstance(owner, Workspace) else owner.workspace_id
    return member.is_active and member.is_marketer and member.workspace_id == workspace_id
