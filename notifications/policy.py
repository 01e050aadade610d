"""Who may do what with messages that leave the house."""

from people.models import Membership

from .models import OutboxItem


def can_see_outbox(member: Membership) -> bool:
    """Marketers, managers and admins look after what did not arrive."""
    return member.is_admin or not member.is_sales


def can_see_subjects(member: Membership) -> bool:
    """A subject may quote a draft that Sales does not see, even as an admin."""
    return not member.is_sales


def can_send_again(member: Membership, item: OutboxItem) -> bool:
    """Whoever looks after the outbox decides about its mails."""
    return member.workspace_id == item.workspace_id and can_see_outbox(member)
