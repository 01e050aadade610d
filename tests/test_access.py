"""Every address x every kind of person x GET and POST, against the one table in access_rules.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, resolve, reverse
from django.urls.resolvers import RegexPattern, RoutePattern

from backlog.models import Task
from tests import calls
from tests.access_rules import (
    RULES,
    SAMPLES,
    UNNAMED,
    Door,
    Rule,
    Scene,
    cast,
    make_scene,
    missing,
)
from tests.arranging import arranging

BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Address:
    """One URL of the program: its name, its route and the names of its arguments."""

    name: str
    route: str
    arguments: tuple[str, ...]

    def url(self, scene: Scene, **instead: object) -> str:
        """Return it with samples from a scene."""
        return reverse(self.name, kwargs={**self.samples(scene), **instead})

    def samples(self, scene: Scene) -> dict[str, object]:
        """Return what stands for each argument. A KeyError means: SAMPLES needs a line."""
        return {name: self.sample(name)(scene) for name in self.arguments}

    def sample(self, argument: str) -> Callable[[Scene], object]:
        """Return the sample of one argument."""
        return SAMPLES.get((self.name, argument)) or SAMPLES[argument]


def arguments_of(pattern: object) -> tuple[str, ...]:
    if isinstance(pattern, RoutePattern):
        return tuple(pattern.converters)
    return tuple(pattern.regex.groupindex) if isinstance(pattern, RegexPattern) else ()


def walk(
    patterns: list[URLPattern | URLResolver],
    route: str = "",
    arguments: tuple[str, ...] = (),
    namespaces: tuple[str, ...] = (),
) -> Iterator[Address]:
    """Yield every address that can be reached."""
    for found in patterns:
        here = route + str(found.pattern)
        names = (*arguments, *arguments_of(found.pattern))
        if isinstance(found, URLPattern):
            name = ":".join((*namespaces, found.name)) if found.name else ""
            yield Address(name, here, names)
        else:
            inner = (*namespaces, found.namespace) if found.namespace else namespaces
            yield from walk(found.url_patterns, here, names, inner)


def is_api(address: Address) -> bool:
    """Tell whether it has its own table: tests/api_rules.py."""
    return address.name.startswith("api_")


def addresses() -> list[Address]:
    found = walk(get_resolver().url_patterns)
    return [address for address in found if address.name and not is_api(address)]


def complaints(everything: list[Address]) -> list[str]:
    """Return what is wrong between the resolver and the table."""
    found = [address for address in everything if not is_api(address)]
    wrong = [
        f"{address.route}: a URL without a name"
        for address in found
        if not address.name and not any(re.fullmatch(known, address.route) for known in UNNAMED)
    ]
    names = {address.name for address in found if address.name}
    wrong += [f"{name}: a URL without a row in RULES" for name in sorted(names - set(RULES))]
    wrong += [f"{name}: a row in RULES without a URL" for name in sorted(set(RULES) - names)]
    for address in found:
        for argument in address.arguments:
            if address.name and (address.name, argument) not in SAMPLES and argument not in SAMPLES:
                wrong.append(f"{address.name}: no sample for <{argument}>")
    return wrong


@pytest.fixture
def foreign(fjord):
    return make_scene(fjord, 500)


def signed_in(user) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def ask(client: Client, method: str, url: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """Send one request whose changes are forgotten."""
    cache.clear()  # allauth's limits
    with transaction.atomic():
        answer = getattr(calls.once_more(client), method.lower())(url, *args, **kwargs)
        transaction.set_rollback(True)
    return answer


# The table and the resolver --------------------------------------------------------------------


def test_every_url_has_a_row_and_every_row_a_url():
    assert complaints(list(walk(get_resolver().url_patterns))) == []


def view(request):
    return HttpResponse()


@pytest.mark.parametrize(
    ("forgotten", "complaint"),
    [
        (path("w/<slug:slug>/export/", view, name="export"), "a URL without a row"),
        (path("w/<slug:slug>/export/", view), "a URL without a name"),
        (path("w/<slug:slug>/<uuid:thing>/", view, name="board"), "no sample for <thing>"),
    ],
)
def test_a_forgotten_url_is_found(forgotten, complaint):
    found = list(walk([*get_resolver().url_patterns, forgotten]))
    assert [wrong for wrong in complaints(found) if complaint in wrong]


def test_a_dead_row_is_found():
    found = [a for a in walk(get_resolver().url_patterns) if a.name != "front_door"]
    assert "front_door: a row in RULES without a URL" in complaints(found)


# Who may ---------------------------------------------------------------------------------------


def expected(rule: Rule | Door, method: str, who: str, role: str) -> frozenset[int]:
    if isinstance(rule, Door):
        stranger = rule.stranger_get if method == "GET" else rule.stranger_post
        person = rule.person_get if method == "GET" else rule.person_post
        return frozenset({stranger if who == "anonymous" else person})
    if who == "anonymous":
        return frozenset({302})
    if who == "outsider":
        may = rule.expect(method, "marketer", is_admin=True) != {405}
        return frozenset({404} if may else {405})
    return rule.expect(method, role, is_admin=who.endswith(" admin"))


WHO = [
    "anonymous",
    "marketer",
    "marketer admin",
    "sales",
    "sales admin",
    "manager",
    "manager admin",
    "outsider",
]


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_what_the_table_says(scene, fjord, who):
    user, role = cast(scene, fjord).get(who, (None, ""))
    client = signed_in(user)
    wrong = []
    for address in addresses():
        for method in ("GET", "POST"):
            answer = ask(client, method, address.url(scene))
            wanted = expected(RULES[address.name], method, who, role)
            if answer.status_code not in wanted:
                wrong.append(f"{method} {address.name}: {answer.status_code}, not {set(wanted)}")
            private = isinstance(RULES[address.name], Rule)
            if who == "anonymous" and private and "/accounts/login/" not in answer["Location"]:
                wrong.append(f"{method} {address.name}: does not lead to sign-in")
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_kind_of_person_is_tried(scene, fjord):
    assert {"anonymous", *cast(scene, fjord)} == set(WHO)


def inside() -> list[Address]:
    return [address for address in addresses() if isinstance(RULES[address.name], Rule)]


def test_other_methods_are_refused(scene):
    client = signed_in(scene.world.mia.user)
    wrong = [
        f"{method} {address.name}: {answer.status_code}"
        for address in inside()
        for method in ("PUT", "PATCH", "DELETE")
        if (answer := ask(client, method, address.url(scene))).status_code != 405
    ]
    assert not wrong


def test_head_answers_as_get_does(scene):
    client = signed_in(scene.world.mia.user)
    wrong = []
    for address in inside():
        if RULES[address.name].get:
            got, head = (ask(client, method, address.url(scene)) for method in ("GET", "HEAD"))
            if got.status_code != head.status_code:
                wrong.append(f"{address.name}: GET {got.status_code}, HEAD {head.status_code}")
    assert not wrong


# Separation ------------------------------------------------------------------------------------


def bare(answer: HttpResponse) -> bytes:
    """Return a body without its tokens, which differ each time."""
    return re.sub(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', rb"\1", answer.content)


def test_what_is_foreign_looks_like_what_never_was(scene, foreign):
    """A member, at his own workspace's addresses, names an object of another workspace."""
    client = signed_in(scene.world.mia.user)
    tried, wrong = 0, []
    for address in inside():
        theirs = address.samples(foreign)
        for argument in address.arguments:
            if argument in {"kind", "name"}:
                continue  # a word of ours, which belongs to nobody
            method = "GET" if RULES[address.name].get else "POST"
            nothing = missing(argument, theirs[argument])
            other, none = (
                ask(client, method, address.url(scene, **{argument: value}))
                for value in (theirs[argument], nothing)
            )
            tried += 1
            if (other.status_code, none.status_code) != (404, 404):
                wrong.append(f"{address.name} <{argument}>: {other.status_code}/{none.status_code}")
            elif bare(other) != bare(none):
                wrong.append(f"{address.name} <{argument}>: the two pages differ")
    assert tried > 50
    assert not wrong, "\n" + "\n".join(wrong)


# Never a 500 -----------------------------------------------------------------------------------

LONG = "x" * 10_240
HUGE = {"number": 10**25, "pk": 10**25}
ODD_KEYS = [f"NW-{'9' * 30}", "REQ-" + "9" * 30, "x" * 500, "NW-1\x00", "-", "💥", "NW-١"]


# So that a form reaches its verb: what a person would have typed
TYPED = {
    "title": "A new flyer",
    "name": "A new name",
    "words": "Yes, gladly.",
    "lines": "One\nTwo",
    "reason": "Asked for",
    "label": "Flyer",
    "url": "https://example.org/",
    "goal": "Fill the pipeline",
}


class Forms(HTMLParser):
    """Reads the forms of a page: where they go, how, and with what in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((told.get("action", ""), told.get("method", "get").lower(), {}))
        if not self.found:
            return
        fields = self.found[-1][2]
        if tag in {"input", "textarea", "button", "select"} and told.get("name"):
            fields.setdefault(told["name"], told.get("value", ""))
            self._select = told["name"] if tag == "select" else ""
        if tag == "option" and self._select and ("selected" in told or not fields[self._select]):
            fields[self._select] = told.get("value", "")


def forms_of(page: HttpResponse) -> list[tuple[str, str, dict[str, str]]]:
    parser = Forms()
    parser.feed(page.content.decode())
    return parser.found


def failures(answers: Iterator[tuple[str, HttpResponse]]) -> list[str]:
    return sorted(
        {f"{what}: {answer.status_code}" for what, answer in answers if answer.status_code >= 500}
    )


@pytest.mark.parametrize("who", ["anonymous", "marketer admin"])
def test_no_body_is_a_500(scene, fjord, who):
    user, _role = cast(scene, fjord).get(who, (None, ""))
    client = signed_in(user)

    def answers() -> Iterator[tuple[str, HttpResponse]]:
        for address in addresses():
            if address.name.startswith("admin:"):
                continue  # led to sign-in before anything is read, as the table says
            url = address.url(scene)
            yield address.name, ask(client, "POST", url)
            for kind, body in (
                ("text/plain", LONG),
                ("application/json", "[1, [2]]"),
                ("application/x-www-form-urlencoded", "%00=%ff&" * 20),
                ("multipart/form-data; boundary=x", "--x\r\nnot a part"),
            ):
                yield f"{address.name} {kind}", ask(client, "POST", url, body, content_type=kind)

    assert failures(answers()) == []


@dataclass(frozen=True)
class Form:
    """One form of the program: the name of its address, how it is sent, and what is in it."""

    name: str
    method: str
    target: str
    fields: dict[str, str]


def all_forms(client: Client, scene: Scene) -> list[Form]:
    """Return every form that a marketer finds, filled as it came and typed into where empty."""
    forms: dict[tuple[str, str, tuple[str, ...]], Form] = {}
    for address in addresses():
        page = ask(client, "GET", address.url(scene))
        if page.status_code != 200 or "html" not in page["Content-Type"]:
            continue
        for action, method, fields in forms_of(page):
            target = (action or address.url(scene)).partition("?")[0]
            name = resolve(target).view_name
            filled = {field: value or TYPED.get(field, "") for field, value in fields.items()}
            key = (name, method, tuple(sorted(fields)))
            forms.setdefault(key, Form(name, method, target, filled))
    assert len(forms) > 20
    return list(forms.values())


def theirs_to_name(foreign: Scene) -> dict[str, list[object]]:
    """Return what a form could name of another workspace, by the name of its field."""
    workspace = foreign.world.workspace
    people = list(workspace.members.values_list("pk", flat=True)[:1])
    tasks = [foreign.task.pk, foreign.task.key]
    sprints = [foreign.planned.pk, foreign.running.pk, foreign.planned.number]
    return {
        "campaign": [foreign.campaign.pk],
        "channel": list(workspace.channels.values_list("pk", flat=True)[:1]),
        "column": list(workspace.columns.values_list("pk", flat=True)[:1]),
        "labels": list(workspace.labels.values_list("pk", flat=True)[:1]),
        **dict.fromkeys(("assignee", "requester", "member", "as", "who"), people),
        **dict.fromkeys(("task", "before", "after", "swap_out"), tasks),
        **dict.fromkeys(("sprint", "carry_to"), sprints),
    }


def crossings() -> list[str]:
    """Return the rows that tie two workspaces together."""
    found = []
    for model in apps.get_models():
        paths = ["workspace"] if "workspace" in {f.name for f in model._meta.fields} else []
        for key in model._meta.fields:
            other = {f.name for f in key.related_model._meta.fields} if key.is_relation else set()
            paths += [f"{key.name}__workspace"] if "workspace" in other else []
        for path_ in paths[1:]:
            rows = model._default_manager.filter(**{f"{path_}__isnull": False})
            count = rows.exclude(**{path_: F(paths[0])}).count()
            found += [f"{model._meta.label} {path_}: {count}"] if count else []
    return found


def test_a_row_that_ties_two_workspaces_would_be_found(scene, foreign):
    assert crossings() == []
    with arranging():
        Task.objects.filter(pk=scene.task.pk).update(campaign=foreign.campaign)
    assert crossings() == ["backlog.Task campaign__workspace: 1"]


def test_no_form_takes_or_shows_what_belongs_to_another_workspace(scene, foreign):
    with arranging():
        Task.objects.filter(workspace=foreign.world.workspace).update(title="Hush, a secret")
        foreign.world.workspace.members.update(shown_name="Secret Agent")
    client = signed_in(scene.world.mia.user)
    named, wrong, tried = theirs_to_name(foreign), [], 0
    for form in all_forms(client, scene):
        for field in set(form.fields) & set(named):
            for value in named[field]:
                with transaction.atomic():
                    data = {**form.fields, field: value}
                    answer = getattr(client, form.method)(form.target, data)
                    tied = crossings()
                    transaction.set_rollback(True)
                tried += 1
                told = b"secret" in answer.content.lower()
                if tied or told or answer.status_code >= 500:
                    wrong.append(f"{form.name} {field}={value}: {answer.status_code} {tied} {told}")
    assert tried > 20
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_address_is_a_500(scene):
    client = signed_in(scene.world.mia.user)
    found = []
    for address in inside():
        for argument in address.arguments:
            odd = ODD_KEYS if argument == "key" else [HUGE[argument]] if argument in HUGE else []
            for value in odd:
                method = "GET" if RULES[address.name].get else "POST"
                answer = ask(client, method, address.url(scene, **{argument: value}))
                if answer.status_code != 404:
                    found.append(
                        f"{address.name} {argument}={str(value)[:9]!r}: {answer.status_code}"
                    )
    assert not found, "\n" + "\n".join(found)


QUERIES = [
    "page",
    "after",
    "before",
    "q",
    "sort",
    "state",
    "who",
    "cursor",
    "sprint",
    "column",
    "next",
]


def test_no_query_is_a_500(scene):
    client = signed_in(scene.world.mia.user)

    def answers() -> Iterator[tuple[str, HttpResponse]]:
        for address in inside():
            if RULES[address.name].get:
                for nasty in ("9" * 30, "a\x00b", "-1"):
                    query = dict.fromkeys(QUERIES, nasty)
                    yield (
                        f"{address.name} {nasty[:9]!r}",
                        ask(client, "GET", address.url(scene), query),
                    )

    assert failures(answers()) == []


# What a full run has used (tests/calls.py) ------------------------------------------------------


class Answered:
    """As much of an answer as is looked at."""

    def __init__(self, name: str, status: int, location: str = "") -> None:
        self.status_code = status
        self.headers = {"Location": location} if location else {}
        self.resolver_match = type("Match", (), {"view_name": name}) if name else None


@pytest.mark.parametrize(
    ("answered", "counts"),
    [
        (Answered("board", 200), True),
        (Answered("board", 302, "/w/northwind/"), True),
        (Answered("board", 302, "/accounts/login/?next=/w/northwind/board/"), False),
        (Answered("board", 422), False),
        (Answered("board", 404), False),
        (Answered("", 200), False),
    ],
)
def test_only_success_counts_as_use(monkeypatch, answered, counts):
    monkeypatch.setattr(calls, "called", set())
    calls.note("HEAD", answered)
    assert calls.called == ({("board", "GET")} if counts else set())
    assert ("GET board" in calls.unused()) is not counts


def test_what_a_worker_used_is_added(monkeypatch):
    monkeypatch.setattr(calls, "called", set())
    worker = type("Node", (), {"workeroutput": {"called": [["board", "GET"]]}})
    calls.pytest_testnodedown(worker, None)
    assert calls.called == {("board", "GET")}
