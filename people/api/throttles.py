"""How often one program or one person may ask. The count is a row: it survives a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from people.models import ApiToken

from . import actions, limits

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ApiThrottle(BaseThrottle):
    """Counts each token for itself; all sessions of a person together."""

    seconds = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Take one from the asker's bucket."""
        token = request.auth
        if isinstance(token, ApiToken):
            self.seconds = actions.take(limits.API, "token", token.pk)
        elif request.user.is_authenticated:
            self.seconds = actions.take(limits.API, "user", request.user.pk)
        return not self.seconds

    def wait(self) -> float:
        """Return the seconds until there is one again."""
        return self.seconds
