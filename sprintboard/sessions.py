"""Sessions in the database, found by nothing but a key that we could have given."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.utils import timezone

from activity.compiled import Compiled

_by_key = Compiled(lambda key: Session.objects.filter(session_key=key), key=str)


class SessionStore(DatabaseSessions):
    """A cookie may hold a NUL, which PostgreSQL does not even look for."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and str(key).isascii() and str(key).isalnum() and len(str(key)) >= 8

    def _get_session_from_db(self) -> Session | None:
        """Return the session's row while it is good: every request of somebody begins with it."""
        found = _by_key.first(key=self.session_key) if self.session_key else None
        if found is None or found.expire_date <= timezone.now():
            self._session_key = None
            return None
        return found
