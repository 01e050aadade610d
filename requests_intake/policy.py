"""Who may ask, answer and undo."""

from activity import clock
from people.models import Membership

from .models import Backing, Decision, Request


def can_submit(member: Membership) -> bool:
    """Sales asks; a marketer may write down what a rep says in a call."""
    return member.is_sales or member.is_marketer


def can_ask_for(member: Membership, requester: Membership) -> bool:
    """A request belongs to a rep of the same workspace: oneself, or a colleague."""
    return (
        can_submit(member)
        and requester.workspace_id == member.workspace_id
        and requester.is_sales
        and requester.is_active
    )


def can_back(member: Membership) -> bool:
    """Every member may say who needs it too; for whom is another question."""
    return member.is_sales or member.is_marketer or member.is_manager


def can_back_for(member: Membership, backer: Membership) -> bool:
    """Backs: a rep or a manager himself. A rep for a colleague, a marketer what a rep says."""
    if backer.workspace_id != member.workspace_id or not backer.is_active:
        return False
    if member.is_manager:
        return backer.pk == member.pk
    return backer.is_sales


def can_withdraw(member: Membership, backing: Backing) -> bool:
    """Who backs may stop; so may who wrote it down, and any marketer."""
    if member.workspace_id != backing.workspace_id:
        return False
    return member.is_marketer or member.pk in {backing.backer_id, backing.entered_by_id}


def can_read_triage(member: Membership) -> bool:
    """Marketers run the queue; managers look after what is late in it."""
    return member.is_marketer or member.is_manager


def can_answer(member: Membership, request: Request) -> bool:
    """Marketers answer; a manager may when the answer is overdue."""
    if member.workspace_id != request.workspace_id or not request.is_undecided:
        return False
    return member.is_marketer or (member.is_manager and request.is_late(clock.now()))


def can_reply(member: Membership, request: Request) -> bool:
    """Sales answers a question of Marketing; a marketer may write down what the rep says."""
    return member.workspace_id == request.workspace_id and request.is_asked and can_submit(member)


def can_undo(member: Membership, decision: Decision) -> bool:
    """Who answered may take it back; so may any marketer."""
    if member.workspace_id != decision.workspace_id:
        return False
    return member.is_marketer or decision.decided_by_id == member.pk
