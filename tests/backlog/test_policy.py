"""Who may: marketers run the work of their own workspace, and nobody else does."""

import pytest

from backlog import policy
from tests.arranging import arranging
from tests.factories import make_sprint, make_task

RULES = [
    (policy.can_edit_tasks, "workspace"),
    (policy.can_edit_tasks, "task"),
    (policy.can_move_task, "task"),
    (policy.can_plan, "workspace"),
    (policy.can_plan, "task"),
    (policy.can_plan, "sprint"),
    (policy.can_start_sprint, "sprint"),
    (policy.can_close_sprint, "sprint"),
]


@pytest.fixture
def things(northwind):
    return {
        "workspace": northwind.workspace,
        "task": make_task(northwind.workspace),
        "sprint": make_sprint(northwind.workspace),
    }


@pytest.mark.parametrize(("rule", "kind"), RULES)
def test_marketers_may_and_others_may_not(northwind, fjord, things, rule, kind):
    answers = {name: rule(member, things[kind]) for name, member in northwind.people.items()}
    assert answers == {"mia": True, "lena": True, "sam": False, "chiara": False, "grace": False}
    assert rule(fjord.ola, things[kind]) is False


@pytest.mark.parametrize(("rule", "kind"), RULES)
def test_the_admin_flag_and_having_been_a_marketer_open_nothing(northwind, things, rule, kind):
    with arranging():
        northwind.grace.is_admin = True
        northwind.grace.save()
        northwind.lena.is_active = False
        northwind.lena.save()
    assert rule(northwind.grace, things[kind]) is False
    assert rule(northwind.lena, things[kind]) is False


def test_an_admin_sets_the_board_up_whatever_the_role(northwind, fjord):
    assert policy.can_set_up_board(northwind.mia, northwind.workspace)
    assert not policy.can_set_up_board(northwind.lena, northwind.workspace)
    assert not policy.can_set_up_board(fjord.ola, northwind.workspace)
