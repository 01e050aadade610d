"""Reads that every request makes, turned into SQL once instead of each time.

Building a queryset, resolving its names and writing its SQL costs Django about as much as the
database takes to answer. A page does not notice; the handful of reads that each request and each
move begin with do (docs/performance.md). What such a read finds, and how its rows become objects,
stays Django's own work: only the SQL is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

T = TypeVar("T")

# Stand in for values while a queryset is compiled: no constant of ours is one of them, and a field
# that holds no negative numbers takes them too
_NUMBERS = range(2_147_480_000, 2_147_483_000)
_WORDS = "\ue000{}\ue001"


class Compiled(Generic[T]):
    """A queryset of one shape, asked with other values each time.

    `build` gets one stand-in per name in `kinds` (each `int` or `str`) and returns the queryset; it
    must not decide anything by them, and use each of them as a value to compare with.

        members = Compiled(lambda user: Membership.objects.filter(user_id=user), user=int)
        members.all(user=5)

    What is compiled belongs to one connection, so each thread has its own.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, T]], **kinds: type[int] | type[str]):
        self._build = build
        self._kinds = kinds
        self._own = threading.local()

    def all(self, **values: int | str) -> list[T]:
        """Return every row of these values. Raises TypeError for other names or kinds."""
        self._check(values)
        known = getattr(self._own, "known", None)
        if known is None or known.connection is not connections[DEFAULT_DB_ALIAS]:
            known = self._own.known = _Known(self._build, self._kinds)
        return known.rows(values)

    def first(self, **values: int | str) -> T | None:
        """Return the first row of these values, None when there is none."""
        return next(iter(self.all(**values)), None)

    def queryset(self, **values: int | str) -> QuerySet[Any, T]:
        """Return the queryset that `all` is the short way of."""
        return self._build(**values)

    def _check(self, values: dict[str, int | str]) -> None:
        if values.keys() != self._kinds.keys():
            raise TypeError(f"This read takes {', '.join(self._kinds)}.")
        for name, kind in self._kinds.items():
            if type(values[name]) is not kind:
                raise TypeError(f"{name} is {values[name]!r}, and no {kind.__name__}.")


class _Known:
    """What Django makes of a queryset before it asks: its SQL, and how a row becomes an object."""

    def __init__(self, build: Callable[..., Any], kinds: dict[str, type]) -> None:
        stand_ins = {
            name: _NUMBERS[at] if kind is int else _WORDS.format(at)
            for at, (name, kind) in enumerate(kinds.items())
        }
        self.connection = connections[DEFAULT_DB_ALIAS]
        self._queryset = build(**stand_ins)
        compiler = self._queryset.query.get_compiler(connection=self.connection)
        sql, parameters = compiler.as_sql()
        if missing := [name for name, value in stand_ins.items() if value not in parameters]:
            raise TypeError(f"The queryset does not compare with {', '.join(missing)}.")
        names = {value: name for name, value in stand_ins.items()}
        # each parameter is a constant, or the value of a name
        self._parameters = [(names.get(value), value) for value in parameters]
        self._given: tuple[Any, ...] = ()
        # from here on Django's own way of asking finds this SQL instead of writing it
        compiler.as_sql = lambda *args, **kwargs: (sql, self._given)
        self._queryset.query.get_compiler = lambda *args, **kwargs: compiler

    def rows(self, values: dict[str, int | str]) -> list[Any]:
        """Ask, and let Django make of the rows what it makes of this queryset's rows."""
        self._given = tuple(
            constant if name is None else values[name] for name, constant in self._parameters
        )
        return list(self._queryset._iterable_class(self._queryset))
