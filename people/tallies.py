"""Where allauth keeps its counts of tries: in the database, for all processes, over restarts.

allauth counts in Django's cache. One in each process's memory would let a guesser have his tries
once for each process and again after each restart; one in Redis would forget with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from activity import clock

from .api import actions
from .models import Tally

A_DAY = 86_400.0


class Tallies(BaseCache):
    """As much of a cache as counting needs. Its keys are hashed: they hold addresses of people."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | object | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store unless it is there; of two at once one is told True."""
        named = self._named(key, version)
        return actions.add_tally(named, json.dumps(value), seconds=_seconds(timeout))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return what was stored and still counts."""
        found = Tally.objects.filter(key=self._named(key, version), expires_at__gt=clock.now())
        value = found.values_list("value", flat=True).first()
        return default if value is None else json.loads(value)

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | object | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Store, in place of what was there."""
        named = self._named(key, version)
        actions.set_tally(named, json.dumps(value), seconds=_seconds(timeout))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget one."""
        return bool(actions.drop_tallies(self._named(key, version)))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Forget some."""
        if named := [self._named(key, version) for key in keys]:
            actions.drop_tallies(*named)

    def clear(self) -> None:
        """Forget all."""
        actions.drop_tallies()

    def _named(self, key: Any, version: int | None) -> str:
        return actions.secret_key_of("tally", self.make_key(key, version))


def _seconds(timeout: float | object | None) -> float:
    return float(timeout) if isinstance(timeout, int | float) else A_DAY
