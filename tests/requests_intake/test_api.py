"""Requests by program: what Sales asks and Marketing answers, with the rules of the pages."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Sprint, Task
from conversation.models import Comment
from notifications.models import OutboxItem
from requests_intake import actions
from requests_intake.models import Backing, Request, RequestTask
from tests.arranging import arranging
from tests.factories import make_sprint, make_task
from tests.programs import Program

pytestmark = pytest.mark.django_db

WORDS = "We have thought about it."


@pytest.fixture
def mia(northwind):
    return Program(northwind.mia)


@pytest.fixture
def sam(northwind):
    return Program(northwind.sam)


@pytest.fixture
def chiara(northwind):
    return Program(northwind.chiara)


@pytest.fixture
def grace(northwind):
    return Program(northwind.grace)


def answered(request: Request, **more: object) -> dict[str, object]:
    request.refresh_from_db()
    return {"version": request.version, "words": WORDS, **more}


# Asking ----------------------------------------------------------------------------------------

EVERYTHING = {
    "title": "One-page flyer for water labs",
    "kind": "material",
    "heard": "“Send me one page.”\n\nTwice a week.",
    "stage": "evaluation",
    "needed_by": "2026-12-18",
    "needed_why": "A visit in Chicago",
    "accounts": "Great Lakes Water",
    "deal_value": 85_000,
    "would_help": "A flyer",
    "buyers": "Lab managers",
    "budget": 2_000,
    "links": ["https://example.org/flyer"],
}


def test_a_rep_asks_with_everything_a_request_has(sam, northwind, thursday):
    made = sam("post", "requests/", EVERYTHING, 201)
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    assert (made["key"], made["state"], made["version"]) == ("REQ-1", "waiting", 1)
    assert made["requester"] == {"id": northwind.sam.pk, "name": "Sam Whitfield"}
    assert [step["status"] for step in made["steps"]] == ["now", *["ahead"] * 4]
    # in two working days, said in Chicago's time, where Sam is
    assert made["answer_due_at"] == "2026-12-14T16:00:00Z"
    assert made["status"] == "Answer due Mon 14 Dec, 10:00"
    assert sam("get", "requests/req-1/") == made
    assert Activity.objects.get(verb="request_submitted").actor == northwind.sam


def test_the_title_is_enough_and_null_says_nothing(sam, thursday):
    made = sam("post", "requests/", {"title": "A flyer", "kind": None, "deal_value": None}, 201)
    assert (made["kind"], made["stage"], made["deal_value"], made["links"]) == (
        None,
        None,
        None,
        [],
    )


def test_the_same_submission_is_one_request(sam, thursday):
    body = {"title": "A flyer", "submission_id": str(uuid.uuid4())}
    first = sam("post", "requests/", body, 201)
    assert sam("post", "requests/", body, 201) == first
    assert Request.objects.count() == 1
    sam("post", "requests/", {"title": "A flyer"}, 201)
    assert Request.objects.count() == 2


def test_a_marketer_says_for_whom_and_a_rep_may(mia, sam, northwind, thursday):
    assert mia.code("post", "requests/", {"title": "A flyer"}) == "unknown_rep"
    for program in (mia, sam):
        body = {"title": "A flyer", "requester": northwind.chiara.pk}
        made = program("post", "requests/", body, 201)
        assert made["requester"]["id"] == northwind.chiara.pk
        assert made["entered_by"]["id"] != northwind.chiara.pk
    told = mia.fields("post", "requests/", {"title": "A flyer", "requester": northwind.lena.pk})
    assert told == ["requester"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", None),
        ("needed_by", "2026-12-01"),
        ("deal_value", 100_000_001),
        ("deal_value", "85k"),
        ("submission_id", "1"),
        ("links", ["javascript:alert(1)"]),
        ("links", ["https://example.org/a https://example.org/b"]),
        ("links", ["https://example.org/"] * 11),
        ("links", "https://example.org/"),
        ("kind", "weather"),
        ("state", "accepted"),
        ("answer_due_at", "2027-01-01T00:00:00Z"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(sam, thursday, field, value):
    assert sam.fields("post", "requests/", {"title": "A flyer", field: value}) == [field]
    assert not Request.objects.exists()


# Backing ---------------------------------------------------------------------------------------


def test_a_colleague_backs_with_an_account_and_takes_it_back(ask, chiara, mia, northwind):
    request = ask(northwind.sam, accounts="Great Lakes Water", deal_value=50_000)
    deal = {"account": "Dairyland", "deal_value": 40_000, "note": "Their lab asks too."}
    shown = chiara("post", f"requests/{request.key}/back/", deal)
    [backing] = shown["backings"]
    assert {name: backing[name] for name in deal} == deal
    assert backing["backer"]["id"] == northwind.chiara.pk
    assert (shown["backers"], shown["worth"]) == (1, 90_000)
    again = chiara("post", f"requests/{request.key}/back/", {"account": "Dairyland"})
    assert (again["backings"][0]["deal_value"], again["worth"]) == (None, 50_000)
    gone = chiara("post", f"requests/{request.key}/withdraw/")
    assert (gone["backings"], gone["worth"]) == ([], 50_000)
    assert chiara("post", f"requests/{request.key}/withdraw/") == gone, "there is nothing left"


def test_who_may_back_for_whom(ask, sam, chiara, mia, grace, northwind):
    request = ask(northwind.sam)
    back = f"requests/{request.key}/back/"
    assert sam.code("post", back) == "own"
    assert mia.code("post", back) == "unknown_rep"
    assert grace.code("post", back, {"backer": northwind.chiara.pk}) == "unknown_rep"
    grace("post", back)
    mia("post", back, {"backer": northwind.chiara.pk})
    backers = Backing.objects.order_by("pk").values_list("backer__shown_name", "entered_by")
    assert list(backers) == [
        ("Grace Adeyemi", northwind.grace.pk),
        ("Chiara Bianchi", northwind.mia.pk),
    ]
    withdraw = f"requests/{request.key}/withdraw/"
    assert sam.code("post", withdraw, {"backer": northwind.grace.pk}, 403) == "forbidden"
    mia("post", withdraw, {"backer": northwind.grace.pk})
    assert Backing.objects.get().backer == northwind.chiara


# Answers ---------------------------------------------------------------------------------------


def test_a_yes_makes_a_task_or_joins_one(ask, mia, northwind):
    first, second = ask(northwind.sam), ask(northwind.chiara)
    shown = mia("post", f"requests/{first.key}/accept/", answered(first))
    [task] = shown["tasks"]
    assert (shown["state"], shown["step"], task["title"]) == ("accepted", "answered", first.title)
    decision = shown["decision"]
    assert (decision["answer"], decision["words"]) == ("accept", WORDS)
    assert (decision["task"], decision["decided_by"]["name"]) == (task["key"], "Mia Lindqvist")
    joined = mia("post", f"requests/{second.key}/accept/", answered(second, task=task["key"]))
    assert [one["key"] for one in joined["tasks"]] == [task["key"]]
    assert Task.objects.count() == 1


def test_an_archived_task_serves_nobody(ask, mia, northwind):
    request, task = ask(northwind.sam), make_task(northwind.workspace)
    backlog.archive_task(task, by=northwind.mia, version=1)
    body = answered(request, task=task.key)
    assert mia.code("post", f"requests/{request.key}/accept/", body) == "unknown"


def test_a_plan_promises_a_sprint(ask, mia, sam, northwind, sprint):
    request = ask(northwind.sam)
    shown = mia("post", f"requests/{request.key}/plan/", answered(request, sprint=14))
    assert (shown["state"], shown["step"]) == ("planned", "planned")
    assert (shown["decision"]["sprint"], shown["tasks"][0]["promised_sprint"]) == (14, 14)
    assert shown["status"] == "Planned for sprint 14, until 30 Dec"
    steps = {step["key"]: step for step in sam("get", f"requests/{request.key}/")["steps"]}
    assert steps["submitted"]["note"] == "10 Dec, by you"
    assert steps["planned"]["note"] == "Sprint 14, until 30 Dec"
    assert (steps["planned"]["status"], steps["delivered"]["status"]) == ("now", "ahead")


def test_the_running_sprint_asks_why_and_what_goes_out(ask, mia, northwind):
    running = make_sprint(northwind.workspace, 13, state="active", committed_points=0)
    inside = make_task(northwind.workspace, "Inside", sprint=running, points=5)
    request, late = ask(northwind.sam), make_task(northwind.workspace, "Late", points=5)
    plan, body = f"requests/{request.key}/plan/", answered(request, sprint=13, task=late.key)
    assert mia.code("post", plan, body) == "reason_needed"
    body["reason"] = "Their tender ends"
    assert mia.code("post", plan, body) == "over_allowance"
    request.refresh_from_db()
    assert (request.state, RequestTask.objects.count()) == ("waiting", 0)
    shown = mia("post", plan, {**body, "swap_out": inside.key})
    assert (shown["tasks"][0]["sprint"], shown["decision"]["sprint"]) == (13, 13)
    inside.refresh_from_db()
    assert inside.sprint is None


def test_a_closed_sprint_cannot_be_promised(ask, mia, northwind, sprint):
    with arranging():
        Sprint.objects.update(state="closed")
    request = ask(northwind.sam)
    body = answered(request, sprint=14)
    assert mia.code("post", f"requests/{request.key}/plan/", body) == "unknown_sprint"


def test_a_no_has_a_reason_and_words(ask, mia, northwind):
    request = ask(northwind.sam)
    decline = f"requests/{request.key}/decline/"
    assert mia.fields("post", decline, answered(request)) == ["reason"]
    assert mia.fields("post", decline, answered(request, reason="not_now", words=" ")) == ["words"]
    shown = mia("post", decline, answered(request, reason="not_now"))
    assert (shown["state"], shown["decision"]["reason"]) == ("declined", "not_now")
    assert [(step["key"], step["status"]) for step in shown["steps"]] == [
        ("submitted", "done"),
        ("declined", "no"),
    ]


def test_a_question_is_asked_and_replied_to(ask, mia, sam, grace, northwind, thursday):
    request = ask(northwind.sam)
    shown = mia("post", f"requests/{request.key}/ask/", answered(request))
    assert (shown["state"], shown["decision"]) == ("asked", None)
    assert (shown["question"]["answer"], shown["question"]["words"]) == ("ask", WORDS)
    assert shown["question"]["closed_at"] is None
    assert mia.code("post", f"requests/{request.key}/ask/", answered(request)) == "already_asked"
    thursday.shift(timedelta(hours=1))
    reply = f"requests/{request.key}/reply/"
    assert grace.code("post", reply, {"words": "In English."}, 403) == "forbidden"
    explained = sam("post", reply, {"words": "In English."})
    assert (explained["state"], explained["question"]["closed_at"]) == (
        "waiting",
        "2026-12-10T14:32:00Z",
    )
    assert Comment.objects.get().text == "In English."
    assert sam.code("post", reply, {"words": "And soon."}) == "not_asked"


def test_a_merged_request_is_served_by_its_target(ask, mia, northwind):
    request, target = ask(northwind.sam), ask(northwind.chiara)
    merge = f"requests/{request.key}/merge/"
    assert mia.code("post", merge, answered(request, target=request.key)) == "itself"
    assert mia.code("post", merge, answered(request, target="NW-2")) == "unknown"
    shown = mia("post", merge, answered(request, target=target.key.lower()))
    assert (shown["state"], shown["merged_into"]) == ("merged", target.key)
    assert shown["decision"]["target"] == target.key
    [backing] = mia("get", f"requests/{target.key}/")["backings"]
    assert backing["backer"]["id"] == northwind.sam.pk


@pytest.mark.parametrize("verb", ["accept", "plan", "decline", "ask", "merge"])
def test_who_answers_second_sees_what_was_answered(ask, mia, northwind, sprint, verb):
    request, target = ask(northwind.sam), ask(northwind.chiara)
    body = answered(request)
    if more := {"plan": {"sprint": 14}, "decline": {"reason": "other"}}.get(verb):
        body |= more
    if verb == "merge":
        body["target"] = target.key
    actions.decline_request(
        request, by=northwind.lena, words="No.", version=request.version, reason="not_now"
    )
    told = mia("post", f"requests/{request.key}/{verb}/", body, 409)["error"]
    assert told["code"] == "stale"
    assert told["current"] == mia("get", f"requests/{request.key}/")
    assert told["current"]["decision"]["decided_by"]["name"] == "Lena Okafor"
    without = {name: value for name, value in body.items() if name != "version"}
    assert mia.code("post", f"requests/{request.key}/{verb}/", without, 428) == "version_required"


@pytest.mark.parametrize("verb", ["accept", "plan", "decline", "ask", "merge", "undo"])
def test_sales_answers_nothing(ask, sam, northwind, verb):
    request = ask(northwind.sam)
    assert sam.code("post", f"requests/{request.key}/{verb}/", {}, 403) == "forbidden"


def test_a_manager_answers_what_is_late_and_nothing_else(ask, grace, northwind, thursday):
    request = ask(northwind.sam)
    body, decline = answered(request, reason="not_now"), f"requests/{request.key}/decline/"
    assert grace.code("post", decline, body, 403) == "forbidden"
    thursday.shift(timedelta(days=7))
    grace = Program(northwind.grace)
    assert grace("post", decline, body)["decision"]["decided_by"]["name"] == "Grace Adeyemi"
    assert grace("post", f"requests/{request.key}/undo/")["state"] == "waiting", "her own"


def test_an_answer_is_taken_back_until_its_mail_leaves(ask, mia, northwind, thursday):
    request = ask(northwind.sam)
    undo = f"requests/{request.key}/undo/"
    assert mia.code("post", undo) == "no_answer"
    shown = mia("post", f"requests/{request.key}/accept/", answered(request))
    assert shown["decision"]["undo_until"] == "2026-12-10T13:33:00Z"
    shown = mia("post", undo)
    assert (shown["state"], shown["decision"], shown["tasks"]) == ("waiting", None, [])
    mia("post", f"requests/{request.key}/decline/", answered(request, reason="other"))
    with arranging():
        OutboxItem.objects.filter(state="queued").update(state="sent")
    assert mia.code("post", undo) == "too_late"


def test_what_was_asked_is_no_rendered_markup(sam, thursday):
    """Words are words: JSON carries them as they were typed."""
    made = sam("post", "requests/", {"title": "<b>Now</b>", "heard": "<script>x</script>"}, 201)
    assert (made["title"], made["heard"]) == ("<b>Now</b>", "<script>x</script>")


# Lists -----------------------------------------------------------------------------------------


def test_requests_are_filtered(ask, mia, sam, northwind, fjord, sprint):
    flyer, slides = ask(northwind.sam, "Flyer 100%"), ask(northwind.chiara, "Slides")
    declined = ask(northwind.chiara, "Slides in red")
    mia("post", f"requests/{declined.key}/decline/", answered(declined, reason="not_now"))
    with arranging():
        Request.objects.filter(pk=slides.pk).update(delivered_at=slides.submitted_at)

    def found(program, query):
        return [one["key"] for one in program("get", f"requests/?{query}")["results"]]

    everything = [declined.key, slides.key, flyer.key]
    assert found(sam, "") == everything
    assert found(sam, "ordering=number") == everything[::-1]
    assert found(sam, "state=declined") == [declined.key]
    assert found(sam, "delivered=true") == [slides.key]
    assert found(sam, "delivered=false&state=waiting") == [flyer.key]
    assert found(sam, "mine=true") == [flyer.key]
    assert found(sam, "mine=false") == [declined.key, slides.key]
    assert found(mia, "mine=true") == []
    assert found(mia, f"requester={northwind.chiara.pk}") == [declined.key, slides.key]
    assert found(mia, f"requester={fjord.ola.pk}") == []
    assert found(mia, "search=slides+red") == [declined.key]
    assert found(mia, "search=100%25") == [flyer.key]
    assert found(mia, "search=_lides") == []
    assert found(mia, f"search={slides.key}") == [slides.key]


def test_pages_follow_each_other(ask, sam, northwind):
    keys = [ask(northwind.sam, f"Idea {n}").key for n in range(5)]
    page = sam("get", "requests/?page_size=2")
    seen = [one["key"] for one in page["results"]]
    while page["next"]:
        page = sam("get", page["next"].partition("/northwind/")[2])
        seen += [one["key"] for one in page["results"]]
    assert seen == keys[::-1]


@pytest.mark.parametrize("count", [5, 200])
def test_a_list_costs_the_same_however_full_it_is(northwind, thursday, mia, count):
    full_of_requests(northwind, count)
    for path in (
        "requests/?page_size=100",
        "requests/?search=idea&ordering=number",
        "requests/REQ-1/",
    ):
        own = mia.own_queries(path)
        assert 3 < len(own) <= 6, own


def full_of_requests(northwind, count):
    """Arrange requests with answers, tasks and backings, in a few statements."""
    now = northwind.workspace.created_at
    task = make_task(northwind.workspace)
    backlog.add_deliverable(task, by=northwind.mia, label="x", url="https://example.org/")
    with arranging():
        requests = Request.objects.bulk_create(
            Request(
                workspace=northwind.workspace,
                number=n + 1,
                requester=northwind.sam,
                entered_by=northwind.sam,
                title=f"Idea {n}",
                state="accepted",
                answer_due_at=now,
                answered_at=now,
            )
            for n in range(count)
        )
        for request in requests:
            request.decisions.create(
                workspace=northwind.workspace,
                kind="accept",
                words=WORDS,
                task=task,
                decided_by=northwind.mia,
            )
        Backing.objects.bulk_create(
            Backing(
                workspace=northwind.workspace,
                request=request,
                backer=northwind.chiara,
                entered_by=northwind.chiara,
            )
            for request in requests
        )
        RequestTask.objects.bulk_create(
            RequestTask(workspace=northwind.workspace, request=request, task=task)
            for request in requests
        )


def test_a_request_of_another_workspace_is_none(ask, mia, fjord, northwind):
    ask(northwind.sam)
    with arranging():
        ours = Request.objects.get()
        Request.objects.create(
            workspace=fjord.workspace,
            number=7,
            requester=fjord.ola,
            entered_by=fjord.ola,
            title="Theirs",
            answer_due_at=ours.answer_due_at,
        )
    mia("get", "requests/REQ-7/", status=404)
    assert [one["key"] for one in mia("get", "requests/")["results"]] == [ours.key]
