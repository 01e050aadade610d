"""Requests, for those who talk about them."""

from __future__ import annotations

from conversation.subjects import Kind, register
from people.models import Membership

from .models import Request


def find(key: str, reader: Membership) -> Request | None:
    """Return the request with this key in the reader's workspace: every member reads them."""
    found = Request.objects.named(key, reader.workspace).select_related("requester").first()
    if found is not None:
        found.workspace = reader.workspace
    return found


def hearers(request: Request, author: Membership) -> list[Membership]:
    """Return who waits for these words.

    The requester, when Marketing or a manager says something; whoever answered or asked, when the
    requester does. What other reps say is on the page, save an answer to an open question.
    """
    if author.pk == request.requester_id or (author.is_sales and request.is_asked):
        said = request.decision or request.question
        return [said.decided_by] if said else []
    return [] if author.is_sales else [request.requester]


def may_attach(member: Membership, request: Request) -> bool:
    """Who asks, who wrote it down for him, and Marketing."""
    return member.is_marketer or member.pk in {request.requester_id, request.entered_by_id}


def followers(request: Request) -> set[int]:
    """Return whose request it is: who asked or wrote it down, who backs it, who answered."""
    answered = {said.decided_by_id for said in (request.decision, request.question) if said}
    backers = {backing.backer_id for backing in request.backers}
    return {request.requester_id, request.entered_by_id, *answered, *backers}


register(
    Kind("request", Request, find=find, hearers=hearers, followers=followers, may_attach=may_attach)
)
