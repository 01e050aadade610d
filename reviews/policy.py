"""Who may do what with reviews: marketers write them, managers publish too, everyone reads them."""

from people.models import Membership

from .models import Review


def can_see_review(member: Membership, review: Review) -> bool:
    """Everyone reads what is published; drafts are for marketers and managers."""
    return _is_ours(member, review) and (review.is_published or not member.is_sales)


def can_edit_review(member: Membership, review: Review) -> bool:
    """Marketers choose the words and the items, until they are published."""
    return _is_ours(member, review) and member.is_marketer and not review.is_published


def can_publish_review(member: Membership, review: Review) -> bool:
    """Marketers and managers send it out, once."""
    return can_look_after(member, review) and not review.is_published


def can_look_after(member: Membership, review: Review) -> bool:
    """Marketers and managers see how the mails fared, send tests, and send again."""
    return _is_ours(member, review) and not member.is_sales


def _is_ours(member: Membership, review: Review) -> bool:
    return member.is_active and member.workspace_id == review.workspace_id
