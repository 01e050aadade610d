"""Who may say something, and who may take it back. Reading is for the kind of thing to say."""

from people.models import Membership

from .models import Comment
from .subjects import Subject


def can_comment(member: Membership, subject: Subject) -> bool:
    """Everyone who works here may: Marketing, Sales and managers alike."""
    return member.is_active and member.workspace_id == subject.workspace.pk


def can_edit(member: Membership, comment: Comment) -> bool:
    """Words are changed by who said them."""
    return (
        member.is_active
        and member.workspace_id == comment.workspace_id
        and comment.author_id == member.pk
        and not comment.is_removed
    )


def can_remove(member: Membership, comment: Comment) -> bool:
    """Who said it takes it away; an admin may too."""
    if not member.is_active or member.workspace_id != comment.workspace_id or comment.is_removed:
        return False
    return comment.author_id == member.pk or member.is_admin
