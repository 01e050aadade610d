"""Who may do what with messages that leave the house."""

from people.models import Membership

from .models import OutboxItem


def can_send_again(member: Membership, item: OutboxItem) -> bool:
    """Marketers and managers look after what did not arrive."""
    return member.workspace_id == item.workspace_id and not member.is_sales
