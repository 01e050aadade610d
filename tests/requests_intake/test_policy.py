from datetime import UTC, datetime

import pytest

from people.models import Membership
from requests_intake import actions, policy
from tests.arranging import arranging


def test_sales_and_marketers_submit_managers_do_not(northwind):
    able = {name for name, member in northwind.people.items() if policy.can_submit(member)}
    assert able == {"mia", "lena", "sam", "chiara"}


def test_a_request_belongs_to_an_active_rep_of_the_same_workspace(northwind, fjord):
    assert policy.can_ask_for(northwind.sam, northwind.chiara)
    assert policy.can_ask_for(northwind.mia, northwind.sam)
    assert not policy.can_ask_for(northwind.mia, northwind.lena)
    assert not policy.can_ask_for(fjord.ola, northwind.sam)
    with arranging():
        Membership.objects.filter(pk=northwind.chiara.pk).update(is_active=False)
    northwind.chiara.refresh_from_db()
    assert not policy.can_ask_for(northwind.sam, northwind.chiara)


@pytest.mark.parametrize(
    ("late", "able"), [(False, {"mia", "lena"}), (True, {"mia", "lena", "grace"})]
)
def test_marketers_answer_and_managers_what_is_late(northwind, ask, thursday, late, able):
    request = ask(northwind.sam)
    thursday.move_to(datetime(2026, 12, 14, 16, 0, 1 if late else 0, tzinfo=UTC))
    found = {
        name for name, member in northwind.people.items() if policy.can_answer(member, request)
    }
    assert found == able


def test_nobody_answers_for_another_workspace(northwind, fjord, ask):
    assert not policy.can_answer(fjord.ola, ask(northwind.sam))


def test_what_has_an_answer_is_not_answered_again(northwind, ask):
    request = ask(northwind.sam)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    request.refresh_from_db()
    assert not policy.can_answer(northwind.mia, request)


def test_who_answered_or_any_marketer_may_undo(northwind, fjord, ask):
    decision = actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    able = {n for n, member in northwind.people.items() if policy.can_undo(member, decision)}
    assert able == {"mia", "lena"}
    assert not policy.can_undo(fjord.ola, decision)
