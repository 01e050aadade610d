"""Impediments: who may raise, hand over and resolve them, when they escalate, what they show."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.changes import Stale
from activity.models import Activity
from backlog import actions, board
from backlog.models import Ending, Impediment, Task
from conversation.actions import add_comment
from notifications import mails
from notifications.models import Notice, OutboxItem, OutboxState, Topic
from people.actions import deactivate_member, reactivate_member
from people.models import Role
from tests.arranging import arranging
from tests.factories import hang_file, make_member, make_sprint, make_task, make_tasks

# A Tuesday, 10:00 in Stockholm
TUESDAY = datetime(2026, 12, 8, 9, tzinfo=UTC)
REASON = "CRM must send the account list"
# Session, user, membership, and the two of the frame (requests waiting, other workspaces)
FRAME = 5


@pytest.fixture
def running(northwind):
    return make_sprint(northwind.workspace, state="active", committed_points=50)


@pytest.fixture
def task(northwind, running):
    return make_task(northwind.workspace, "Invite 140 key accounts", sprint=running)


@pytest.fixture
def impediment(northwind, task):
    with time_machine.travel(TUESDAY, tick=False):
        return actions.block_task(task, by=northwind.lena, reason=REASON)


def fresh(task):
    return Task.objects.select_related("workspace", "sprint", "column", "blocked_owner").get(
        pk=task.pk
    )


def shown(task):
    """Return what the card says of it, which must be what the rows say."""
    task = fresh(task)
    found = Impediment.objects.filter(task=task).open().select_related("workspace").first()
    kept = (task.blocked_reason, task.blocked_on, task.blocked_owner_id, task.is_escalated)
    if found is None:
        assert kept == ("", None, None, False)
        return None
    day = found.raised_at.astimezone(found.workspace.zone).date()
    owner = found.owner_id if found.has_owner else None
    assert kept == (found.reason, day, owner, found.is_escalated)
    return found


def code_of(caught):
    error = caught.value
    if hasattr(error, "error_dict"):
        return next(iter(error.error_dict.values()))[0].code
    return error.code


# Raising it ------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_blocked_task_says_why_since_when_and_who_helps(northwind, task, impediment):
    assert shown(task) == impediment
    assert (impediment.owner, impediment.raised_by) == (northwind.grace, northwind.lena)
    assert impediment.raised_at == TUESDAY
    # two working days, as Thursday ends in Stockholm
    assert impediment.escalates_at == datetime(2026, 12, 10, 16, tzinfo=UTC)
    told = Activity.objects.about(task).first()
    assert (told.verb, told.data["reason"]) == ("task_blocked", REASON)
    assert told.data["owner_name"] == "Grace"
    assert fresh(task).version == task.version  # nobody's edit is stale


def test_without_a_manager_whoever_raises_it_owns_it(northwind, task):
    with arranging():
        northwind.grace.is_active = False
        northwind.grace.save()
    raised = actions.block_task(task, by=northwind.lena, reason=REASON)
    assert raised.owner == northwind.lena
    assert not OutboxItem.objects.exists()  # he knows


@pytest.mark.parametrize(
    ("reason", "code"),
    [("", "required"), ("  ", "required"), ("x" * 201, "max_length"), ("a\x00b", "control")],
)
def test_a_reason_is_needed(northwind, task, reason, code):
    with pytest.raises(ValidationError) as caught:
        actions.block_task(task, by=northwind.lena, reason=reason)
    assert code_of(caught) == code
    assert shown(task) is None


@pytest.mark.both_databases
def test_a_task_is_blocked_by_one_thing_at_a_time(northwind, task, impediment):
    with pytest.raises(ValidationError, match=REASON) as caught:
        actions.block_task(task, by=northwind.mia, reason="The printer is broken")
    assert code_of(caught) == "already_blocked"
    assert shown(task) == impediment


def test_what_is_done_or_archived_is_not_blocked(northwind, running):
    done = make_task(northwind.workspace, sprint=running, column=northwind.column("done"))
    with pytest.raises(ValidationError) as caught:
        actions.block_task(done, by=northwind.lena, reason=REASON)
    assert code_of(caught) == "already_done"
    away = make_task(northwind.workspace)
    actions.archive_task(away, by=northwind.lena, version=1)
    with pytest.raises(ValidationError) as caught:
        actions.block_task(away, by=northwind.lena, reason=REASON)
    assert code_of(caught) == "archived"


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketers_say_that_something_blocks(northwind, task, who):
    with pytest.raises(PermissionDenied):
        actions.block_task(task, by=getattr(northwind, who), reason=REASON)


def test_nobody_of_elsewhere_or_of_the_past_becomes_owner(northwind, fjord, task):
    gone = make_member(northwind.workspace, "Gone Girl", "manager")
    with arranging():
        gone.is_active = False
        gone.save()
    for owner in (fjord.ola, gone):
        with pytest.raises(ValidationError):
            actions.block_task(task, by=northwind.lena, reason=REASON, owner=owner)
    assert shown(task) is None


# Handing over, resolving -----------------------------------------------------------------------


def test_the_owner_hands_it_over_and_the_next_one_is_told(northwind, task, impediment):
    first = OutboxItem.objects.get()
    assert (first.recipient, first.not_before) == (northwind.grace, TUESDAY + timedelta(minutes=1))
    with time_machine.travel(TUESDAY + timedelta(seconds=30), tick=False):
        given = actions.edit_impediment(
            impediment, by=northwind.grace, version=impediment.version, owner=northwind.sam
        )
    assert shown(task).owner == northwind.sam
    first.refresh_from_db()
    assert first.state == OutboxState.CANCELLED
    assert OutboxItem.objects.get(state=OutboxState.QUEUED).recipient == northwind.sam
    told = Activity.objects.about(task).first()
    assert told.verb == "impediment_handed_over"
    assert (told.data["from_name"], told.data["owner_name"]) == ("Grace", "Sam")
    with pytest.raises(Stale):
        actions.edit_impediment(given, by=northwind.lena, version=1, reason="Another")


def test_a_reason_can_be_put_right(northwind, task, impediment):
    actions.edit_impediment(impediment, by=northwind.lena, version=1, reason="Sam has the list")
    assert shown(task).reason == "Sam has the list"
    assert OutboxItem.objects.count() == 1
    with pytest.raises(ValidationError):
        actions.edit_impediment(impediment, by=northwind.lena, version=2, reason=" ")


@pytest.mark.parametrize("who", ["lena", "mia", "grace", "chiara"])
def test_marketers_managers_and_the_owner_resolve_it(northwind, task, impediment, who):
    actions.edit_impediment(impediment, by=northwind.mia, version=1, owner=northwind.chiara)
    member = getattr(northwind, who)
    done = actions.resolve_impediment(impediment, by=member, how="Called the CRM team")
    assert shown(task) is None
    assert (done.resolved_by, done.ending) == (member, Ending.SOLVED)
    told = Activity.objects.about(task).first()
    assert (told.verb, told.data["how"]) == ("task_unblocked", "Called the CRM team")
    assert set(OutboxItem.objects.values_list("state", flat=True)) == {OutboxState.CANCELLED}


def test_other_sellers_do_not_resolve_it(northwind, impediment):
    with pytest.raises(PermissionDenied):
        actions.resolve_impediment(impediment, by=northwind.sam)
    with pytest.raises(PermissionDenied):
        actions.edit_impediment(impediment, by=northwind.sam, version=1, owner=northwind.sam)


@pytest.mark.both_databases
def test_it_is_resolved_once_and_its_history_stays(northwind, task, impediment):
    actions.resolve_impediment(impediment, by=northwind.grace, how="Called")
    with pytest.raises(ValidationError) as caught:
        actions.resolve_impediment(impediment, by=northwind.lena, how="Me too")
    assert code_of(caught) == "resolved"
    again = actions.block_task(task, by=northwind.lena, reason="Now the printer")
    assert [found.reason for found in task.impediments.order_by("pk")] == [REASON, again.reason]
    with pytest.raises(ValidationError) as caught:
        actions.reopen_impediment(impediment, by=northwind.lena)
    assert code_of(caught) == "already_blocked"


def test_taking_it_back_keeps_its_age(northwind, task, impediment):
    actions.resolve_impediment(impediment, by=northwind.lena)
    actions.reopen_impediment(impediment, by=northwind.lena)
    assert shown(task).raised_at == TUESDAY
    assert OutboxItem.objects.get().state == OutboxState.QUEUED  # the one mail, not a second


# What happens to its task ----------------------------------------------------------------------


def test_what_is_done_is_blocked_by_nothing(northwind, task, impediment):
    actions.move_task(task, by=northwind.lena, version=1, column=northwind.column("review"))
    assert shown(task) == impediment
    actions.move_task(task, by=northwind.lena, version=2, column=northwind.column("done"))
    assert shown(task) is None
    impediment.refresh_from_db()
    assert (impediment.ending, impediment.resolved_by) == (Ending.DONE, northwind.lena)


@pytest.mark.parametrize("many", [False, True])
def test_what_is_archived_is_blocked_by_nothing(northwind, task, impediment, many):
    if many:
        actions.bulk_archive(northwind.workspace, by=northwind.lena, task_ids=[task.pk])
    else:
        actions.archive_task(task, by=northwind.lena, version=1)
    assert shown(task) is None
    impediment.refresh_from_db()
    assert impediment.ending == Ending.ARCHIVED


def test_the_end_of_a_sprint_carries_it_on(northwind, task, impediment):
    from reviews import actions as reviews

    following = make_sprint(northwind.workspace, 14)
    reviews.close_sprint(fresh(task).sprint, by=northwind.mia)
    assert fresh(task).sprint == following
    assert shown(task) == impediment


# Escalating ------------------------------------------------------------------------------------


def test_what_blocks_for_too_long_is_told_to_the_managers_once(northwind, task, impediment):
    ines = make_member(northwind.workspace, "Ines Duarte", "manager")
    actions.edit_impediment(impediment, by=northwind.mia, version=1, owner=northwind.sam)
    with time_machine.travel(impediment.escalates_at - timedelta(seconds=1), tick=False):
        actions.escalate()
        assert not shown(task).is_escalated
    with time_machine.travel(impediment.escalates_at, tick=False):
        actions.escalate()
        actions.escalate()
    assert shown(task).is_escalated
    told = OutboxItem.objects.filter(kind="backlog.escalated")
    assert {item.recipient for item in told} == {northwind.grace, ines, northwind.sam}
    assert told.count() == 3
    assert Activity.objects.filter(verb="impediment_escalated").get().actor is None


def test_managers_have_it_in_their_inbox_too(northwind, task, impediment, client_of):
    assert impediment.owner == northwind.grace
    nils = make_member(northwind.workspace, "Nils Berg", Role.MANAGER)
    with time_machine.travel(impediment.escalates_at, tick=False):
        actions.escalate()
        actions.escalate()
    told = Notice.objects.filter(topic=Topic.ESCALATION)
    assert {one.recipient for one in told} == {northwind.grace, nils}
    assert {(one.actor, one.due_at) for one in told} == {(northwind.lena, None)}
    assert sorted(Activity.objects.get(verb="impediment_escalated").data["told"]) == sorted(
        [northwind.grace.pk, nils.pk]
    )
    reader = client_of(nils)
    page = reader.get("/w/northwind/inbox/").content.decode()
    assert "needs somebody to remove what blocks" in page
    assert REASON in page
    opened = reader.post(reverse("notice_open", args=["northwind", told.get(recipient=nils).pk]))
    assert opened["Location"] == f"{task.get_absolute_url()}#task-blocked"
    actions.resolve_impediment(impediment, by=nils)
    assert f"Solved meanwhile: {REASON}" in reader.get("/w/northwind/inbox/").content.decode()


@pytest.mark.both_databases
def test_what_a_leaver_was_to_remove_is_nobody_s_and_escalates_at_once(northwind, task, client_of):
    with time_machine.travel(TUESDAY, tick=False):
        raised = actions.block_task(task, by=northwind.lena, reason=REASON, owner=northwind.chiara)
        deactivate_member(northwind.chiara, by=northwind.mia)
        actions.escalate()
        actions.escalate()
    found = shown(task)
    assert (found.has_owner, found.is_escalated) == (False, True)
    [mail] = OutboxItem.objects.filter(kind="backlog.escalated")
    assert mail.recipient == northwind.grace
    body = mails.message_for(OutboxItem.objects.with_recipient().get(pk=mail.pk)).body
    assert "Chiara Bianchi was to remove it and is no member any more." in body
    assert "working day" not in body
    grace = client_of(northwind.grace)
    assert (
        "Chiara has left, and nobody removes it"
        in grace.get("/w/northwind/inbox/").content.decode()
    )
    for page in ("/w/northwind/impediments/", task.get_absolute_url(), "/w/northwind/"):
        assert "Owner left" in grace.get(page).content.decode()
    drawn = board.render_card(board.card_rows(fresh(task).sprint)[0], TUESDAY.date())
    assert "its owner left" in drawn
    past = reverse("task_activity", args=["northwind", task.key])
    assert "told the managers that Chiara left" in grace.get(past).content.decode()
    typed = {"reason": REASON, "owner": northwind.grace.pk, "version": found.version}
    grace.post(reverse("task_block", args=["northwind", task.key]), typed)
    found = shown(task)
    assert (found.owner, found.has_owner, found.is_escalated) == (northwind.grace, True, False)
    with time_machine.travel(raised.escalates_at, tick=False):
        actions.escalate()
    assert shown(task).is_escalated
    assert OutboxItem.objects.filter(kind="backlog.escalated").count() == 2


def test_an_owner_who_comes_back_has_it_again(northwind, task):
    with time_machine.travel(TUESDAY, tick=False):
        raised = actions.block_task(task, by=northwind.lena, reason=REASON, owner=northwind.chiara)
        deactivate_member(northwind.chiara, by=northwind.mia)
        actions.escalate()
        reactivate_member(northwind.chiara, by=northwind.mia)
        actions.escalate()
        actions.escalate()
    found = shown(task)
    assert (found.owner, found.has_owner, found.is_escalated) == (northwind.chiara, True, False)
    assert Activity.objects.filter(verb="impediment_owner_back").count() == 1
    with time_machine.travel(raised.escalates_at, tick=False):
        actions.escalate()
    assert shown(task).is_escalated


def test_what_is_resolved_in_time_escalates_nowhere(northwind, impediment):
    actions.resolve_impediment(impediment, by=northwind.lena)
    with time_machine.travel(impediment.escalates_at + timedelta(days=9), tick=False):
        actions.escalate()
    assert not OutboxItem.objects.filter(kind="backlog.escalated").exists()


def test_the_workspace_says_how_long_is_too_long(northwind, task):
    with arranging():
        northwind.workspace.impediment_days = 1
        northwind.workspace.save()
    friday = datetime(2026, 12, 11, 20, tzinfo=UTC)  # after hours: counts from Monday
    with time_machine.travel(friday, tick=False):
        raised = actions.block_task(task, by=northwind.lena, reason=REASON)
    assert raised.escalates_at == datetime(2026, 12, 15, 16, tzinfo=UTC)


# The list --------------------------------------------------------------------------------------


def test_the_list_has_a_reader_s_own_first_then_what_escalated_then_the_oldest(northwind, running):
    raised = []
    for number, owner in enumerate((northwind.mia, northwind.grace, northwind.mia, northwind.mia)):
        task = make_task(northwind.workspace, f"Task {number}", sprint=running)
        with time_machine.travel(TUESDAY + timedelta(days=-number), tick=False):
            made = actions.block_task(task, by=northwind.lena, reason=f"R{number}", owner=owner)
        raised.append(made)
    with arranging():
        Impediment.objects.filter(pk=raised[0].pk).update(escalated_at=TUESDAY)
    actions.resolve_impediment(raised[3], by=northwind.lena)
    rows = Impediment.objects.visible_to(northwind.grace).open()
    assert [row.reason for row in rows.for_list(northwind.grace)] == ["R1", "R0", "R2"]
    assert [row.reason for row in rows.for_list(northwind.sam)] == ["R0", "R2", "R1"]
    assert [row.reason for row in rows.for_list()] == ["R0", "R2", "R1"]


# Mail ------------------------------------------------------------------------------------------


def test_the_mails_say_what_blocks_which_task(northwind, task, impediment):
    with arranging():
        Task.objects.filter(pk=task.pk).update(origin_name="Kenji Mori", origin_value=220_000)
    with time_machine.travel(impediment.escalates_at, tick=False):
        actions.edit_impediment(impediment, by=northwind.mia, version=1, owner=northwind.sam)
        actions.escalate()
    for item in OutboxItem.objects.exclude(state=OutboxState.CANCELLED):
        mail = mails.render(item)
        for words in (mail.html, mail.text):
            assert REASON in words
            assert "Kenji Mori in Sales asked for it" in words
            assert "220k" in words
            assert f"/tasks/{task.key}/" in words
        if item.kind == "backlog.escalated":
            is_owner = item.recipient == northwind.sam
            assert ("Sam Whitfield is the one" in mail.text) is not is_owner


# Pages -----------------------------------------------------------------------------------------

HTMX = {"HX-Request": "true"}


def at(target):
    return {**HTMX, "HX-Target": target}


def address(name, task, *more):
    return reverse(name, args=["northwind", task.key, *more])


def test_blocking_by_a_plain_form_and_taking_it_back(northwind, client_of, task):
    lena = client_of(northwind.lena)
    asked = lena.get(address("task_block", task))
    assert asked.status_code == 200
    assert asked.context["hangs"].block_form.initial["owner"] == northwind.grace.pk
    typed = {"reason": REASON, "owner": northwind.sam.pk, "next": "/w/northwind/board/"}
    answer = lena.post(address("task_block", task), typed)
    assert (answer.status_code, answer.url) == (302, "/w/northwind/board/")
    assert shown(task).owner == northwind.sam
    page = lena.get("/w/northwind/board/").content.decode()
    assert "is blocked. Sam is told in a minute." in page
    assert f'action="{address("task_unblock", task)}?undo=1"' in page
    assert "data-blocked" in page
    undone = lena.post(address("task_unblock", task) + "?undo=1", follow=True)
    assert shown(task) is None
    assert "is not blocked any more." in undone.content.decode()
    assert "undo=1" not in undone.content.decode()


def test_a_form_that_will_not_do_keeps_what_was_typed(northwind, client_of, task):
    lena = client_of(northwind.lena)
    plain = lena.post(address("task_block", task), {"reason": "x" * 201, "owner": northwind.mia.pk})
    assert plain.status_code == 422
    assert "x" * 201 in plain.content.decode()
    part = lena.post(address("task_block", task), {"owner": northwind.mia.pk}, headers=HTMX)
    assert part.status_code == 422
    assert part.content.decode().lstrip().startswith('<section id="task-blocked"')
    assert "Say what blocks it." in part.content.decode()


def test_in_the_drawer_the_part_is_answered(northwind, client_of, task):
    lena = client_of(northwind.lena)
    typed = {"reason": REASON, "owner": northwind.grace.pk}
    answer = lena.post(address("task_block", task), typed, headers=at("section#task-blocked"))
    page = answer.content.decode()
    assert REASON in page
    assert "<b>Grace Adeyemi</b> removes it" in page
    assert "is blocked" in answer.headers["HX-Trigger"]
    undone = lena.post(address("task_unblock", task), headers=at("div#board-live"))
    assert 'id="board-live"' in undone.content.decode()
    assert shown(task) is None


def test_what_somebody_else_said_meanwhile_is_shown_beside_what_was_typed(
    northwind, client_of, task, impediment
):
    actions.edit_impediment(impediment, by=northwind.mia, version=1, owner=northwind.sam)
    lena = client_of(northwind.lena)
    typed = {"reason": "My words", "owner": northwind.grace.pk, "version": 1}
    answer = lena.post(address("task_block", task), typed)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "with Sam. Save again to keep yours." in page
    assert 'value="My words"' in page
    assert shown(task).owner == northwind.sam
    lena.post(address("task_block", task), {**typed, "version": 2})
    assert (shown(task).reason, shown(task).owner) == ("My words", northwind.grace)


def test_everybody_reads_the_list_and_the_owner_acts_in_it(northwind, client_of, task, impediment):
    other = make_task(northwind.workspace, "Handout", origin_name="Sam Whitfield", points=5)
    actions.add_wait(make_task(northwind.workspace), by=northwind.mia, other=other)
    mine = actions.block_task(other, by=northwind.mia, reason="No list", owner=northwind.sam)
    page = client_of(northwind.chiara).get("/w/northwind/impediments/").content.decode()
    assert "2 tasks are blocked" in page
    assert "1 task waits for it" in page
    assert "Solved…" not in page
    sam = client_of(northwind.sam)
    part = sam.get("/w/northwind/impediments/", headers=at("div#impediments")).content.decode()
    assert part.lstrip().startswith('<div class="stack gap-6" id="impediments">')
    page = sam.get("/w/northwind/impediments/").content.decode()
    assert page.index("No list") < page.index(REASON)
    assert page.count("Solved…") == 1

    form = sam.get(address("task_block", other), headers=at(f"div#impediment-form-{mine.pk}"))
    assert 'name="version" value="1"' in form.content.decode()
    bad = sam.post(
        address("task_block", other),
        {"reason": "", "owner": northwind.grace.pk, "version": 1},
        headers=at(f"div#impediment-form-{mine.pk}"),
    )
    assert bad.status_code == 422
    assert bad.content.decode().lstrip().startswith("<form")
    assert "HX-Retarget" not in bad.headers
    bad = sam.post(
        address("task_unblock", other), {"how": "x" * 201}, headers=at("div#impediments")
    )
    assert bad.status_code == 422
    assert "x" * 201 in bad.content.decode()
    done = sam.post(address("task_unblock", other), {"how": "Sent"}, headers=at("div#impediments"))
    assert "1 task is blocked" in done.content.decode()
    assert "Solved lately" in done.content.decode()
    assert done.headers["HX-Retarget"] == "#impediments"
    back = json.loads(done.headers["HX-Trigger"])["toast"]["undo"]
    assert sam.post(back).url == "/w/northwind/impediments/"


def test_a_seller_who_removes_nothing_cannot_act(northwind, client_of, task, impediment):
    sam = client_of(northwind.sam)
    assert sam.get(address("task_block", task)).status_code == 403
    assert sam.post(address("task_unblock", task)).status_code == 403
    assert sam.post(address("impediment_reopen", task, impediment.pk)).status_code == 403
    assert REASON in sam.get(address("task", task)).content.decode()


def test_taking_back_that_it_is_solved(northwind, client_of, task, impediment):
    grace = client_of(northwind.grace)
    grace.post(address("task_unblock", task), {"how": "Called"})
    back = address("impediment_reopen", task, impediment.pk)
    assert grace.post(back).status_code == 302
    assert shown(task) == impediment
    actions.resolve_impediment(impediment, by=northwind.mia)
    actions.archive_task(task, by=northwind.mia, version=1)
    assert grace.post(back).status_code == 422
    assert grace.post(address("impediment_reopen", task, 99_999)).status_code == 404


@pytest.mark.parametrize("rows", [5, 200])
def test_the_list_costs_few_queries(northwind, client_of, running, rows):
    tasks = make_tasks(northwind.workspace, rows, sprint=running)
    with arranging():
        Impediment.objects.bulk_create(
            Impediment(
                workspace=northwind.workspace,
                task=task,
                reason=REASON,
                owner=northwind.grace,
                raised_by=northwind.lena,
                escalates_at=TUESDAY,
            )
            for task in tasks
        )
    grace = client_of(northwind.grace)
    grace.get("/w/northwind/impediments/")
    with CaptureQueriesContext(connection) as queries:
        page = grace.get("/w/northwind/impediments/").content.decode()
    assert page.count('class="item"') == rows
    assert len([query for query in queries if '"backlog_impediment"' in query["sql"]]) <= 2
    assert len(queries) - FRAME <= 6


def test_the_page_of_a_blocked_task_costs_what_any_page_does(northwind, task, client_of):
    client = client_of(northwind.mia)
    client.get(task.get_absolute_url())
    actions.block_task(task, by=northwind.lena, reason=REASON)
    actions.add_checklist(task, by=northwind.mia, lines=["Book a room"])
    for other in make_tasks(northwind.workspace, 5, sprint=task.sprint):
        actions.add_wait(task, by=northwind.mia, other=other)
        add_comment(task, by=northwind.sam, text=f"What of {other.key}?")
        hang_file(task, northwind.lena)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(task.get_absolute_url()).content.decode()
    assert REASON in page
    assert page.count('<li class="file">') == 5
    assert len(queries) - FRAME <= 6


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "Blocked, with"), (1, "Blocked 1 day, with"), (3, "Blocked 3 days, with")],
)
def test_a_card_says_for_how_many_days(northwind, task, impediment, days, words):
    row = board.card_rows(fresh(task).sprint)[0]
    with arranging():
        Task.objects.filter(pk=task.pk).update(due_on=date(2026, 12, 1))
    drawn = board.render_card(row, date(2026, 12, 8) + timedelta(days=days))
    assert words in drawn
    assert f"with Grace.</b> {REASON}<" in drawn
    assert "late" not in drawn  # one alarm at most
    assert "data-blocked" in drawn
    assert "is-escalated" not in drawn
    assert "Escalated, blocked 3 days, with Grace." in board.draw_card(
        row._replace(is_escalated=True), board.CardDays(blocked_for=3)
    )


# Taking back what freed it ---------------------------------------------------------------------


def test_the_undo_of_a_move_to_done_blocks_it_again(northwind, client_of, task, impediment):
    lena = client_of(northwind.lena)
    done = northwind.column("done")
    moved = lena.post(
        address("task_move", task),
        {"version": 1, "column": done.pk},
        headers=at("div#board-live"),
    )
    toast = json.loads(moved.headers["HX-Trigger"])["toast"]
    assert "What blocked it is over." in toast["text"]
    assert shown(task) is None
    assert "blocked</a>" not in moved.content.decode()
    undone = lena.post(toast["undo"], headers=at("div#board-live"))
    assert shown(task) == impediment
    assert "1 blocked</a>" in undone.content.decode()


def test_work_that_comes_back_from_done_is_not_blocked_by_the_past(northwind, task, impediment):
    actions.move_task(task, by=northwind.lena, version=1, column=northwind.column("done"))
    actions.move_task(task, by=northwind.lena, version=2, column=northwind.column("doing"))
    assert shown(task) is None


def test_what_is_restored_is_blocked_as_it_was(northwind, task, impediment):
    actions.archive_task(task, by=northwind.lena, version=1)
    actions.restore_task(task, by=northwind.lena)
    assert shown(task) == impediment
