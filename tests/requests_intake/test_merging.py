from __future__ import annotations

import itertools

import pytest
from django.core.exceptions import ValidationError

from activity.changes import Stale
from activity.models import Activity
from backlog.models import Task
from notifications.actions import deliver
from notifications.models import OutboxItem
from people.models import Role, Workspace
from requests_intake import actions, metrics
from requests_intake.models import Backing, Decision, Request, RequestState
from tests.factories import make_member

from .test_actions import at_once, shared  # noqa: F401  the fixture


@pytest.fixture
def hannah(northwind):
    return make_member(northwind.workspace, "Hannah Schulz", Role.SALES)


@pytest.fixture
def pair(northwind, ask):
    """Two requests for the same: Sam's, and Chiara's which came first."""
    first = ask(northwind.chiara, "Milk samples", accounts="Lattebella", deal_value=55_000)
    second = ask(northwind.sam, "Slides for dairies", accounts="Dairyland", deal_value=40_000)
    return second, first


def merge(request: Request, target: Request, by, version: int = 1) -> Decision:
    request.refresh_from_db()
    return actions.merge_request(
        request, by=by, words="Chiara asked for it too.", version=version, target=target
    )


def test_who_asked_for_the_merged_one_backs_the_other_with_his_deals(northwind, pair):
    second, first = pair
    decision = merge(second, first, northwind.mia)
    second.refresh_from_db()
    assert (second.state, second.merged_into) == (RequestState.MERGED, first)
    assert second.answered_at == decision.decided_at
    backing = Backing.objects.get()
    assert (backing.request, backing.backer) == (first, northwind.sam)
    assert (backing.account, backing.deal_value) == ("Dairyland", 40_000)
    assert (backing.note, backing.came_with) == ("Slides for dairies", decision)
    assert Activity.objects.get(verb="request_merged").data["target"] == "REQ-1"


def test_backers_come_along_and_keep_what_they_said_where_they_stand_already(
    northwind, pair, hannah
):
    second, first = pair
    actions.back_request(first, by=hannah, account="Alpenmilch", deal_value=25_000)
    actions.back_request(second, by=hannah, account="Another", deal_value=1)
    actions.back_request(second, by=northwind.chiara)  # she asked for the first herself
    actions.back_request(second, by=northwind.grace, account="Board")
    merge(second, first, northwind.mia)
    there = Backing.objects.filter(request=first)
    assert {backing.backer.first_name: backing.account for backing in there} == {
        "Hannah": "Alpenmilch",
        "Sam": "Dairyland",
        "Grace": "Board",
    }


def test_the_work_of_the_target_shows_the_new_demand(northwind, pair):
    second, first = pair
    task = actions.accept_request(first, by=northwind.mia, words="Yes.", version=1).task
    decision = merge(second, first, northwind.mia)
    task.refresh_from_db()
    assert (task.origin_name, task.origin_backers, task.origin_value) == (
        "Chiara Bianchi",
        1,
        95_000,
    )
    actions.undo_decision(decision, by=northwind.mia)
    task.refresh_from_db()
    assert (task.origin_backers, task.origin_value) == (0, 55_000)
    assert Task.objects.count() == 1


def test_the_rep_and_his_backers_are_told_and_undo_calls_all_back(northwind, pair, hannah, outbox):
    second, first = pair
    actions.back_request(second, by=hannah)
    decision = merge(second, first, northwind.mia)
    assert sorted(outbox()) == [
        ("intake.answer", "Hannah", "queued"),
        ("intake.answer", "Sam", "queued"),
    ]
    actions.undo_decision(decision, by=northwind.mia)
    second.refresh_from_db()
    assert (second.state, second.merged_into, second.answered_at) == (
        RequestState.WAITING,
        None,
        None,
    )
    assert {state for _kind, _who, state in outbox()} == {"cancelled"}
    assert set(Backing.objects.values_list("request", "backer")) == {(second.pk, hannah.pk)}


def test_what_a_backer_made_his_own_stays_when_the_merge_is_undone(northwind, pair):
    second, first = pair
    decision = merge(second, first, northwind.mia)
    actions.back_request(first, by=northwind.sam, account="Dairyland", deal_value=40_000)
    actions.undo_decision(decision, by=northwind.mia)
    assert Backing.objects.get().came_with is None


def test_a_merge_that_was_read_stays(northwind, pair, thursday):
    second, first = pair
    decision = merge(second, first, northwind.mia)
    thursday.shift(61)
    deliver(OutboxItem.objects.get())
    with pytest.raises(ValidationError) as error:
        actions.undo_decision(decision, by=northwind.mia)
    assert error.value.code == "too_late"


def refused(request: Request, target: Request, by, version: int = 1) -> str:
    with pytest.raises(ValidationError) as error:
        merge(request, target, by, version)
    return error.value.error_dict["target"][0].code


def test_not_into_itself_nor_into_what_was_merged_nor_elsewhere(northwind, fjord, ask, pair):
    second, first = pair
    assert refused(second, second, northwind.mia) == "itself"
    merge(second, first, northwind.mia)
    assert refused(first, second, northwind.mia) == "merged"
    third = ask(northwind.sam, "A third")
    assert refused(third, second, northwind.mia) == "merged"
    rep = make_member(fjord.workspace, "Siri Dahl", Role.SALES)
    assert refused(third, ask(rep, "Elsewhere"), northwind.mia) == "unknown_request"


def test_a_merge_needs_words(northwind, pair):
    second, first = pair
    with pytest.raises(ValidationError):
        actions.merge_request(second, by=northwind.mia, words="", version=1, target=first)
    second.refresh_from_db()
    assert second.is_waiting
    assert not Backing.objects.exists()


def test_what_was_merged_is_answered_and_takes_no_backing(northwind, pair):
    second, first = pair
    merge(second, first, northwind.mia)
    second.refresh_from_db()
    with pytest.raises(Stale):
        actions.accept_request(second, by=northwind.mia, words="Yes.", version=second.version)
    with pytest.raises(ValidationError, match="Back that one") as error:
        actions.back_request(second, by=northwind.grace)
    assert error.value.code == "merged"
    counted = metrics.answered_in_time(
        northwind.workspace, second.submitted_at, second.answer_due_at
    )
    assert (counted.in_time, counted.total) == (1, 1)


def test_a_chain_of_merges_leads_to_its_end_and_comes_apart_again(northwind, ask):
    a, b, c, d = (ask(northwind.sam, title) for title in "ABCD")
    into = {"A": b, "B": c, "C": d}
    merges = [merge(request, into[request.title], northwind.mia) for request in (a, b, c)]

    def ends() -> dict[str, str | None]:
        rows = Request.objects.values_list("title", "merged_into__title")
        return dict(rows)

    assert ends() == {"A": "D", "B": "D", "C": "D", "D": None}
    actions.undo_decision(merges[2], by=northwind.mia)
    assert ends() == {"A": "C", "B": "C", "C": None, "D": None}
    actions.undo_decision(merges[0], by=northwind.mia)
    assert ends() == {"A": None, "B": "C", "C": None, "D": None}


@pytest.mark.parametrize("last_one_first", [False, True])
def test_who_came_along_a_chain_leaves_its_end_when_his_merge_is_undone(
    northwind, ask, hannah, last_one_first
):
    a = ask(hannah, "A", accounts="Alpina", deal_value=10)
    b = ask(northwind.sam, "B", accounts="Bergkaese", deal_value=20)
    c = ask(northwind.chiara, "C", accounts="Caseificio", deal_value=40)
    task = actions.accept_request(c, by=northwind.mia, words="Yes.", version=1).task
    first, second = merge(a, b, northwind.mia), merge(b, c, northwind.mia)
    task.refresh_from_db()
    assert (task.origin_backers, task.origin_value) == (2, 70)

    for decision in (second, first) if last_one_first else (first,):
        actions.undo_decision(decision, by=northwind.mia)
    task.refresh_from_db()
    left = (0, 40) if last_one_first else (1, 60)
    assert (task.origin_backers, task.origin_value) == left
    assert not Backing.objects.filter(backer=hannah).exists()


def test_a_question_may_end_in_a_merge(northwind, pair):
    second, first = pair
    actions.ask_back(second, by=northwind.mia, words="Is it the same as REQ-1?", version=1)
    merge(second, first, northwind.mia, version=2)
    second.refresh_from_db()
    assert second.is_merged


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_two_who_merge_two_requests_into_one_another_one_does(shared):  # noqa: F811
    pks = [
        actions.submit_request(
            shared.workspace,
            by=shared.sam,
            submission_id=f"00000000-0000-4000-8000-00000000000{n}",
            title=f"Slides {n}",
        ).pk
        for n in range(2)
    ]
    ways = itertools.cycle([pks, pks[::-1]])

    def merge_one() -> Decision:
        source, target = next(ways)
        seen = Request.objects.get(pk=source)
        seen.workspace = Workspace.objects.get(pk=shared.workspace.pk)
        into = Request.objects.get(pk=target)
        return actions.merge_request(seen, by=shared.mia, words="Same.", version=1, target=into)

    results = at_once(merge_one)
    assert sum(isinstance(result, Decision) for result in results) == 1
    assert all(isinstance(one, Decision | Stale | ValidationError) for one in results), results
    assert sorted(Request.objects.values_list("state", flat=True)) == ["merged", "waiting"]
