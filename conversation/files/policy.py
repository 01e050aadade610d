"""Who may hang a file on a thing, and who may take it away. Reading is for the kind to say."""

from conversation.models import Attachment
from conversation.subjects import Subject, kind_of
from people.models import Membership


def can_add(member: Membership, subject: Subject) -> bool:
    """Each kind of thing names its own people."""
    if not member.is_active or member.workspace_id != subject.workspace.pk:
        return False
    return kind_of(subject).may_attach(member, subject)


def can_remove(member: Membership, attachment: Attachment) -> bool:
    """Who brought it takes it away; an admin may too."""
    return attachment.removed_at is None and _answers_for(member, attachment)


def can_restore(member: Membership, attachment: Attachment) -> bool:
    """Who may take it away may bring it back, until it is thrown away."""
    return attachment.removed_at is not None and _answers_for(member, attachment)


def _answers_for(member: Membership, attachment: Attachment) -> bool:
    if not member.is_active or member.workspace_id != attachment.workspace_id:
        return False
    return attachment.uploaded_by_id == member.pk or member.is_admin
