from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse

from backlog import actions as backlog
from backlog.models import Task
from notifications.models import OutboxItem
from people.models import Membership
from requests_intake import actions
from requests_intake.models import Decision, Request, RequestTask
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

ATTACK = "<script>alert(1)</script>"


def url(name: str, *args: object) -> str:
    return reverse(name, args=["northwind", *args])


def sent(**fields: object) -> dict[str, object]:
    return {"submission_id": str(uuid.uuid4()), "title": "Slides for dairies", **fields}


@pytest.fixture
def sam(northwind, client_of, thursday):
    return client_of(northwind.sam)


@pytest.fixture
def mia(northwind, client_of, thursday):
    return client_of(northwind.mia)


@pytest.fixture
def grace(northwind, client_of, thursday):
    return client_of(northwind.grace)


def submit(client, northwind, **fields):
    return client.post(url("request_new"), sent(requester=northwind.sam.pk, **fields))


# Who may open what

PAGES = ["requests", "request_new", "request", "request_receipt", "triage", "triage_request"]


def address(name: str) -> str:
    return url(name) if name in {"requests", "request_new", "triage"} else url(name, "REQ-1")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "closed"),
    [("sam", {"triage", "triage_request"}), ("mia", set()), ("grace", {"request_new"})],
)
def test_each_role_opens_its_pages(northwind, client_of, ask, name, who, closed):
    ask(northwind.sam)
    response = client_of(northwind.people[who]).get(address(name))
    assert response.status_code == (403 if name in closed else 200)


@pytest.mark.parametrize("name", PAGES)
def test_another_workspace_does_not_exist(northwind, fjord, client_of, ask, name):
    ask(northwind.sam)
    assert client_of(fjord.ola).get(address(name)).status_code == 404


@pytest.mark.parametrize("key", ["REQ-99", "REQ-x", "NW-1", "REQ-" + "9" * 30, "REQ-1%00"])
def test_a_request_that_never_was_is_missing(northwind, mia, ask, key):
    ask(northwind.sam)
    for name in ("request", "request_receipt", "triage_request"):
        assert mia.get(url(name, "x").replace("x/", f"{key}/")).status_code == 404


def test_a_key_of_another_workspace_is_missing(northwind, fjord, client_of, ask, sam):
    ask(northwind.sam)
    assert client_of(fjord.ola).get("/w/fjord/requests/REQ-1/").status_code == 404


@pytest.mark.parametrize("name", ["request_accept", "request_plan", "request_decline"])
def test_answers_are_posted_by_those_who_may(northwind, client_of, ask, name):
    ask(northwind.sam)
    form = {"version": 1, "words": "Yes.", "reason": "not_now"}
    assert client_of(northwind.sam).post(url(name, "REQ-1"), form).status_code == 403
    assert client_of(northwind.mia).get(url(name, "REQ-1")).status_code == 405
    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", ["request_accept", "request_decline"])
def test_a_manager_is_refused_until_the_answer_is_late(northwind, grace, ask, thursday, name):
    ask(northwind.sam)
    form = {"version": 1, "words": "Yes.", "reason": "not_now"}
    assert grace.post(url(name, "REQ-1"), form).status_code == 403
    thursday.shift(timedelta(days=6))
    assert grace.post(url(name, "REQ-1"), form).status_code == 302
    assert Decision.objects.get().decided_by == northwind.grace


# Asking


def test_the_form_tells_the_due_time_up_front(sam, thursday):
    page = sam.get(url("request_new")).content.decode()
    assert "Monday 14 December, 17:00 in Stockholm, 10:00 for you" in page
    assert 'data-draft-key="request:northwind:' in page


def test_the_ask_line_of_the_home_fills_the_title(sam, thursday):
    page = sam.get(url("request_new"), {"title": 'A "flyer"'}).content.decode()
    assert 'value="A &quot;flyer&quot;"' in page


def test_one_line_is_enough_and_leads_to_the_receipt(northwind, sam, thursday):
    response = submit(sam, northwind)
    assert response.status_code == 302
    assert response["Location"] == url("request_receipt", "REQ-1")
    page = sam.get(response["Location"]).content.decode()
    assert "REQ-1" in page
    assert "Monday 14 December, 10:00 in Chicago" in page
    assert "17:00 in Stockholm, where Marketing is" in page


def test_everything_that_a_rep_tells_is_kept(northwind, sam, thursday):
    submit(
        sam,
        northwind,
        kind="material",
        heard="Does it work\r\nwith milk?",
        stage="evaluation",
        needed_by="2027-01-12",
        needed_why="First visit",
        accounts="Dairyland",
        deal_value="40,000",
        would_help="Five slides",
        buyers="Quality managers",
        budget="2k",
        links="example.com/milk\nhttps://example.com/beer",
    )
    found = Request.objects.get()
    assert (found.heard, found.needed_by) == ("Does it work\nwith milk?", date(2027, 1, 12))
    assert (found.deal_value, found.budget) == (40_000, 2_000)
    assert found.link_list == ["https://example.com/milk", "https://example.com/beer"]
    assert (found.kind, found.stage) == ("material", "evaluation")


def test_the_same_form_twice_is_one_request_and_the_same_receipt(northwind, sam, thursday):
    form = sent(requester=northwind.sam.pk)
    first, again = (sam.post(url("request_new"), form) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert Request.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "x" * 201),
        ("title", "a\r\nBcc: evil@example.com"),
        ("title", "a\u2028b"),
        ("title", "a\x85b"),
        ("title", "a\x0bb"),
        ("title", "a\x00b"),
        ("title", "\u200b\u2060"),
        ("title", "invoice\u202efdp.exe"),
        ("buyers", "a\nb"),
        ("heard", "x" * 4_001),
        ("kind", "spaceship"),
        ("stage", "end"),
        ("needed_by", "2026-12-09"),
        ("needed_by", "2027-02-30"),
        ("needed_by", "0001-01-01"),
        ("needed_by", "9999-12-31"),
        ("needed_by", "tomorrow"),
        ("deal_value", "1e9"),
        ("deal_value", "-5"),
        ("deal_value", "1,5"),
        ("deal_value", "½"),
        ("deal_value", "9" * 5_000),
        ("budget", "100000001"),
        ("links", "javascript:alert(1)"),
        ("links", "http://"),
        ("links", "\n".join(f"https://example.com/{n}" for n in range(11))),
        ("requester", "999999"),
        ("submission_id", "not-a-uuid"),
    ],
)
def test_bad_input_is_told_and_nothing_is_stored(northwind, sam, thursday, field, value):
    form = sent(requester=northwind.sam.pk, heard="Kept") | {field: value}
    response = sam.post(url("request_new"), form)
    assert response.status_code == 422
    assert not Request.objects.exists()
    if field != "heard":
        assert "Kept" in response.content.decode()


def test_arabic_digits_are_numbers(northwind, sam, thursday):
    submit(sam, northwind, deal_value="٣٠٠")
    assert Request.objects.get().deal_value == 300


def test_a_colleague_of_another_workspace_is_no_choice(northwind, fjord, sam, thursday):
    response = sam.post(url("request_new"), sent(requester=fjord.ola.pk))
    assert response.status_code == 422
    assert "Choose a rep of your sales team." in response.content.decode()


def test_a_marketer_enters_a_request_for_a_rep(northwind, mia, thursday):
    response = submit(mia, northwind)
    assert response.status_code == 302
    found = Request.objects.get()
    assert (found.requester, found.entered_by) == (northwind.sam, northwind.mia)
    page = mia.get(found.get_absolute_url()).content.decode()
    assert "Written down by Mia Lindqvist" in page


def test_script_tags_are_text_everywhere(northwind, sam, mia, thursday, sprint):
    fields = ("heard", "would_help", "buyers", "accounts", "needed_why")
    submit(sam, northwind, **{"title": ATTACK, **dict.fromkeys(fields, ATTACK)})
    request = Request.objects.get()
    pages = [mia.get(url("triage")), mia.get(url("requests")), sam.get(url("request", "REQ-1"))]
    pages.append(sam.get(url("request_receipt", "REQ-1")))
    actions.decline_request(request, by=northwind.mia, words=ATTACK, version=1, reason="not_now")
    pages.append(sam.get(url("request", "REQ-1")))
    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert ATTACK not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


# Reading


def test_a_rep_sees_his_own_until_he_asks_for_all(northwind, sam, ask):
    ask(northwind.sam, title="Mine alone")
    ask(northwind.chiara, title="Of Chiara")
    mine = sam.get(url("requests")).content.decode()
    assert "Mine alone" in mine
    assert "Of Chiara" not in mine
    everybody = sam.get(url("requests"), {"who": "all"}).content.decode()
    assert "Mine alone" in everybody
    assert "Of Chiara" in everybody


def test_the_list_is_filtered_by_state_and_by_person(northwind, mia, ask, sprint):
    waiting, coming, declined = (
        ask(northwind.sam, title=title) for title in ("Wait", "Come", "Down")
    )
    other = ask(northwind.chiara, title="Else")
    actions.plan_request(coming, by=northwind.mia, words="Yes.", version=1, sprint=sprint)
    actions.decline_request(declined, by=northwind.mia, words="N", version=1, reason="other")

    def listed(**query: object) -> set[str]:
        rows = mia.get(url("requests"), query).context["rows"]
        return {row.request.title for row in rows}

    assert listed() == {"Wait", "Come", "Down", "Else"}
    assert listed(state="waiting") == {"Wait", "Else"}
    assert listed(state="coming") == {"Come"}
    assert listed(state="declined") == {"Down"}
    assert listed(state="delivered") == set()
    assert listed(who=northwind.chiara.pk) == {"Else"}
    assert listed(state="waiting", who=northwind.sam.pk) == {"Wait"}
    assert {waiting.key, other.key} == {"REQ-1", "REQ-4"}


@pytest.mark.parametrize(
    "query", ["state=x", "who=abc", "before=0", "before=x", "after=99999999999", "before=-1&after="]
)
def test_a_strange_address_shows_the_list_and_says_so(northwind, mia, ask, query):
    asked = ask(northwind.sam)
    page = mia.get(f"{url('requests')}?{query}")
    assert page.status_code == 400
    assert "not here: " in page.content.decode()
    assert asked.key in page.content.decode()


def make_requests(northwind, count: int, **fields: object) -> None:
    with arranging():
        Request.objects.bulk_create(
            Request(
                workspace=northwind.workspace,
                number=number,
                requester=northwind.sam,
                entered_by=northwind.sam,
                title=f"Idea {number}",
                answer_due_at=northwind.workspace.created_at + timedelta(hours=number),
                **fields,
            )
            for number in range(1, count + 1)
        )


def test_the_list_goes_on_by_the_number_of_a_neighbour(northwind, mia, thursday):
    make_requests(northwind, 60)
    seen, page = [], mia.get(url("requests"))
    while True:
        seen += [row.request.number for row in page.context["rows"]]
        if not page.context["older"]:
            break
        page = mia.get(page.context["older"])
    assert seen == list(range(60, 0, -1))
    back = mia.get(page.context["newer"])
    assert [row.request.number for row in back.context["rows"]] == list(range(35, 10, -1))
    newest = mia.get(back.context["newer"])
    assert [row.request.number for row in newest.context["rows"]] == list(range(60, 35, -1))
    assert newest.context["newer"] == ""


def test_an_answer_is_shown_with_who_when_and_why(northwind, sam, ask):
    request = ask(northwind.sam)
    actions.decline_request(
        request, by=northwind.mia, words="Their editor", version=1, reason="over_budget"
    )
    page = sam.get(url("request", "REQ-1")).content.decode()
    assert "Mia Lindqvist" in page
    assert "Declined: Over budget" in page
    assert "Their editor" in page
    assert "07:32" in page  # Sam's clock


def test_a_delivered_request_shows_what_was_made(northwind, sam, ask):
    request = ask(northwind.sam)
    task = actions.accept_request(request, by=northwind.mia, words="Y", version=1).task
    backlog.add_deliverable(task, by=northwind.mia, label="The slides", url="https://x.example/1")
    with arranging():
        Task.objects.update(column=northwind.column("done"), done_at=request.submitted_at)
    page = sam.get(url("request", "REQ-1")).content.decode()
    assert "Here it is" in page
    assert 'href="https://x.example/1"' in page


# Triage


def test_triage_says_something_else_before_the_first_request_than_after_the_last(
    northwind, mia, ask, thursday
):
    assert "No request yet" in mia.get(url("triage")).content.decode()

    asked = ask(northwind.sam, title="Slides")
    answer = {"version": asked.version, "words": "Yes, we make them."}
    assert mia.post(url("request_accept", asked.key), answer).status_code == 302
    assert "Every request has its answer" in mia.get(url("triage")).content.decode()


def test_triage_opens_what_is_due_first(northwind, mia, ask, thursday):
    first = ask(northwind.sam, title="First")
    thursday.shift(timedelta(days=1))
    ask(northwind.chiara, title="Second")
    page = mia.get(url("triage"))
    assert page.context["chosen"] == first
    assert [row.title for row in page.context["queue"]] == ["First", "Second"]


def test_what_has_an_answer_leads_to_its_page(northwind, mia, ask):
    request = ask(northwind.sam)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    response = mia.get(url("triage_request", "REQ-1"))
    assert response["Location"] == request.get_absolute_url()


def test_a_plan_is_answered_and_leads_to_the_next(northwind, mia, ask, sprint):
    ask(northwind.sam)
    ask(northwind.chiara)
    response = mia.post(
        url("request_plan", "REQ-1"),
        {"version": 1, "words": "In sprint 14.", "sprint": sprint.pk},
        follow=True,
    )
    assert response.redirect_chain == [(url("triage_request", "REQ-2"), 302)]
    page = response.content.decode()
    assert "REQ-1 planned for sprint 14. Sam reads it in a minute." in page
    assert f'action="{url("decision_undo", "REQ-1")}"' in page
    assert Task.objects.get().promised_sprint == sprint


def test_undo_puts_it_back_into_the_queue(northwind, mia, ask):
    ask(northwind.sam)
    mia.post(url("request_accept", "REQ-1"), {"version": 1, "words": "Yes."})
    response = mia.post(url("decision_undo", "REQ-1"), follow=True)
    assert response.redirect_chain == [(url("triage_request", "REQ-1"), 302)]
    assert Request.objects.get().is_waiting
    again = mia.post(url("decision_undo", "REQ-1"))
    assert again.status_code == 302


def test_undoing_too_late_says_so(northwind, mia, ask):
    ask(northwind.sam)
    mia.post(url("request_accept", "REQ-1"), {"version": 1, "words": "Yes."})
    OutboxItem.objects.update(state="sent")
    response = mia.post(url("decision_undo", "REQ-1"), follow=True)
    assert "Sam has this answer already" in response.content.decode()


def test_sales_undoes_nothing(northwind, mia, sam, ask):
    ask(northwind.sam)
    mia.post(url("request_accept", "REQ-1"), {"version": 1, "words": "Yes."})
    assert sam.post(url("decision_undo", "REQ-1")).status_code == 403


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("request_accept", {"words": ""}, "Write an answer."),
        ("request_accept", {"words": "Y", "task": "NW-999"}, "We know no task NW-999."),
        ("request_accept", {"words": "Y", "task": "DROP TABLE"}, "We know no task DROP TABLE."),
        ("request_plan", {"words": "Y"}, "Choose a sprint."),
        ("request_plan", {"words": "Y", "sprint": "999999"}, "Choose a sprint to come."),
        ("request_decline", {"words": "N"}, "Say why not."),
        ("request_decline", {"words": "N", "reason": "boring"}, "cannot be chosen here"),
        ("request_accept", {"words": "x" * 4_001}, "At most 4000"),
    ],
)
def test_an_incomplete_answer_comes_back_with_what_was_written(
    northwind, mia, ask, sprint, name, form, says
):
    ask(northwind.sam)
    response = mia.post(url(name, "REQ-1"), {"version": 1, **form})
    page = response.content.decode()
    assert response.status_code == 422
    assert says in page
    assert form["words"][:50] in page
    assert not Decision.objects.exists()


def test_the_second_marketer_is_told_who_answered_and_keeps_his_words(
    northwind, client_of, mia, ask
):
    ask(northwind.sam)
    mia.post(url("request_accept", "REQ-1"), {"version": 1, "words": "Yes."})
    lena = client_of(northwind.lena)
    response = lena.post(
        url("request_decline", "REQ-1"),
        {"version": 1, "words": "Sorry, no.", "reason": "not_now"},
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "Mia Lindqvist answered this at" in page
    assert "Sorry, no." in page
    assert Decision.objects.count() == 1


def test_an_answer_without_a_version_is_refused(northwind, mia, ask):
    ask(northwind.sam)
    response = mia.post(url("request_accept", "REQ-1"), {"words": "Yes."})
    assert response.status_code == 422


def test_the_running_sprint_asks_beside_the_field(northwind, mia, ask):
    running = make_sprint(northwind.workspace, 13)
    backlog.start_sprint(running, by=northwind.mia, version=1)
    ask(northwind.sam)
    form = {"version": 1, "words": "Now.", "sprint": running.pk}
    response = mia.post(url("request_plan", "REQ-1"), form)
    assert response.status_code == 422
    assert response.context["plan"].errors["reason"]
    response = mia.post(url("request_plan", "REQ-1"), form | {"reason": "The fair"})
    assert response.status_code == 302
    assert Task.objects.get().sprint == running


def test_an_existing_task_is_joined_by_its_key(northwind, mia, ask):
    task = make_task(northwind.workspace)
    ask(northwind.sam)
    mia.post(
        url("request_accept", "REQ-1"),
        {"version": 1, "words": "Already in the making.", "task": task.key.lower()},
    )
    assert [each.pk for each in Request.objects.get().tasks.all()] == [task.pk]
    assert Task.objects.count() == 1


def test_suggestions_work_without_scripts(northwind, mia, ask, sprint):
    ask(northwind.sam, needed_by=date(2027, 1, 12))
    page = mia.get(url("triage_request", "REQ-1"))
    assert page.context["open_answer"] == "plan"
    words = page.context["plan"].initial["words"]
    assert words == (
        "Yes, Sam. We plan it for sprint 14: you have it by 30 December. "
        "That is in time for 12 January."
    )
    page = mia.get(url("triage_request", "REQ-1"), {"answer": "decline", "say": "2"})
    assert page.context["open_answer"] == "decline"
    assert page.context["decline"].initial["reason"] == "over_budget"
    for strange in ("99", "x", "-1", "٣"):
        query = {"answer": "decline", "say": strange}
        assert mia.get(url("triage_request", "REQ-1"), query).status_code == 200


def test_a_manager_reads_what_is_not_late_without_a_form(northwind, grace, ask, thursday):
    ask(northwind.sam)
    assert "data-answer-form" not in grace.get(url("triage")).content.decode()
    thursday.shift(timedelta(days=6))
    assert "data-answer-form" in grace.get(url("triage")).content.decode()


# Cost


def planned_requests(northwind, count: int, sprint) -> None:
    """Arrange requests that each have an answer and a task in the sprint."""

    make_requests(northwind, count, state="planned")
    tasks = make_tasks(northwind.workspace, count, sprint=sprint, assignee=northwind.mia)
    requests = list(Request.objects.order_by("number"))
    with arranging():
        RequestTask.objects.bulk_create(
            RequestTask(workspace=northwind.workspace, request=request, task=task)
            for request, task in zip(requests, tasks, strict=True)
        )
        Decision.objects.bulk_create(
            Decision(
                workspace=northwind.workspace,
                request=request,
                kind="plan",
                words="Yes.",
                sprint=sprint,
                task=task,
                decided_by=northwind.mia,
            )
            for request, task in zip(requests, tasks, strict=True)
        )


def queries_of(client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        response = client.get(address)
    assert response.status_code == 200
    return len(seen)


# The session, the user, the membership, and the two of the frame are not the page's own
OF_THE_FRAME = 5


@pytest.mark.parametrize("count", [5, 200])
def test_the_list_costs_the_same_however_many(northwind, mia, sprint, count):
    planned_requests(northwind, count, sprint)
    assert queries_of(mia, url("requests")) <= OF_THE_FRAME + 5


@pytest.mark.parametrize("count", [5, 200])
def test_triage_costs_the_same_however_many(northwind, mia, sprint, count):
    make_requests(northwind, count)
    running = make_sprint(northwind.workspace, 13, state="active", started_at=sprint.ends_at)
    make_tasks(northwind.workspace, count)
    make_tasks(northwind.workspace, count, sprint=running)
    assert queries_of(mia, url("triage")) <= OF_THE_FRAME + 6


def test_a_request_costs_the_same_however_many_tasks(northwind, sam, ask, sprint):

    request = ask(northwind.sam)
    actions.plan_request(request, by=northwind.mia, words="Yes.", version=1, sprint=sprint)
    few = queries_of(sam, request.get_absolute_url())
    tasks = make_tasks(northwind.workspace, 50, sprint=sprint, assignee=northwind.lena)
    with arranging():
        RequestTask.objects.bulk_create(
            RequestTask(workspace=northwind.workspace, request=request, task=task) for task in tasks
        )
    assert queries_of(sam, request.get_absolute_url()) == few <= OF_THE_FRAME + 6


def test_where_nobody_sells_a_marketer_is_not_led_into_a_form_that_cannot_be_sent(
    northwind, client_of
):
    with arranging():
        Membership.objects.filter(workspace=northwind.workspace, role="sales").update(
            is_active=False
        )
    mia = client_of(northwind.mia)

    page = mia.get(url("request_new")).content.decode()
    assert "Nobody from Sales is here yet" in page
    assert "<textarea" not in page
