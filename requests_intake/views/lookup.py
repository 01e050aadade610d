"""Finding the request that an address names."""

from __future__ import annotations

import re

from django.http import Http404

from people.models import Membership
from requests_intake.models import Request, RequestQuerySet

_KEY = re.compile(r"REQ-(\d{1,9})", re.IGNORECASE)


def named_by(key: str, member: Membership, queryset: RequestQuerySet | None = None) -> Request:
    """Return the request of a key like REQ-17 in the reader's workspace.

    Raises Http404, the same for one that is foreign and one that never was.
    """
    match = _KEY.fullmatch(key)
    requests = (Request.objects.all() if queryset is None else queryset).visible_to(member)
    found = requests.filter(number=int(match[1])).first() if match else None
    if found is None:
        raise Http404
    found.workspace = member.workspace
    return found
