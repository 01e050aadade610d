"""What is kept for a workspace until it changes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from activity.changes import SYSTEM, change
from activity.memory import Memory


class Counted:
    """Work that says how often it was done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def at(seq: int, pk: int = 1) -> SimpleNamespace:
    return SimpleNamespace(pk=pk, seq=seq)


@pytest.mark.django_db(transaction=True)
def test_it_works_out_each_state_once_for_each_key():
    memory, work = Memory(10), Counted()
    for _ in range(3):
        assert memory.recall(at(1), "board", work) == 1
    assert memory.recall(at(2), "board", work) == 2
    assert memory.recall(at(2), "other", work) == 3
    assert memory.recall(at(2, pk=2), "board", work) == 4
    assert memory.recall(at(2), "board", work) == 2


@pytest.mark.django_db(transaction=True)
def test_it_holds_no_more_than_it_may():
    memory, work = Memory(2), Counted()
    for pk in (1, 2, 1, 3):  # 2 is the one that was not asked for lately
        memory.recall(at(1, pk), "board", work)
    assert work.times == 3
    memory.recall(at(1, 1), "board", work)
    assert work.times == 3
    memory.recall(at(1, 2), "board", work)
    assert work.times == 4


def test_a_change_that_is_rolled_back_leaves_nothing_behind(northwind):
    memory, work = Memory(10), Counted()
    with pytest.raises(ZeroDivisionError), change(northwind.workspace, by=SYSTEM) as record:
        record("tried", northwind.workspace)
        memory.recall(northwind.workspace, "board", work)
        raise ZeroDivisionError
    memory.recall(northwind.workspace, "board", work)
    assert work.times == 2
