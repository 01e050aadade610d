"""How much of anything a stranger or a program may do, and from where it comes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds; a bucket of that size that fills up again evenly."""

    name: str
    amount: int
    seconds: int

    @property
    def span(self) -> int:
        """Return the milliseconds in which an empty bucket fills up."""
        return self.seconds * 1000

    @property
    def interval(self) -> int:
        """Return the milliseconds that one drop takes."""
        return self.span // self.amount


API: Final = Limit("api", 600, 60)
BAD_TOKENS: Final = Limit("bad_tokens", 30, 3600)


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from: behind proxies what the outermost trusted one saw.

    X-Forwarded-For is written by whoever sends it; only as many of its last items as there are
    proxies of ours are true. IPv6 is told by its /64, which one household or server has whole.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        told = [item.strip() for item in request.headers.get("X-Forwarded-For", "").split(",")]
        address = told[-min(settings.TRUSTED_PROXIES, len(told))] or address
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.IPv6Network((ip, 64), strict=False).network_address)
    return str(ip)
