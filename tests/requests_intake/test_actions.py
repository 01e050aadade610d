from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from activity.changes import Stale
from activity.models import Activity, Cursor
from backlog import actions as backlog
from backlog.models import Task
from notifications.actions import deliver
from notifications.models import OutboxItem
from people.models import Workspace
from requests_intake import actions
from requests_intake.actions import following, telling
from requests_intake.models import Decision, Request, RequestTask
from tests.factories import make_sprint, make_task


def verbs() -> list[str]:
    return list(Activity.objects.order_by("seq").values_list("verb", flat=True))


# Asking


def test_a_request_is_numbered_and_knows_when_its_answer_is_due(northwind, ask):
    first, second = ask(northwind.sam), ask(northwind.chiara, title="A webinar in Danish")
    assert [first.key, second.key] == ["REQ-1", "REQ-2"]
    assert first.answer_due_at == datetime(2026, 12, 14, 16, 0, tzinfo=UTC)
    assert first.requester == first.entered_by == northwind.sam
    assert Activity.objects.get(seq=1).data == {"key": "REQ-1", "requester": northwind.sam.pk}


def test_the_same_submission_twice_is_one_request(northwind, thursday):
    once = {"submission_id": uuid.uuid4(), "title": "Slides for dairies"}
    first = actions.submit_request(northwind.workspace, by=northwind.sam, **once)
    again = actions.submit_request(northwind.workspace, by=northwind.sam, **once)
    assert again == first
    assert Request.objects.count() == 1
    assert verbs() == ["request_submitted"]


@pytest.fixture
def shared(transactional_db, request):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    return request.getfixturevalue("northwind")


def at_once(work, times: int = 8) -> list[object]:
    """Do the same in many threads that start together; return what came of each."""
    barrier, results = threading.Barrier(times), []

    def do() -> None:
        try:
            barrier.wait(timeout=10)
            results.append(work())
        except Exception as error:  # noqa: BLE001  the test looks at what came
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_the_same_submission_in_parallel_is_one_request(shared):
    once = {"submission_id": uuid.uuid4(), "title": "Slides for dairies"}

    def send() -> str:
        workspace = Workspace.objects.get(pk=shared.workspace.pk)
        return actions.submit_request(workspace, by=shared.sam, **once).key

    assert at_once(send) == ["REQ-1"] * 8
    assert Request.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_many_who_answer_at_once_one_does_and_the_others_are_told(shared):
    request = actions.submit_request(
        shared.workspace, by=shared.sam, submission_id=uuid.uuid4(), title="Slides for dairies"
    )

    def answer() -> Decision:
        seen = Request.objects.select_related("workspace").get(pk=request.pk)
        return actions.accept_request(seen, by=shared.mia, words="Yes.", version=1)

    results = at_once(answer)
    assert sum(isinstance(result, Decision) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 7
    assert Task.objects.count() == OutboxItem.objects.count() == 1


def test_a_rep_asks_for_a_colleague(northwind, ask):
    request = ask(northwind.sam, requester=northwind.chiara)
    assert (request.requester, request.entered_by) == (northwind.chiara, northwind.sam)


def test_a_marketer_writes_down_what_a_rep_says_but_asks_for_nothing_himself(northwind, ask):
    assert ask(northwind.mia, requester=northwind.sam).requester == northwind.sam
    with pytest.raises(ValidationError) as error:
        ask(northwind.mia)
    assert error.value.error_dict["requester"][0].code == "unknown_rep"


def test_nobody_asks_for_somebody_of_another_workspace(northwind, fjord, ask):
    with pytest.raises(ValidationError):
        ask(northwind.sam, requester=fjord.ola)


def test_managers_do_not_submit(northwind, ask):
    with pytest.raises(PermissionDenied):
        ask(northwind.grace, requester=northwind.sam)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("needed_by", date(2026, 12, 8), "past"),
        ("deal_value", 100_000_001, "max_value"),
        ("budget", -1, "min_value"),
        ("kind", "spaceship", "invalid_choice"),
        ("heard", "x" * 4_001, "max_length"),
    ],
)
def test_a_request_keeps_its_limits(northwind, ask, field, value, code):
    with pytest.raises(ValidationError) as error:
        ask(northwind.sam, **{field: value})
    assert error.value.error_dict[field][0].code == code
    assert not Request.objects.exists()


def test_the_day_is_not_over_for_a_rep_in_the_west(northwind, ask, thursday):
    thursday.move_to(datetime(2026, 12, 11, 3, 0, tzinfo=UTC))  # still Thursday in Chicago
    assert ask(northwind.sam, needed_by=date(2026, 12, 10)).needed_by == date(2026, 12, 10)


# Answering


def test_accepting_makes_a_task_and_keeps_the_answer(northwind, ask, outbox):
    request = ask(northwind.sam, heard="Does it work with milk?", deal_value=40_000)
    decision = actions.accept_request(request, by=northwind.mia, words="Yes, Sam.", version=1)
    task = Task.objects.get()
    assert decision.made_task
    assert (task.title, task.sprint, task.promised_sprint) == ("Slides for dairies", None, None)
    assert "Does it work with milk?" in task.description
    assert (task.origin_name, task.origin_backers, task.origin_value) == (
        "Sam Whitfield",
        0,
        40_000,
    )
    request.refresh_from_db()
    assert (request.state, request.version, request.decision) == ("accepted", 2, decision)
    assert outbox() == [("intake.answer", "Sam", "queued")]
    assert verbs()[-1] == "request_accepted"


def test_planning_promises_a_sprint_and_leaves_the_task_in_the_backlog(northwind, ask, sprint):
    request = ask(northwind.sam)
    decision = actions.plan_request(
        request, by=northwind.mia, words="In sprint 14.", version=1, sprint=sprint
    )
    task = Task.objects.get()
    assert (task.sprint, task.promised_sprint) == (None, sprint)
    assert decision.sprint == sprint
    request.refresh_from_db()
    assert (request.state, request.told_sprint, request.told_until) == (
        "planned",
        sprint,
        date(2026, 12, 30),
    )


def test_declining_needs_a_reason_and_makes_nothing(northwind, ask):
    request = ask(northwind.sam)
    with pytest.raises(ValidationError):
        actions.decline_request(request, by=northwind.mia, words="No.", version=1, reason="")
    decision = actions.decline_request(
        request, by=northwind.mia, words="Not this year.", version=1, reason="over_budget"
    )
    assert (decision.kind, decision.reason) == ("decline", "over_budget")
    assert not Task.objects.exists()


def test_an_answer_needs_words(northwind, ask):
    request = ask(northwind.sam)
    with pytest.raises(ValidationError) as error:
        actions.accept_request(request, by=northwind.mia, words="  \n ", version=1)
    assert error.value.error_dict["words"][0].code == "no_words"
    assert not Task.objects.exists()
    assert not OutboxItem.objects.exists()


def test_the_second_to_answer_is_told_and_changes_nothing(northwind, ask, outbox):
    request = ask(northwind.sam)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    with pytest.raises(Stale) as stale:
        actions.decline_request(
            request, by=northwind.lena, words="No.", version=1, reason="not_now"
        )
    assert stale.value.current.decision.decided_by == northwind.mia
    assert Decision.objects.count() == 1
    assert len(outbox()) == 1


@pytest.mark.parametrize("who", ["sam", "chiara"])
def test_sales_does_not_answer(northwind, ask, who):
    request = ask(northwind.sam)
    with pytest.raises(PermissionDenied):
        actions.accept_request(request, by=northwind.people[who], words="Yes.", version=1)


def test_a_manager_answers_only_what_is_overdue(northwind, ask, sprint, thursday):
    request = ask(northwind.sam)
    with pytest.raises(PermissionDenied):
        actions.accept_request(request, by=northwind.grace, words="Yes.", version=1)
    thursday.move_to(datetime(2026, 12, 14, 16, 1, tzinfo=UTC))
    decision = actions.plan_request(
        request, by=northwind.grace, words="In sprint 14.", version=1, sprint=sprint
    )
    assert decision.decided_by == northwind.grace
    assert Activity.objects.get(verb="task_created").actor == northwind.grace


def test_a_manager_still_makes_no_tasks_of_his_own(northwind, ask, thursday):
    request = ask(northwind.sam)
    thursday.move_to(datetime(2026, 12, 15, 16, 0, tzinfo=UTC))
    actions.accept_request(request, by=northwind.grace, words="Yes.", version=1)
    with pytest.raises(PermissionDenied):
        backlog.create_task(northwind.workspace, by=northwind.grace, title="Mine")


def test_several_requests_share_one_task(northwind, ask, sprint):
    first = ask(northwind.sam, deal_value=40_000)
    second = ask(northwind.chiara, title="Dairy slides", deal_value=55_000)
    third = ask(northwind.sam, title="And beer")
    task = actions.accept_request(first, by=northwind.mia, words="Yes.", version=1).task
    for request in (second, third):
        actions.plan_request(
            request, by=northwind.mia, words="Joined.", version=1, sprint=sprint, task=task
        )
    task.refresh_from_db()
    assert Task.objects.count() == 1
    assert (task.origin_name, task.origin_backers, task.origin_value) == (
        "Sam Whitfield",
        1,
        95_000,
    )
    assert task.promised_sprint == sprint


def test_a_task_in_another_sprint_is_not_promised_for_this_one(northwind, ask, sprint):
    later = make_sprint(
        northwind.workspace, 15, starts_on=date(2026, 12, 31), ends_on=date(2027, 1, 13)
    )
    task = make_task(northwind.workspace, sprint=later)
    with pytest.raises(ValidationError) as error:
        actions.plan_request(
            ask(northwind.sam), by=northwind.mia, words="Yes.", version=1, sprint=sprint, task=task
        )
    assert error.value.code == "elsewhere"
    assert not RequestTask.objects.exists()


def test_a_foreign_task_is_unknown(northwind, fjord, ask):
    task = make_task(fjord.workspace)
    with pytest.raises(ValidationError) as error:
        actions.accept_request(
            ask(northwind.sam), by=northwind.mia, words="Yes.", version=1, task=task
        )
    assert error.value.error_dict["task"][0].code == "unknown_task"


@pytest.fixture
def running(northwind, thursday):
    """A sprint that runs, with ten committed points: two may come in unplanned."""
    sprint = make_sprint(northwind.workspace, 13)
    make_task(northwind.workspace, points=10, sprint=sprint)
    return backlog.start_sprint(sprint, by=northwind.mia, version=1)


def test_the_running_sprint_asks_why(northwind, ask, running):
    request = ask(northwind.sam)
    with pytest.raises(ValidationError) as error:
        actions.plan_request(request, by=northwind.mia, words="Now.", version=1, sprint=running)
    assert error.value.code == "reason_needed"
    assert Task.objects.count() == 1
    assert not Decision.objects.exists()
    actions.plan_request(
        request, by=northwind.mia, words="Now.", version=1, sprint=running, reason="The fair"
    )
    task = Task.objects.get(title=request.title)
    assert (task.sprint, task.is_unplanned, task.unplanned_reason) == (running, True, "The fair")


def test_beyond_the_allowance_something_goes_out_or_somebody_says_why(northwind, ask, running):
    request = ask(northwind.sam)
    plan = {
        "by": northwind.mia,
        "words": "Now.",
        "version": 1,
        "sprint": running,
        "reason": "The fair",
        "task_fields": {"points": 5},
    }
    with pytest.raises(ValidationError) as error:
        actions.plan_request(request, **plan)
    assert error.value.code == "over_allowance"
    out = Task.objects.get(points=10)
    actions.plan_request(request, **plan, swap_out=out)
    out.refresh_from_db()
    assert out.sprint is None


# Undoing


def test_an_answer_is_taken_back_before_it_leaves(northwind, ask, outbox, sprint):
    request = ask(northwind.sam)
    decision = actions.plan_request(
        request, by=northwind.mia, words="In 14.", version=1, sprint=sprint
    )
    actions.undo_decision(decision, by=northwind.mia)
    request = Request.objects.get()
    assert (request.state, request.answered_at, request.told_sprint) == ("waiting", None, None)
    assert request.decision is None
    assert Task.objects.get().archived_at is not None
    assert not RequestTask.objects.exists()
    assert outbox() == [("intake.answer", "Sam", "cancelled")]


def test_a_new_answer_after_an_undone_one_is_mailed_on_its_own(northwind, ask, outbox):
    request = ask(northwind.sam)
    slip = actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    request = actions.undo_decision(slip, by=northwind.mia)
    actions.decline_request(
        request, by=northwind.mia, words="No.", version=request.version, reason="not_now"
    )
    assert outbox() == [("intake.answer", "Sam", "cancelled"), ("intake.answer", "Sam", "queued")]


def test_what_left_the_house_is_not_taken_back(northwind, ask, thursday):
    decision = actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    thursday.shift(timedelta(seconds=61))
    sent = []
    deliver(OutboxItem.objects.get(), send=sent.append)
    assert len(sent) == 1
    with pytest.raises(ValidationError) as error:
        actions.undo_decision(decision, by=northwind.mia)
    assert error.value.code == "too_late"
    assert Request.objects.get().state == "accepted"


def test_the_mail_waits_a_minute(northwind, ask, thursday):
    actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    sent = []
    thursday.shift(timedelta(seconds=59))
    deliver(OutboxItem.objects.get(), send=sent.append)
    assert sent == []


def test_a_task_that_somebody_touched_survives_the_undo(northwind, ask):
    decision = actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    task = decision.task
    task.refresh_from_db()
    backlog.edit_task(task, by=northwind.lena, version=task.version, points=3)
    actions.undo_decision(decision, by=northwind.mia)
    task.refresh_from_db()
    assert task.archived_at is None
    assert (task.origin_name, task.origin_value) == ("", 0)


def test_undoing_leaves_the_task_to_the_others_who_asked(northwind, ask, sprint):
    first = ask(northwind.sam, deal_value=10)
    second = ask(northwind.chiara, deal_value=20)
    task = actions.plan_request(
        first, by=northwind.mia, words="In 14.", version=1, sprint=sprint
    ).task
    joined = actions.accept_request(second, by=northwind.mia, words="Too.", version=1, task=task)
    actions.undo_decision(joined, by=northwind.mia)
    task.refresh_from_db()
    assert task.archived_at is None
    assert (task.origin_backers, task.origin_value) == (0, 10)
    assert task.promised_sprint == sprint


def test_an_answer_is_undone_once(northwind, ask):
    decision = actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    actions.undo_decision(decision, by=northwind.mia)
    with pytest.raises(ValidationError):
        actions.undo_decision(decision, by=northwind.mia)


def test_an_undone_answer_takes_the_news_of_its_delivery_with_it(northwind, ask, outbox):
    """Joined to work that is done, a request is delivered before a slip can be noticed."""
    task = make_task(northwind.workspace, column=northwind.column("done"))
    request = ask(northwind.sam)
    decision = actions.accept_request(
        request, by=northwind.mia, words="It is there.", version=1, task=task
    )
    backlog.add_deliverable(task, by=northwind.mia, label="Flyer", url="https://example.org/")
    actions.follow_work()
    assert outbox()[-1] == ("intake.delivered", "Sam", "queued")

    actions.undo_decision(decision, by=northwind.mia)

    assert {state for _kind, _who, state in outbox()} == {"cancelled"}
    request.refresh_from_db()
    assert request.delivered_at is None


# Following the work


@pytest.fixture
def planned(northwind, ask, sprint):
    """Sam's request, planned for sprint 14, which runs with its task in it."""
    request = ask(northwind.sam)
    actions.plan_request(request, by=northwind.mia, words="In 14.", version=1, sprint=sprint)
    task = Task.objects.get()
    task = backlog.pull_task(task, by=northwind.mia, version=task.version, sprint=sprint)
    actions.follow_work()
    return request, task


def move(task: Task, world, category: str) -> Task:
    task.refresh_from_db()
    return backlog.move_task(
        task, by=world.mia, version=task.version, column=world.column(category)
    )


def run(sprint, world):
    return backlog.start_sprint(sprint, by=world.mia, version=sprint.version)


def test_done_tasks_deliver_their_request_and_the_news_waits_ten_minutes(
    northwind, planned, sprint, outbox, thursday
):
    request, task = planned
    run(sprint, northwind)
    move(task, northwind, "done")
    actions.follow_work()
    request.refresh_from_db()
    assert request.delivered_at == datetime(2026, 12, 10, 13, 32, tzinfo=UTC)
    assert outbox()[1:] == [("intake.delivered", "Sam", "queued")]
    item = OutboxItem.objects.get(kind="intake.delivered")
    assert item.not_before == datetime(2026, 12, 10, 13, 42, tzinfo=UTC)


def test_following_twice_says_it_once(northwind, planned, sprint, outbox):
    _request, task = planned
    run(sprint, northwind)
    move(task, northwind, "done")
    for _again in range(3):
        actions.follow_work()
    assert [kind for kind, _who, _state in outbox()] == ["intake.answer", "intake.delivered"]
    assert verbs().count("request_delivered") == 1


def test_one_request_that_cannot_be_followed_does_not_hold_up_the_others(
    northwind, ask, planned, sprint, monkeypatch
):
    request, task = planned
    other = ask(northwind.chiara, "A battle card")
    actions.accept_request(other, by=northwind.mia, words="Yes.", version=1, task=task)
    run(sprint, northwind)
    move(task, northwind, "done")
    queue = telling.queue_mail

    def broken(record, **mail):
        if mail["recipient"] == northwind.sam:
            raise RuntimeError
        return queue(record, **mail)

    monkeypatch.setattr(telling, "queue_mail", broken)
    actions.follow_work()
    for one, delivered in ((request, False), (other, True)):
        one.refresh_from_db()
        assert (one.delivered_at is not None, one.notices) == (delivered, int(delivered))
    assert Cursor.objects.get().seq > 0

    monkeypatch.undo()
    move(make_task(northwind.workspace, sprint=sprint), northwind, "doing")
    actions.follow_work()
    request.refresh_from_db()
    assert request.delivered_at is not None


def test_one_workspace_in_trouble_does_not_hold_up_the_others(
    northwind, fjord, planned, sprint, monkeypatch
):
    backlog.create_task(fjord.workspace, by=fjord.ola, title="A film")
    run(sprint, northwind)
    seen = dict(Cursor.objects.values_list("workspace", "seq"))
    look = following._look

    def broken(workspace):
        if workspace.pk == northwind.workspace.pk:
            raise RuntimeError
        return look(workspace)

    monkeypatch.setattr(following, "_look", broken)
    actions.follow_work()
    now = dict(Cursor.objects.values_list("workspace", "seq"))
    assert now[northwind.workspace.pk] == seen[northwind.workspace.pk]
    assert now[fjord.workspace.pk] > seen.get(fjord.workspace.pk, 0)


def test_a_job_that_lost_its_place_says_nothing_twice(northwind, planned, sprint, outbox):
    _request, task = planned
    run(sprint, northwind)
    move(task, northwind, "done")
    actions.follow_work()
    from tests.arranging import arranging

    with arranging():
        Cursor.objects.update(seq=0)
    actions.follow_work()
    assert len(outbox()) == 2


def test_a_slip_of_the_mouse_tells_nobody(northwind, planned, sprint, outbox):
    request, task = planned
    run(sprint, northwind)
    move(task, northwind, "done")
    actions.follow_work()
    move(task, northwind, "doing")
    actions.follow_work()
    request.refresh_from_db()
    assert request.delivered_at is None
    assert request.taken_back_at is not None
    assert outbox()[1:] == [("intake.delivered", "Sam", "cancelled")]
    move(task, northwind, "done")
    actions.follow_work()
    assert outbox()[1:] == [
        ("intake.delivered", "Sam", "cancelled"),
        ("intake.delivered", "Sam", "queued"),
    ]


def test_a_request_of_two_tasks_is_delivered_with_the_last(northwind, planned, sprint):
    request, task = planned
    run(sprint, northwind)
    other = make_task(northwind.workspace, "The second half", sprint=sprint)
    from tests.arranging import arranging

    with arranging():
        RequestTask.objects.create(workspace=northwind.workspace, request=request, task=other)
    move(task, northwind, "done")
    actions.follow_work()
    request.refresh_from_db()
    assert request.delivered_at is None
    move(other, northwind, "done")
    actions.follow_work()
    request.refresh_from_db()
    assert request.delivered_at is not None


def end(sprint, world, carry_to: str = "next"):
    from activity.changes import SYSTEM, change

    sprint.refresh_from_db()
    with change(sprint.workspace, by=SYSTEM) as record:
        return backlog.end_sprint(sprint, by=SYSTEM, record=record, carry_to=carry_to)


def test_a_carried_over_promise_is_told_once(northwind, planned, sprint, outbox):
    request, _task = planned
    run(sprint, northwind)
    after = end(sprint, northwind).next_sprint
    for _again in range(2):
        actions.follow_work()
    request.refresh_from_db()
    assert (request.told_sprint, request.told_until) == (after, after.ends_on)
    assert outbox()[1:] == [("intake.moved", "Sam", "queued")]


def test_a_promise_that_fell_back_into_the_backlog_is_told(northwind, planned, sprint, outbox):
    request, _task = planned
    run(sprint, northwind)
    end(sprint, northwind, carry_to="backlog")
    actions.follow_work()
    request.refresh_from_db()
    assert (request.told_sprint, request.told_until) == (None, None)
    assert outbox()[1:] == [("intake.moved", "Sam", "queued")]


def test_moved_edges_of_a_sprint_are_told_to_who_holds_a_promise_in_it(
    northwind, planned, sprint, outbox
):
    request, _task = planned
    sprint.refresh_from_db()
    backlog.edit_sprint(sprint, by=northwind.mia, version=sprint.version, ends_on=date(2027, 1, 3))
    actions.follow_work()
    request.refresh_from_db()
    assert request.told_until == date(2027, 1, 3)
    assert outbox()[1:] == [("intake.moved", "Sam", "queued")]


def test_what_moved_and_came_back_in_time_is_no_news(northwind, planned, sprint, outbox):
    request, task = planned
    task.refresh_from_db()
    from tests.arranging import arranging

    with arranging():
        Task.objects.update(promised_sprint=None)
    task = backlog.return_task(task, by=northwind.mia, version=task.version)
    actions.follow_work()
    backlog.pull_task(task, by=northwind.mia, version=task.version, sprint=sprint)
    actions.follow_work()
    request.refresh_from_db()
    assert request.told_sprint == sprint
    assert outbox()[1:] == [("intake.moved", "Sam", "cancelled")]


def test_a_promise_whose_task_is_archived_is_told(northwind, ask, sprint, outbox):
    request = ask(northwind.sam)
    actions.plan_request(request, by=northwind.mia, words="In 14.", version=1, sprint=sprint)
    actions.follow_work()
    task = Task.objects.get()
    backlog.archive_task(task, by=northwind.mia, version=task.version)
    actions.follow_work()
    assert outbox()[1:] == [("intake.moved", "Sam", "queued")]


def test_a_request_without_a_promise_gets_no_mail_about_dates(northwind, ask, sprint, outbox):
    actions.accept_request(ask(northwind.sam), by=northwind.mia, words="Yes.", version=1)
    task = Task.objects.get()
    backlog.pull_task(task, by=northwind.mia, version=task.version, sprint=sprint)
    actions.follow_work()
    assert outbox() == [("intake.answer", "Sam", "queued")]


def test_a_workspace_where_nothing_happened_is_left_alone(northwind, fjord, ask):
    ask(northwind.sam)
    assert actions.follow_work() == 1
    assert actions.follow_work() == 0


# Jobs


@pytest.mark.django_db(transaction=True)
def test_a_move_rings_the_job_that_follows_and_a_request_does_not(northwind, monkeypatch):
    from requests_intake import apps

    rung = []
    monkeypatch.setattr("activity.doorbell.ring", lambda job, *args: rung.append((job, args)))
    actions.submit_request(
        northwind.workspace, by=northwind.sam, submission_id=uuid.uuid4(), title="Slides"
    )
    assert rung == []
    backlog.create_task(northwind.workspace, by=northwind.mia, title="A task")
    assert rung == [(apps.FOLLOW, (northwind.workspace.pk,))]


def test_the_jobs_follow_the_work(northwind, planned, sprint, outbox):
    from requests_intake import jobs

    _request, task = planned
    run(sprint, northwind)
    move(task, northwind, "done")
    jobs.follow(northwind.workspace.pk)
    jobs.follow(northwind.workspace.pk + 999)
    jobs.sweep()
    assert [kind for kind, _who, _state in outbox()] == ["intake.answer", "intake.delivered"]


def test_the_rings_name_jobs_that_exist(settings):
    from requests_intake import apps, jobs

    assert apps.FOLLOW.task == jobs.follow.name
    assert jobs.sweep.name == "requests_intake.jobs.sweep"


def test_what_a_rep_pasted_never_keeps_a_request_from_its_answer(northwind):
    wide = "|" + "a|" * 60 + "\n|" + "-|" * 60 + "\n|" + "b|" * 60
    request = actions.submit_request(
        northwind.workspace,
        by=northwind.sam,
        submission_id=uuid.uuid4(),
        title="A table with many columns",
        heard=wide,
    )
    decision = actions.accept_request(
        request, by=northwind.mia, version=request.version, words="Yes, we look at it."
    )
    assert decision.task is not None
    assert "<table" not in decision.task.description_html
    assert decision.task.description_html.count("a|") == 60
