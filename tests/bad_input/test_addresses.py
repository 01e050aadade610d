"""Rows 23 to 37: query strings, paths, hosts and headers on the pages.

A page's convention: what it does not know in an address is ignored; what it knows and cannot use
is a 400 that shows the whole list and names what was wrong (the API refuses both).
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from people.models import User
from tests.access_rules import RULES, Scene
from tests.bad_input.asking import send
from tests.test_access import Address, inside, signed_in

pytestmark = pytest.mark.both_databases

PASSWORD = "correct horse battery staple"


@pytest.fixture
def mia(scene) -> Client:
    return signed_in(scene.world.mia.user)


def readable() -> list[Address]:
    return [address for address in inside() if RULES[address.name].get]


def known(client: Client, address: Address, scene: Scene) -> dict[str, str]:
    """Return which parameters a page's own forms read from its address, and how they are called."""
    seen = send(client, "get", address.url(scene)).forms
    return {
        form.add_prefix(name): str(field.label or name)
        for form in seen
        for name, field in form.fields.items()
    }


JUNK = ["abc", "1;drop table", "9" * 30, "-1", "0x1f", "½", "a\x00b"]
WORDS = {"q", "after"}  # any words are a search, and any place in a list is one that is gone


def test_rows_23_to_31_a_parameter_that_makes_no_sense_is_named(mia, scene):
    wrong, tried = [], 0
    for address in readable():
        for name, label in known(mia, address, scene).items():
            for junk in JUNK if name not in WORDS else ["a\x00b"]:
                answer = send(mia, "get", f"{address.url(scene)}?{urlencode({name: junk})}")
                tried += 1
                if answer.status != 400:
                    wrong.append(f"{address.name}?{name}={junk!r}: {answer.status}")
                elif label not in answer.page.content.decode():
                    wrong.append(f"{address.name}?{name}={junk!r}: not named")
    assert tried > 40
    assert not wrong, "\n" + "\n".join(wrong)


def test_row_25_an_empty_parameter_is_none(mia, scene):
    wrong = [
        f"{address.name}?{name}="
        for address in readable()
        for name in known(mia, address, scene)
        if send(mia, "get", f"{address.url(scene)}?{name}=").status != 200
    ]
    assert wrong == []


@pytest.mark.parametrize("words", ["word " * 1_000, "x" * 8_000, "x" * 101, "%" * 101])
@pytest.mark.parametrize("name", ["backlog", "plan_sprint"])
def test_rows_27_and_28_a_search_has_a_length(mia, scene, name, words):
    address = next(address for address in readable() if address.name == name)
    answer = send(mia, "get", address.url(scene), {"q": words})
    assert answer.status == 400
    assert "Search" in answer.page.content.decode()


def test_row_27_many_short_words_cost_no_more_than_a_few(mia, scene, django_assert_max_num_queries):
    address = next(address for address in readable() if address.name == "backlog")
    with django_assert_max_num_queries(12) as asked:
        mia.get(address.url(scene), {"q": "a " * 49})
    longest = max(query["sql"].upper().count(" LIKE ") for query in asked.captured_queries)
    assert longest <= 10


UNKNOWN = {
    "stauts": "done",
    "ordering": "assignee__user__email",
    "assignee__user__password__startswith": "a",
    "page": "0",
    "page_size": "100000",
    "cursor": "x",
}
LINKS = re.compile(r'href="(/w/[^"?#]*)')


def test_rows_29_to_32_what_a_page_does_not_know_changes_nothing(mia, scene):
    for address in readable():
        plain = send(mia, "get", address.url(scene)).page
        other = send(mia, "get", f"{address.url(scene)}?{urlencode(UNKNOWN)}").page
        assert (address.name, other.status_code) == (address.name, plain.status_code)
        listed = [LINKS.findall(page.content.decode()) for page in (plain, other)]
        assert listed[0] == listed[1], address.name


@pytest.mark.parametrize(
    "path",
    [
        "/w/northwind/sprints/100000000000000000000000/plan/",
        "/w/northwind/sprints/-1/plan/",
        "/w/northwind/sprints/1e3/plan/",
        "/w/northwind/sprints/%D9%A3/plan/",
        "/w/northwind/campaigns/100000000000000000000000/",
        "/w/northwind/campaigns/%00/",
        "/w/northwind/tasks/%00/",
        "/w/northwind/tasks/NW-1%00/",
        "/w/northwind/tasks/..%2f..%2fetc/passwd/",
        "/w/northwind/requests/REQ-%00/",
        "/w/%00/board/",
        "/w/northwind%2f..%2ffjord/board/",
        "/%ff",
        "/%ff/",
        "/..%2f..%2fetc/passwd",
        "/static/..%2f..%2fmanage.py",
        "/static/%2e%2e/%2e%2e/manage.py",
    ],
)
def test_rows_33_and_34_a_path_that_is_none_is_not_there(mia, path):
    fresh = Client(raise_request_exception=False)
    fresh.cookies = mia.cookies.copy()
    assert fresh.get(path).status_code == 404


# Each leads to another site, or is no address at all
ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:///evil.example",
    "http://evil.example/w/northwind/",
    "https://testserver@evil.example",
    "//evil.example/w/northwind/board/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "\x08//evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:///evil.example",
    "evil.example\r\nSet-Cookie: a=b",
]


def own(location: str) -> bool:
    """Tell whether a browser that follows this stays with us."""
    return location.startswith("/") and location[1:2] not in {"/", "\\"} and location.isprintable()


@pytest.mark.parametrize("address", ELSEWHERE)
def test_row_35_signing_in_leads_nowhere_else(db, address):
    User.objects.create_user("ada@example.org", PASSWORD, name="Ada")
    form = {"login": "ada@example.org", "password": PASSWORD}
    for answer in (
        Client().post(reverse("account_login"), {**form, "next": address}),
        Client().post(f"{reverse('account_login')}?{urlencode({'next': address})}", form),
    ):
        assert answer.status_code == 302
        assert own(answer["Location"])


def test_row_35_no_form_of_ours_leads_elsewhere(mia, scene):
    task, slug = scene.task, scene.world.workspace.slug
    address = reverse("task_edit", args=[slug, task.key])
    page = mia.get(address).context["form"]
    fields = {name: page[name].value() or "" for name in page.fields}
    for wanted in [*ELSEWHERE, "/accounts/logout/", f"/w/{slug}\\..\\..\\@evil.example"]:
        answer = send(mia, "post", address, {**fields, "next": wanted})
        assert answer.status == 302
        assert answer.page["Location"] == reverse("task", args=[slug, task.key])


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "testserver@x"])
def test_row_36_a_foreign_host_is_refused(mia, scene, host):
    fresh = Client(raise_request_exception=False)
    fresh.cookies = mia.cookies.copy()
    answer = fresh.get(reverse("board", args=[scene.world.workspace.slug]), headers={"host": host})
    assert answer.status_code == 400
    assert b"evil" not in answer.content


def test_row_36_a_proxys_word_about_the_host_is_not_taken(mia, scene):
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for address in readable():
        answer = mia.get(address.url(scene), headers=headers)
        assert b"evil.example" not in answer.content
        assert "evil.example" not in str(dict(answer.headers))


def test_row_37_an_invented_address_of_a_proxy_buys_no_tries(db):
    User.objects.create_user("ada@example.org", PASSWORD, name="Ada")
    answers = [
        Client().post(
            reverse("account_login"),
            {"login": "ada@example.org", "password": f"wrong {n}"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        )
        for n in range(50)
    ]
    refused = [
        n
        for n, answer in enumerate(answers)
        if answer.status_code == 429 or b"Too many tries" in answer.content
    ]
    assert refused
    assert refused[0] <= 20
    assert refused == list(range(refused[0], 50))


def test_row_37_nor_do_many_names(db):
    refused = [
        Client()
        .post(
            reverse("account_login"),
            {"login": f"ada{n}@example.org", "password": "wrong"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        )
        .status_code
        == 429
        for n in range(50)
    ]
    assert any(refused[:31])
    assert refused[-1]
