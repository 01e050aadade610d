"""Cards for columns that other tests have emptied, moved back by the program's own verb."""

from __future__ import annotations

from collections import Counter

from backlog import actions
from backlog.models import Category, Column, Sprint, Task
from people.models import Membership

WANTED = {Category.TODO: 8, Category.DOING: 3, Category.REVIEW: 2, Category.DONE: 2}


def fill_board() -> None:
    """Bring cards to each column of Northwind's board that has too few, from where most are."""
    mia = Membership.objects.get(workspace__slug="northwind", user__email="mia@northwind.example")
    sprint = Sprint.objects.active().get(workspace=mia.workspace)
    columns = {one.category: one for one in Column.objects.filter(workspace=mia.workspace)}
    for category, wanted in WANTED.items():
        while (have := _cards(sprint))[category] < wanted:
            richest = max(have, key=lambda one: have[one] - WANTED[one])
            card = _last(sprint, columns[richest])
            actions.move_task(
                card, by=mia, version=card.version, column=columns[category], to_end=True
            )


def _cards(sprint: Sprint) -> Counter[Category]:
    shown = Task.objects.current().filter(sprint=sprint)
    return Counter(Category(one) for one in shown.values_list("column__category", flat=True))


def _last(sprint: Sprint, column: Column) -> Task:
    cards = Task.objects.current().filter(sprint=sprint, column=column).select_related("workspace")
    return cards.order_by("position")[cards.count() - 1]
