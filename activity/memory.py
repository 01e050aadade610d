"""What was worked out from a workspace's rows, kept until something in it changes.

Every change takes the workspace's next number (changes.py). So whatever is worked out from rows
that only change() writes is right for as long as that number stands: there is nothing to
invalidate. What operational tables tell (read marks, the outbox) must not be kept here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection

if TYPE_CHECKING:
    from people.models import Workspace

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by workspace and key, each with the number that it was worked out at.

    It holds the `most` recently used of them, for one process. The number was read before the rows:
    a value can be newer than its number says, never older.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[tuple[Any, ...], tuple[int, T]] = OrderedDict()
        self._lock = Lock()

    def recall(self, workspace: Workspace, key: Hashable, work_out: Callable[[], T]) -> T:
        """Return the value for this state of the workspace, worked out now if it is not known.

        `key` names all else that the value depends on: the day, the language, the reader's rights.
        Inside a transaction nothing is kept: a number that is rolled back will be another's.
        """
        if connection.in_atomic_block:
            return work_out()
        place = (workspace.pk, key)
        with self._lock:
            known = self._values.get(place)
            if known is not None and known[0] == workspace.seq:
                self._values.move_to_end(place)
                return known[1]
        value = work_out()
        with self._lock:
            self._values[place] = (workspace.seq, value)
            self._values.move_to_end(place)
            while len(self._values) > self.most:
                self._values.popitem(last=False)
        return value

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
