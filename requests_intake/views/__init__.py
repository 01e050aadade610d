"""The pages of the intake: asking, reading, and triage."""

from .asking import request_new, request_receipt, request_similar
from .backing import request_back, request_reply, request_withdraw
from .origin import task_origin
from .reading import request_list, request_page
from .triage import (
    decision_undo,
    request_accept,
    request_ask,
    request_decline,
    request_merge,
    request_plan,
    triage,
    triage_context,
    triage_request,
)

__all__ = [
    "decision_undo",
    "request_accept",
    "request_ask",
    "request_back",
    "request_decline",
    "request_list",
    "request_merge",
    "request_new",
    "request_page",
    "request_plan",
    "request_receipt",
    "request_reply",
    "request_similar",
    "request_withdraw",
    "task_origin",
    "triage",
    "triage_context",
    "triage_request",
]
