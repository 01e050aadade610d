"""Who gets the mails about a request: its rep, and everybody who backs it. One row each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from activity.changes import Change
from notifications.actions import cancel_mail, queue_mail
from notifications.models import OutboxItem
from people.models import Membership
from requests_intake.models import Request


def tell(
    record: Change,
    request: Request,
    *,
    kind: str,
    key: str,
    payload: dict[str, Any],
    not_before: datetime,
) -> OutboxItem:
    """Queue one mail for each of them; return the rep's, whose key is the plain one."""
    for backer in _backers(request):
        queue_mail(
            record,
            kind=kind,
            recipient=backer,
            dedupe_key=f"{key}:{backer.pk}",
            payload=payload,
            not_before=not_before,
        )
    return queue_mail(
        record,
        kind=kind,
        recipient=request.requester,
        dedupe_key=key,
        payload=payload,
        not_before=not_before,
    )


def call_back_all(record: Change, key: str) -> bool:
    """Call these mails back; tell whether all of them were still here."""
    return all([cancel_mail(record, dedupe_key=one) for one in _keys(record, key)] or [False])


def call_back(record: Change, key: str) -> OutboxItem | None:
    """Call back those that are still here; return the rep's, if it was one of them."""
    cancelled = [one for one in _keys(record, key) if cancel_mail(record, dedupe_key=one)]
    if key not in cancelled:
        return None
    return OutboxItem.objects.get(workspace=record.workspace, dedupe_key=key)


def _keys(record: Change, key: str) -> list[str]:
    items = OutboxItem.objects.filter(workspace=record.workspace)
    found = items.filter(dedupe_key=key) | items.filter(dedupe_key__startswith=f"{key}:")
    return list(found.order_by("pk").values_list("dedupe_key", flat=True))


def _backers(request: Request) -> Iterator[Membership]:
    for backing in request.backings.select_related("backer").order_by("pk"):
        if backing.backer.is_active:
            yield backing.backer
