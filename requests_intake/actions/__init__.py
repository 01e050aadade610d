"""The verbs of the intake: the only code that writes its tables."""

from .answering import accept_request, decline_request, plan_request, undo_decision
from .asking import earliest_needed_by, submit_request
from .backing import back_request, withdraw_backing
from .following import follow_work, follow_workspace

__all__ = [
    "accept_request",
    "back_request",
    "decline_request",
    "earliest_needed_by",
    "follow_work",
    "follow_workspace",
    "plan_request",
    "submit_request",
    "undo_decision",
    "withdraw_backing",
]
