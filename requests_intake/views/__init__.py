"""The pages of the intake: asking, reading, and triage."""

from .asking import request_new, request_receipt
from .reading import request_list, request_page
from .triage import (
    decision_undo,
    request_accept,
    request_decline,
    request_plan,
    triage,
    triage_request,
)

__all__ = [
    "decision_undo",
    "request_accept",
    "request_decline",
    "request_list",
    "request_new",
    "request_page",
    "request_plan",
    "request_receipt",
    "triage",
    "triage_request",
]
