"""The verbs of the intake: the only code that writes its tables."""

from .answering import accept_request, decline_request, plan_request
from .asking import earliest_needed_by, submit_request
from .backing import back_request, withdraw_backing
from .following import follow_work, follow_workspace
from .merging import merge_request
from .questions import ask_back, reply_to_question
from .undoing import undo_decision

__all__ = [
    "accept_request",
    "ask_back",
    "back_request",
    "decline_request",
    "earliest_needed_by",
    "follow_work",
    "follow_workspace",
    "merge_request",
    "plan_request",
    "reply_to_question",
    "submit_request",
    "undo_decision",
    "withdraw_backing",
]
