from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Task
from people import actions as people
from people.models import Role, Workspace
from requests_intake import actions
from requests_intake.demand import worth
from requests_intake.models import Backing, Request
from tests.factories import make_member

from .test_actions import at_once, shared  # noqa: F401  the fixture


def verbs() -> list[str]:
    return list(Activity.objects.order_by("seq").values_list("verb", flat=True))


def code_of(error: pytest.ExceptionInfo[ValidationError]) -> str:
    found = error.value
    if hasattr(found, "error_dict"):
        (found,) = [one for errors in found.error_dict.values() for one in errors]
    return found.code


@pytest.fixture
def hannah(northwind):
    return make_member(northwind.workspace, "Hannah Schulz", Role.SALES)


def test_another_rep_needs_it_too(northwind, ask):
    request = ask(northwind.sam)
    backing = actions.back_request(
        request, by=northwind.chiara, account=" Lattebella ", deal_value=55_000, note="In May."
    )
    assert (backing.backer, backing.entered_by) == (northwind.chiara, northwind.chiara)
    assert (backing.account, backing.deal_value, backing.note) == ("Lattebella", 55_000, "In May.")
    assert Activity.objects.get(verb="request_backed").data == {
        "key": "REQ-1",
        "backer": northwind.chiara.pk,
        "value": 55_000,
    }


def test_backing_twice_edits_the_first(northwind, ask):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara, account="Lattebella", deal_value=55_000)
    actions.back_request(request, by=northwind.chiara, account="Lattebella", deal_value=70_000)
    actions.back_request(request, by=northwind.chiara, account="Lattebella", deal_value=70_000)
    assert Backing.objects.get().deal_value == 70_000
    assert verbs() == ["request_submitted", "request_backed", "backing_edited"]


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_who_back_at_once_both_do_and_one_who_presses_twice_backs_once(shared):  # noqa: F811
    request = actions.submit_request(
        shared.workspace,
        by=shared.sam,
        submission_id="00000000-0000-4000-8000-000000000001",
        title="Slides for dairies",
    )
    actions.accept_request(request, by=shared.mia, words="Yes.", version=1)
    reps = iter([shared.chiara, make_member(shared.workspace, "Hannah Schulz", Role.SALES)] * 4)

    def back() -> Backing:
        rep = next(reps)
        workspace = Workspace.objects.get(pk=shared.workspace.pk)
        seen = Request.objects.get(pk=request.pk)
        seen.workspace = workspace
        return actions.back_request(seen, by=rep, account=rep.shown_name, deal_value=10_000)

    results = at_once(back)
    assert all(isinstance(result, Backing) for result in results), results
    assert Backing.objects.count() == 2
    assert verbs().count("request_backed") == 2
    task = Task.objects.get()
    assert (task.origin_backers, task.origin_value) == (2, 20_000)


def test_who_asked_does_not_back_it_himself(northwind, ask):
    request = ask(northwind.sam)
    for by in (northwind.sam, northwind.chiara):
        with pytest.raises(ValidationError, match="that counts already") as error:
            actions.back_request(request, by=by, backer=northwind.sam)
        assert code_of(error) == "own"
    assert not Backing.objects.exists()


def test_a_rep_backs_for_a_colleague_and_a_marketer_writes_down_what_a_rep_says(
    northwind, ask, hannah
):
    request = ask(northwind.sam)
    for by, backer in ((northwind.mia, northwind.chiara), (northwind.chiara, hannah)):
        backing = actions.back_request(request, by=by, backer=backer)
        assert (backing.backer, backing.entered_by) == (backer, by)


def test_a_manager_backs_for_himself(northwind, ask):
    backing = actions.back_request(ask(northwind.sam), by=northwind.grace, account="Dairyland")
    assert backing.backer == northwind.grace


@pytest.mark.parametrize(
    ("by", "backer"),
    [("mia", "mia"), ("mia", "grace"), ("chiara", "mia"), ("grace", "chiara"), ("sam", "ola")],
)
def test_only_reps_and_managers_are_backers(northwind, fjord, ask, by, backer):
    who = fjord.ola if backer == "ola" else getattr(northwind, backer)
    with pytest.raises(ValidationError) as error:
        actions.back_request(ask(northwind.sam), by=getattr(northwind, by), backer=who)
    assert code_of(error) == "unknown_rep"


def test_nobody_of_another_workspace_backs(northwind, fjord, ask):
    with pytest.raises(PermissionDenied):
        actions.back_request(ask(northwind.sam), by=fjord.ola)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"deal_value": -1}, "min_value"),
        ({"deal_value": 100_000_001}, "max_value"),
        ({"account": "x" * 301}, "max_length"),
        ({"note": "x" * 1_001}, "max_length"),
    ],
)
def test_a_backing_keeps_its_limits(northwind, ask, fields, code):
    with pytest.raises(ValidationError) as error:
        actions.back_request(ask(northwind.sam), by=northwind.chiara, **fields)
    assert code_of(error) == code
    assert not Backing.objects.exists()


def test_a_declined_request_may_still_be_backed(northwind, ask):
    request = ask(northwind.sam)
    actions.decline_request(
        request, by=northwind.mia, words="Not now.", version=1, reason="not_now"
    )
    actions.back_request(request, by=northwind.chiara)
    assert Backing.objects.count() == 1


def test_backing_leaves_the_version_to_those_who_answer(northwind, ask):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)


# Withdrawing


def test_who_backs_can_stop(northwind, ask):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    actions.withdraw_backing(request, by=northwind.chiara)
    actions.withdraw_backing(request, by=northwind.chiara)
    assert not Backing.objects.exists()
    assert verbs() == ["request_submitted", "request_backed", "backing_withdrawn"]


@pytest.mark.parametrize(("by", "may"), [("sam", False), ("grace", False), ("mia", True)])
def test_others_do_not_withdraw_it_save_a_marketer(northwind, ask, by, may):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    member = getattr(northwind, by)
    if may:
        actions.withdraw_backing(request, by=member, backer=northwind.chiara)
    else:
        with pytest.raises(PermissionDenied):
            actions.withdraw_backing(request, by=member, backer=northwind.chiara)
    assert Backing.objects.exists() is not may


def test_who_wrote_it_down_can_withdraw_it(northwind, ask, hannah):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara, backer=hannah)
    actions.withdraw_backing(request, by=northwind.chiara, backer=hannah)
    assert not Backing.objects.exists()


# What the task says of its origin


def test_the_task_says_how_many_need_it_and_what_it_is_worth(northwind, ask, hannah):
    request = ask(northwind.sam, accounts="Dairyland", deal_value=40_000)
    actions.back_request(request, by=northwind.chiara, account="Lattebella", deal_value=55_000)
    task = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1).task
    task.refresh_from_db()
    assert (task.origin_name, task.origin_backers, task.origin_value) == (
        "Sam Whitfield",
        1,
        95_000,
    )
    actions.back_request(request, by=hannah, account=" dairyLAND", deal_value=50_000)
    task.refresh_from_db()
    assert (task.origin_backers, task.origin_value) == (2, 105_000)
    actions.withdraw_backing(request, by=northwind.chiara)
    task.refresh_from_db()
    assert (task.origin_backers, task.origin_value) == (1, 50_000)


def test_backing_changes_no_version_of_the_task_that_somebody_edits(northwind, ask):
    request = ask(northwind.sam)
    task = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1).task
    task.refresh_from_db()
    actions.back_request(request, by=northwind.chiara, deal_value=5)
    backlog.edit_task(task, by=northwind.mia, version=task.version, title="Five slides")


class Deal:
    def __init__(self, account: str, deal_value: int | None) -> None:
        self.account, self.deal_value = account, deal_value


@pytest.mark.parametrize(
    ("deals", "value"),
    [
        ([], 0),
        ([("", None), ("Dairyland", None)], 0),
        ([("", 10), ("", 10)], 20),
        ([("Dairyland", 10), ("Lattebella", 5)], 15),
        ([("Dairyland", 10), ("  dairyland ", 30), ("DAIRYLAND", None)], 30),
        ([("Great Lakes  Water", 10), ("great lakes water", 10)], 10),
    ],
)
def test_the_same_account_counts_once_with_its_highest_value(deals, value):
    assert worth(Deal(*deal) for deal in deals) == value


# Who gets the mails


def test_every_backer_gets_the_answer_once_and_undo_calls_all_back(
    northwind, ask, hannah, outbox, thursday
):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    actions.back_request(request, by=hannah)
    decision = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    assert sorted(outbox()) == [
        ("intake.answer", "Chiara", "queued"),
        ("intake.answer", "Hannah", "queued"),
        ("intake.answer", "Sam", "queued"),
    ]
    actions.undo_decision(decision, by=northwind.mia)
    assert {state for _kind, _who, state in outbox()} == {"cancelled"}


def test_an_answer_that_one_of_them_has_is_not_undone(northwind, ask, outbox, thursday):
    from notifications.actions import deliver
    from notifications.models import OutboxItem

    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    decision = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    thursday.shift(61)
    deliver(OutboxItem.objects.get(recipient=northwind.chiara))
    with pytest.raises(ValidationError) as error:
        actions.undo_decision(decision, by=northwind.mia)
    assert code_of(error) == "too_late"
    assert sorted(outbox()) == [
        ("intake.answer", "Chiara", "sent"),
        ("intake.answer", "Sam", "queued"),
    ]


def test_who_left_gets_no_answer(northwind, ask, outbox):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    people.deactivate_member(northwind.chiara, by=northwind.mia)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    assert outbox() == [("intake.answer", "Sam", "queued")]


def test_every_backer_hears_that_it_is_delivered(northwind, ask, outbox, sprint):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    task = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1).task
    backlog.start_sprint(sprint, by=northwind.mia, version=sprint.version)
    task.refresh_from_db()
    task = backlog.pull_task(
        task, by=northwind.mia, version=task.version, sprint=sprint, reason="Now."
    )
    backlog.move_task(
        task, by=northwind.mia, version=task.version, column=northwind.column("done"), to_end=True
    )
    actions.follow_work()
    delivered = [row for row in sorted(outbox()) if row[0] == "intake.delivered"]
    assert delivered == [
        ("intake.delivered", "Chiara", "queued"),
        ("intake.delivered", "Sam", "queued"),
    ]
    task.refresh_from_db()
    backlog.move_task(
        task, by=northwind.mia, version=task.version, column=northwind.column("todo"), to_end=True
    )
    actions.follow_work()
    delivered = [row[2] for row in outbox() if row[0] == "intake.delivered"]
    assert delivered == ["cancelled", "cancelled"]
