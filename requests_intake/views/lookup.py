"""Finding the request that an address names."""

from __future__ import annotations

from django.http import Http404

from people.models import Membership
from requests_intake.models import Request, RequestQuerySet


def named_by(key: str, member: Membership, queryset: RequestQuerySet | None = None) -> Request:
    """Return the request of a key like REQ-17 in the reader's workspace.

    Raises Http404, the same for one that is foreign and one that never was.
    """
    requests = Request.objects.all() if queryset is None else queryset
    found = requests.named(key, member.workspace).first()
    if found is None:
        raise Http404
    found.workspace = member.workspace
    return found
