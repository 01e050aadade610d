"""The pages of backing, asking back and merging."""

from __future__ import annotations

import pytest
from django.urls import reverse

from notifications.mails import message_for
from notifications.models import OutboxItem
from people.models import Role
from requests_intake import actions
from requests_intake.likeness import alike
from requests_intake.models import Backing, Decision, Request
from tests.arranging import arranging
from tests.factories import make_member

from .test_views import OF_THE_FRAME, make_requests, queries_of

ATTACK = "<script>alert(1)</script>"


def url(name: str, *args: object) -> str:
    return reverse(name, args=["northwind", *args])


@pytest.fixture
def browse(northwind, client_of, thursday):
    """Return a function that gives the browser of one of the cast."""
    return lambda first: client_of(getattr(northwind, first))


def text_of(response) -> str:
    return response.content.decode()


# Backing


def test_a_rep_backs_a_request_with_his_deal(northwind, ask, browse):
    ask(northwind.sam, deal_value=40_000)
    chiara = browse("chiara")
    assert "I need this too" in text_of(chiara.get(url("request", "REQ-1")))
    form = {"account": "Lattebella", "deal_value": "55k", "note": "In May."}
    response = chiara.post(url("request_back", "REQ-1"), form, follow=True)
    page = text_of(response)
    assert "You back REQ-1. Sam and Marketing see it, and you get the answer." in page
    assert "Chiara Bianchi" in page
    assert "€95k" in page
    assert "I do not need it any more" in page
    assert Backing.objects.get().deal_value == 55_000


def test_his_own_request_offers_him_only_his_colleagues(northwind, ask, browse):
    ask(northwind.sam)
    sam = browse("sam")
    page = text_of(sam.get(url("request", "REQ-1")))
    assert "I need this too" not in page
    assert "A colleague needs it too" in page
    form = text_of(sam.get(url("request_back", "REQ-1")))
    assert "Chiara Bianchi" in form
    assert ">Sam Whitfield</option>" not in form
    assert sam.post(url("request_back", "REQ-1"), {}).status_code == 422
    assert not Backing.objects.exists()


def test_a_marketer_says_for_whom(northwind, ask, browse):
    ask(northwind.sam)
    mia = browse("mia")
    assert "Choose who needs it too." in text_of(mia.post(url("request_back", "REQ-1"), {}))
    response = mia.post(url("request_back", "REQ-1"), {"backer": northwind.chiara.pk}, follow=True)
    assert "Chiara backs REQ-1 and gets the answer." in text_of(response)


def test_a_manager_backs_for_himself_alone(northwind, ask, browse):
    ask(northwind.sam)
    grace = browse("grace")
    response = grace.post(url("request_back", "REQ-1"), {"backer": northwind.chiara.pk})
    assert response.status_code == 422
    grace.post(url("request_back", "REQ-1"), {"account": "Dairyland"})
    assert Backing.objects.get().backer == northwind.grace


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"deal_value": "1e9"}, "Type a whole amount"),
        ({"deal_value": "-5"}, "An amount cannot be negative."),
        ({"account": "two\nlines"}, "One line, please."),
        ({"note": "x" * 1_001}, "1000"),
    ],
)
def test_a_backing_that_cannot_be_comes_back_with_what_was_typed(
    northwind, ask, browse, form, says
):
    ask(northwind.sam)
    response = browse("chiara").post(url("request_back", "REQ-1"), {"account": "Kept", **form})
    assert response.status_code == 422
    assert says in text_of(response)
    assert "Kept" in text_of(response) or "account" in form
    assert not Backing.objects.exists()


def test_a_backing_is_withdrawn(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    response = browse("chiara").post(url("request_withdraw", "REQ-1"), follow=True)
    assert "You do not back REQ-1 any more." in text_of(response)
    assert not Backing.objects.exists()


@pytest.mark.parametrize("backer", ["0", "x", "99999999999999999999", "²"])
def test_withdrawing_for_nobody_withdraws_nothing(northwind, ask, browse, backer):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    response = browse("chiara").post(url("request_withdraw", "REQ-1"), {"backer": backer})
    assert response.status_code == 302
    assert Backing.objects.exists()


def test_a_rep_does_not_withdraw_what_a_colleague_said(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    form = {"backer": northwind.chiara.pk}
    assert browse("sam").post(url("request_withdraw", "REQ-1"), form).status_code == 403
    assert Backing.objects.exists()


def test_a_rep_takes_back_what_he_wrote_down_for_a_colleague(northwind, ask, browse):
    hannah = make_member(northwind.workspace, "Hannah Schulz", Role.SALES)
    actions.back_request(ask(northwind.sam), by=northwind.chiara, backer=hannah)
    offer = "Withdraw the backing of Hannah Schulz"
    assert offer not in text_of(browse("sam").get(url("request", "REQ-1")))
    chiara = browse("chiara")
    assert offer in text_of(chiara.get(url("request", "REQ-1")))
    response = chiara.post(url("request_withdraw", "REQ-1"), {"backer": hannah.pk}, follow=True)
    assert "Hannah does not back REQ-1 any more." in text_of(response)
    assert not Backing.objects.exists()


def test_the_list_and_triage_say_how_many_and_what_it_is_worth(northwind, ask, browse):
    request = ask(northwind.sam, deal_value=40_000)
    actions.back_request(request, by=northwind.chiara, deal_value=5_000)
    mia = browse("mia")
    for name in ("requests", "triage"):
        page = text_of(mia.get(url(name)))
        assert "1 backs it" in page
        assert "€45k" in page


def test_what_backers_type_is_text(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara, account=ATTACK, note=ATTACK)
    for name, who in (("request", "sam"), ("triage_request", "mia"), ("request_back", "chiara")):
        assert ATTACK not in text_of(browse(who).get(url(name, "REQ-1")))


# Asking back


def test_a_marketer_asks_and_the_rep_answers_on_the_page(northwind, ask, browse):
    ask(northwind.sam)
    mia, sam = browse("mia"), browse("sam")
    response = mia.post(
        url("request_ask", "REQ-1"), {"version": 1, "words": "Which two numbers?"}, follow=True
    )
    assert "REQ-1 waits for Sam, who reads your question in a minute." in text_of(response)
    assert "Waiting for the rep" in text_of(mia.get(url("triage_request", "REQ-1")))
    page = text_of(sam.get(url("request", "REQ-1")))
    assert "Mia wants to know something first" in page
    assert "Which two numbers?" in page
    response = sam.post(url("request_reply", "REQ-1"), {"words": "Fat, protein."}, follow=True)
    assert "Sent. Marketing sees it on top of its list." in text_of(response)
    page = text_of(mia.get(url("triage")))
    assert "Answered you" in page
    context = text_of(mia.get(url("triage_context", "REQ-1")))
    assert "Which two numbers?" in context
    assert "Fat, protein." in context


def test_an_empty_answer_comes_back(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.ask_back(request, by=northwind.mia, words="Which?", version=1)
    response = browse("sam").post(url("request_reply", "REQ-1"), {"words": " "})
    assert response.status_code == 422
    assert "Write an answer." in text_of(response)
    assert Request.objects.get().is_asked


def test_an_answer_that_nobody_waits_for_any_more_is_kept_and_told(northwind, ask, browse):
    ask(northwind.sam)
    response = browse("sam").post(url("request_reply", "REQ-1"), {"words": "Fat, protein."})
    assert response.status_code == 422
    assert "Nobody waits for this answer any more" in text_of(response)
    assert "Fat, protein." in text_of(response)


def test_a_question_is_taken_back_on_its_page(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.ask_back(request, by=northwind.mia, words="Which?", version=1)
    mia = browse("mia")
    assert "Take it back" in text_of(mia.get(url("request", "REQ-1")))
    assert mia.post(url("decision_undo", "REQ-1")).status_code == 302
    assert Request.objects.get().is_waiting


def test_what_was_asked_can_still_be_answered_but_not_asked_again(northwind, ask, browse):
    request = ask(northwind.sam)
    actions.ask_back(request, by=northwind.mia, words="Which?", version=1)
    mia = browse("mia")
    page = text_of(mia.get(url("triage_request", "REQ-1") + "?answer=ask"))
    assert 'data-answer-form="accept"' in page
    assert 'data-answer-form="ask"' not in page
    response = mia.post(url("request_ask", "REQ-1"), {"version": 2, "words": "And?"})
    assert response.status_code == 422
    assert Decision.objects.count() == 1


# Merging


def test_a_marketer_merges_and_the_page_leads_to_the_target(northwind, ask, browse):
    ask(northwind.chiara, "Milk samples")
    ask(northwind.sam)
    mia = browse("mia")
    form = {"version": 1, "words": "Chiara asked too.", "target": "req-1"}
    response = mia.post(url("request_merge", "REQ-2"), form, follow=True)
    assert "REQ-2 merged into REQ-1. Sam reads it in a minute." in text_of(response)
    page = text_of(browse("sam").get(url("request", "REQ-2")))
    assert "REQ-1 stands for this request now." in page
    assert url("request", "REQ-1") in page
    assert "by you" in page  # who asked here; what was answered there
    assert "I need this too" not in page
    assert "Merged into REQ-1" in text_of(mia.get(url("requests") + "?state=merged"))


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "Type the key of a request."),
        ("REQ-99", "We know no request REQ-99."),
        ("'; --", "We know no request"),
        ("REQ-1", "cannot be merged into itself"),
    ],
)
def test_a_merge_into_nothing_comes_back(northwind, ask, browse, target, says):
    ask(northwind.sam)
    response = browse("mia").post(
        url("request_merge", "REQ-1"), {"version": 1, "words": "Same here.", "target": target}
    )
    assert response.status_code == 422
    assert says in text_of(response)
    assert "Same here." in text_of(response)


def test_what_looks_similar_is_offered_for_merging(northwind, ask, browse):
    ask(northwind.chiara, "Dairy slides with milk samples")
    ask(northwind.chiara, "An advert in Rome")
    ask(northwind.sam, "Slides for dairies")
    context = text_of(browse("mia").get(url("triage_context", "REQ-3")))
    assert "Merge into REQ-1" in context
    assert "REQ-2" not in context
    page = text_of(browse("mia").get(url("triage_request", "REQ-3") + "?answer=merge&target=REQ-1"))
    assert 'value="REQ-1"' in page


def test_what_was_asked_before_is_offered_while_typing(northwind, ask, browse):
    ask(northwind.chiara, "Dairy slides with milk samples")
    ask(northwind.sam, "Slides for the dairy in Lyon")
    sam = browse("sam")
    assert url("request_similar") in text_of(sam.get(url("request_new")))
    page = text_of(sam.get(url("request_similar"), {"title": "Dairy slides"}))
    assert url("request_back", "REQ-1") in page
    assert url("request", "REQ-2") in page
    assert url("request_back", "REQ-2") not in page  # his own
    assert text_of(sam.get(url("request_similar"), {"title": "A webinar"})).strip() == ""
    assert text_of(sam.get(url("request_similar"))).strip() == ""


def test_what_was_merged_is_not_offered_again(northwind, ask, browse):
    target, source = ask(northwind.chiara, "Dairy slides"), ask(northwind.sam, "Slides for dairies")
    actions.merge_request(source, by=northwind.mia, words="Same.", version=1, target=target)
    page = text_of(browse("sam").get(url("request_similar"), {"title": "Dairy slides"}))
    assert "REQ-1" in page
    assert "REQ-2" not in page


@pytest.mark.parametrize("count", [5, 200])
def test_looking_for_similar_ones_costs_the_same_however_many(northwind, browse, count):
    make_requests(northwind, count)
    back_all(northwind, count)
    title = Request.objects.order_by("number")[0].title
    address = f"{url('request_similar')}?title={title}"
    assert queries_of(browse("sam"), address) <= OF_THE_FRAME + 3


@pytest.mark.parametrize(
    ("title", "others", "found"),
    [
        ("Slides for dairies", ["Dairy slides", "A webinar"], ["Dairy slides"]),
        ("Flyer", ["One flyer", "Flyer for Dairyland"], ["One flyer"]),
        ("Flyer", ["Flyer"], ["Flyer"]),
        ("", ["Flyer"], []),
        ("the and for", ["the and for"], []),
        ("Preisliste Händler", ["preisliste händler 2027"], ["preisliste händler 2027"]),
    ],
)
def test_titles_are_alike_when_they_share_enough_words(title, others, found):
    assert alike(title, {other: other for other in others}) == found


# Cost


def back_all(northwind, count: int) -> None:
    with arranging():
        Backing.objects.bulk_create(
            Backing(
                workspace=northwind.workspace,
                request=request,
                backer=northwind.chiara,
                entered_by=northwind.chiara,
                account="Dairyland",
                deal_value=5,
            )
            for request in Request.objects.all()[:count]
        )


@pytest.mark.parametrize("count", [5, 200])
def test_backings_cost_the_list_and_triage_one_query(northwind, browse, count):
    make_requests(northwind, count)
    back_all(northwind, count)
    mia = browse("mia")
    assert queries_of(mia, url("requests")) <= OF_THE_FRAME + 5
    assert queries_of(mia, url("triage")) <= OF_THE_FRAME + 6
    context = url("triage_context", Request.objects.order_by("number")[0].key)
    assert queries_of(mia, context) <= OF_THE_FRAME + 6


@pytest.mark.parametrize("count", [5, 200])
def test_a_request_costs_the_same_however_many_back_it(northwind, ask, browse, count):
    ask(northwind.sam)
    people = [make_member(northwind.workspace, f"Rep{n} Number", Role.SALES) for n in range(count)]
    with arranging():
        Backing.objects.bulk_create(
            Backing(
                workspace=northwind.workspace,
                request=Request.objects.get(),
                backer=person,
                entered_by=person,
            )
            for person in people
        )
    assert queries_of(browse("sam"), url("request", "REQ-1")) <= OF_THE_FRAME + 6


def test_a_merged_request_costs_no_more(northwind, ask, browse):
    target, source = ask(northwind.chiara, "Milk samples"), ask(northwind.sam)
    actions.accept_request(target, by=northwind.mia, words="Yes.", version=1)
    actions.merge_request(source, by=northwind.mia, words="Same.", version=1, target=target)
    assert queries_of(browse("sam"), url("request", "REQ-2")) <= OF_THE_FRAME + 6


# Mails


def mail_to(first: str, kind: str) -> tuple[str, str, str]:
    items = OutboxItem.objects.with_recipient().filter(kind=kind)
    message = message_for(items.get(recipient__shown_name__startswith=first))
    return message.subject, message.body, message.alternatives[0][0]


def test_the_question_is_mailed(northwind, ask):
    request = ask(northwind.sam)
    actions.ask_back(request, by=northwind.mia, words=f"Which? {ATTACK}", version=1)
    subject, text, html = mail_to("Sam", "intake.asked")
    assert subject == "A question about Slides for dairies"
    for part in (text, html):
        assert "Mia Lindqvist wants to know something first" in part
        assert "/w/northwind/requests/REQ-1/" in part
    assert ATTACK in text
    assert ATTACK not in html


def test_a_backer_reads_that_he_backed_it(northwind, ask):
    request = ask(northwind.sam)
    actions.back_request(request, by=northwind.chiara)
    actions.accept_request(request, by=northwind.mia, words="Yes.", version=1)
    for part in mail_to("Chiara", "intake.answer")[1:]:
        assert "you backed REQ-1, a request of Sam Whitfield" in part
    for part in mail_to("Sam", "intake.answer")[1:]:
        assert "REQ-1 is your request" in part


def test_a_merge_is_mailed_with_the_way_to_the_target(northwind, ask):
    target, source = ask(northwind.chiara, "Milk samples"), ask(northwind.sam)
    actions.merge_request(source, by=northwind.mia, words="Chiara too.", version=1, target=target)
    subject, text, html = mail_to("Sam", "intake.answer")
    assert subject == "Together with REQ-1: Slides for dairies"
    for part in (text, html):
        assert "Chiara too." in part
        assert "Milk samples" in part
        assert "/w/northwind/requests/REQ-1/" in part
