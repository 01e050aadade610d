"""Every route of the API x every method x every kind of credentials, against tests/api_rules.py."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, path, resolve, reverse
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from backlog.models import Channel
from people.api import actions
from people.api.auth import IsMember, IsPerson
from people.api.fields import KeyField, OwnField
from people.api.pagination import PageQuery
from people.api.serializers import QuerySerializer, ReadSerializer
from people.api.views import ApiView, MemberView, NothingHere
from people.models import Membership
from tests.access_rules import cast, make_scene
from tests.api_rules import (
    API_RULES,
    API_SAMPLES,
    BODIES,
    ELSEWHERE,
    GOLDEN,
    MISSING,
    ODD_ARGUMENTS,
)
from tests.arranging import arranging
from tests.bad_input.asking import stored
from tests.calls import once_more
from tests.test_access import Address, is_api, walk

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OURS = {config.label for config in apps.get_app_configs() if "site-packages" not in config.path}


def routes() -> list[Address]:
    """Return the routes of the table."""
    found = [address for address in walk(get_resolver().url_patterns) if is_api(address)]
    return [address for address in found if address.name not in ELSEWHERE]


def complaints(found: list[Address]) -> list[str]:
    """Return what is wrong between the resolver and the table."""
    names = {address.name for address in found}
    wrong = [f"{name}: a route without a row" for name in sorted(names - set(API_RULES))]
    wrong += [f"{name}: a row without a route" for name in sorted(set(API_RULES) - names)]
    for address in found:
        wrong += [
            f"{address.name}: no sample for <{argument}>"
            for argument in address.arguments
            if (address.name, argument) not in API_SAMPLES and argument not in API_SAMPLES
        ]
    return wrong


def url_of(address: Address, scene, **instead: object) -> str:
    samples = {
        argument: (API_SAMPLES.get((address.name, argument)) or API_SAMPLES[argument])(scene)
        for argument in address.arguments
    }
    return reverse(address.name, kwargs={**samples, **instead})


def view_of(address: Address, scene) -> type[ApiView]:
    return resolve(url_of(address, scene)).func.cls


@pytest.fixture
def foreign(fjord):
    return make_scene(fjord, 500)


class Caller:
    """Somebody who calls: by session, by token, or without credentials. Changes are forgotten."""

    def __init__(self, user=None, token: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        if user is not None:
            self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def __call__(
        self, method: str, url: str, body: object = None, *, kind: str = "application/json"
    ) -> HttpResponse:
        data = body if isinstance(body, str | bytes) else json.dumps(body or {})
        sends = {} if method in {"GET", "HEAD"} else {"data": data, "content_type": kind}
        cache.clear()
        with transaction.atomic():
            fresh = once_more(self.client)
            answer = getattr(fresh, method.lower())(url, headers=self.headers, **sends)
            transaction.set_rollback(True)
        return answer


def token_of(member: Membership, scope: str = "write") -> str:
    return actions.make_token(member, by=member, name="Test", scope=scope)[1]


@pytest.fixture
def mia(scene):
    return Caller(token=token_of(scene.world.mia))


# The table and the resolver --------------------------------------------------------------------


def test_every_route_has_a_row_and_every_row_a_route():
    assert complaints(routes()) == []


def test_a_forgotten_route_is_found():
    forgotten = path("api/v1/x/<uuid:thing>/", ApiView.as_view(), name="api_x")
    found = [*walk([forgotten]), *routes()]
    assert complaints(found) == ["api_x: a route without a row", "api_x: no sample for <thing>"]


def test_no_view_lets_just_anybody_in():
    views = {view for view in subclasses(APIView) if view.__module__.split(".")[0] in OURS}
    assert len(views) > 15
    open_doors = [
        view.__name__
        for view in views - {NothingHere}
        if not view.permission_classes
        or AllowAny in view.permission_classes
        or not issubclass(view, ApiView)
    ]
    assert open_doors == []
    inside = [view for view in views if issubclass(view, MemberView)]
    assert all(view.permission_classes == [IsMember] for view in inside)
    assert all(view.permission_classes == [IsPerson] for view in views - {*inside, NothingHere})


def subclasses(kind: type) -> Iterator[type]:
    for found in kind.__subclasses__():
        yield found
        yield from subclasses(found)


# Who may ---------------------------------------------------------------------------------------

WHO = ["marketer", "marketer admin", "sales", "sales admin", "manager", "manager admin"]


@pytest.mark.parametrize("credentials", ["session", "token"])
@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_what_the_table_says(scene, fjord, who, credentials):
    user, role = cast(scene, fjord)[who]
    member = scene.world.workspace.members.get(user=user)
    caller = Caller(user) if credentials == "session" else Caller(token=token_of(member))
    wrong = []
    for address in routes():
        for method in METHODS:
            answer = caller(method, url_of(address, scene))
            wanted = API_RULES[address.name].expect(method, role)
            if answer.status_code not in wanted:
                wrong.append(f"{method} {address.name}: {answer.status_code}, not {set(wanted)}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_stranger_is_told_to_sign_in_everywhere(scene):
    for caller in (Caller(), Caller(token="sb_" + "x" * 43)):
        statuses = {
            (address.name, method): caller(method, url_of(address, scene)).status_code
            for address in routes()
            for method in METHODS
        }
        assert set(statuses.values()) == {401}
        actions.Bucket.objects.all().delete()  # wrong tokens are few an hour


@pytest.mark.parametrize("credentials", ["session", "token"])
def test_a_member_of_another_workspace_finds_nothing(scene, fjord, credentials):
    ola = fjord.ola
    caller = Caller(ola.user) if credentials == "session" else Caller(token=token_of(ola))
    for address in routes():
        for method in METHODS:
            answer = caller(method, url_of(address, scene))
            rule = API_RULES[address.name]
            wanted = rule.expect(method, "marketer") if rule.outside else {404}
            assert answer.status_code in wanted, (method, address.name, answer.content)


def test_a_token_that_reads_changes_nothing(scene):
    caller = Caller(token=token_of(scene.world.mia, "read"))
    for address in routes():
        for method in METHODS:
            answer = caller(method, url_of(address, scene))
            if method in {"GET", "HEAD", "OPTIONS"}:
                assert answer.status_code in API_RULES[address.name].expect(method, "marketer")
            else:
                told = answer.json()["error"]
                assert (answer.status_code, told["code"]) == (403, "scope"), address.name
                assert "needs scope write" in told["message"]


def test_a_person_signs_out_and_every_route_is_shut(scene):
    member = scene.world.sam
    caller = Caller(token=token_of(member))
    url = reverse("api_me", args=[scene.world.workspace.slug])
    assert caller("GET", url).status_code == 200
    type(member.user).objects.filter(pk=member.user.pk).update(is_active=False)
    assert caller("GET", url).status_code == 401


# Never a 500 -----------------------------------------------------------------------------------

BODY_KINDS = [
    ("application/json", "[1, [2]]"),
    ("application/json", '"text"'),
    ("application/json", "null"),
    ("application/json", "x" * 10_240),
    ("application/json", b"\xff\xfe"),
    ("text/plain", "x" * 10_240),
    ("application/x-www-form-urlencoded", "%00=%ff&" * 20),
    ("multipart/form-data; boundary=x", "--x\r\nnot a part"),
    ("multipart/form-data", "--x"),
    ("application/xml", "<a/>"),
]


def test_no_body_is_a_500_and_none_is_stored(scene, mia):
    before = stored()
    for address in routes():
        for method in {"POST", "PATCH"} & set(API_RULES[address.name].methods):
            for kind, body in BODY_KINDS:
                answer = mia(method, url_of(address, scene), body, kind=kind)
                wanted = {400} if kind == "application/json" else {415}
                assert answer.status_code in wanted, (address.name, kind, answer.content)
                assert set(answer.json()["error"]) == {"code", "message", "fields"}
    assert stored() == before


def test_no_argument_is_a_500(scene, mia):
    for address in routes():
        for argument in address.arguments:
            for odd in ODD_ARGUMENTS[argument]:
                try:
                    url = url_of(address, scene, **{argument: odd})
                except NoReverseMatch:
                    continue  # it cannot even be written
                method = next(iter(API_RULES[address.name].methods))
                answer = mia(method, url)
                assert answer.status_code == 404, (url, answer.content)
                assert answer["Content-Type"] == "application/json"


# Separation ------------------------------------------------------------------------------------


def missing(argument: str, value: object) -> object:
    return f"{str(value).rpartition('-')[0]}-999999" if argument == "key" else MISSING[argument]


def test_what_is_foreign_looks_like_what_never_was(scene, foreign, mia):
    tried = 0
    for address in routes():
        for argument in address.arguments:
            sample = API_SAMPLES.get((address.name, argument)) or API_SAMPLES[argument]
            theirs = sample(foreign)
            for method in API_RULES[address.name].methods:
                other, none = (
                    mia(method, url_of(address, scene, **{argument: value}))
                    for value in (theirs, missing(argument, theirs))
                )
                assert (other.status_code, none.status_code) == (404, 404), (address.name, argument)
                assert other.content == none.content
                tried += 1
    assert tried > 30


def bodies(scene) -> Iterator[tuple[Address, str, type[serializers.Serializer]]]:
    """Yield every route and method that takes a body, with the serializer that reads it."""
    for address in routes():
        view = view_of(address, scene)
        for method in ("POST", "PATCH"):
            handler = getattr(view, method.lower(), None)
            if handler is not None:
                assert handler.body is not None, f"{method} {address.name} documents no body"
                yield address, method, handler.body


def relations(kind: type[serializers.Serializer]) -> dict[str, OwnField]:
    return {name: field for name, field in kind().fields.items() if isinstance(field, OwnField)}


def test_every_relation_is_one_that_looks_in_its_own_workspace(scene):
    """No field of the framework's that finds rows anywhere."""
    for _address, _method, kind in bodies(scene):
        loose = (serializers.RelatedField, serializers.ManyRelatedField)
        assert not [name for name, field in kind().fields.items() if isinstance(field, loose)]


def test_a_body_cannot_name_what_belongs_to_others(scene, foreign, mia):
    tried = 0
    for address, method, kind in bodies(scene):
        for name, field in relations(kind).items():
            theirs, before = named_by(field, foreign), stored()
            never = f"{field.prefix or 'NW'}-999999" if isinstance(field, KeyField) else 999_999
            body = {**BODIES[address.name, method](scene)}
            for other in ("place",) if name in {"before", "after"} else ():
                body.pop(other, None)
            other, none = (
                mia(method, url_of(address, scene), {**body, name: value})
                for value in (theirs, never)
            )
            assert (other.status_code, none.status_code) == (400, 400), (address.name, name)
            assert other.json() == none.json()
            assert other.json()["error"]["code"] == "unknown"
            assert list(other.json()["error"]["fields"]) == [name]
            assert stored() == before
            tried += 1
    assert tried > 10


def named_by(field: OwnField, foreign) -> object:
    """Return what a body of ours could name of theirs."""
    workspace = foreign.world.workspace
    if field.model is Channel:
        with arranging():
            Channel.objects.get_or_create(workspace=workspace, name="Events", position=1)
    rows = field.model._default_manager.filter(workspace=workspace).order_by("-pk")
    if field.model is Membership:
        rows = rows.filter(role="marketer", is_active=True)
    if isinstance(field, KeyField):
        return f"{field.prefix or 'NW'}-{rows.first().number}"  # the two workspaces share no number
    return field.to_representation(rows.first())


def test_each_body_of_the_table_is_one_that_the_verb_accepts(scene, mia):
    """The positive control: with something foreign on top, it is that which is refused."""
    for (name, method), body in BODIES.items():
        address = next(address for address in routes() if address.name == name)
        answer = mia(method, url_of(address, scene), body(scene))
        # these came to the verb: a sprint runs, the review of the sample is out
        by_rule = any(code in answer.content for code in (b"another_is_active", b'"published"'))
        assert by_rule or answer.status_code in {200, 201}, (name, answer.content)


# Mass assignment -------------------------------------------------------------------------------


def all_columns() -> set[str]:
    """Return every name of a field of any of our models."""
    return {
        field.name
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.get_fields()
    }


def test_no_column_can_be_set_that_was_not_meant_to_be(scene, mia):
    columns = all_columns()
    assert {"workspace", "is_staff", "role", "position", "created_by", "digest"} <= columns
    before = stored()
    for address, method, kind in bodies(scene):
        strange = columns - set(kind().fields)
        body = {**BODIES[address.name, method](scene), **dict.fromkeys(strange, 1)}
        answer = mia(method, url_of(address, scene), body)
        assert answer.status_code == 400
        assert set(answer.json()["error"]["fields"]) == strange, address.name
    assert stored() == before


def test_what_is_shown_only_cannot_be_sent_back(scene, mia):
    """A whole object as it was read is no edit."""
    for address, method, _kind in bodies(scene):
        if method != "PATCH":
            continue
        url = url_of(address, scene)
        answer = mia("PATCH", url, mia("GET", url).json())
        assert answer.status_code == 400
        assert {"state", "key", "raised_at"} & set(answer.json()["error"]["fields"])


# Filters, orders -------------------------------------------------------------------------------


def batched(names: list[str], size: int) -> Iterator[list[str]]:
    """Return the names in turns: an address takes only so many."""
    return (names[start : start + size] for start in range(0, len(names), size))


def queries(scene) -> Iterator[tuple[Address, type[QuerySerializer]]]:
    for address in routes():
        handler = getattr(view_of(address, scene), "get", None)
        if handler is not None:
            yield address, handler.query


def test_no_list_filters_by_what_it_does_not_offer(scene, mia):
    for address, kind in queries(scene):
        strange = {
            name
            for column in all_columns() - set(kind().fields)
            for name in (column, f"{column}__startswith")
        }
        url = url_of(address, scene)
        for names in batched(sorted(strange), 200):
            query = QueryDict(mutable=True)
            query.update(dict.fromkeys(names, "1"))
            answer = mia("GET", f"{url}?{query.urlencode()}")
            assert answer.status_code == 400
            assert set(answer.json()["error"]["fields"]) == set(names), address.name
        traversal = mia("GET", f"{url}?assignee__user__password__startswith=a")
        assert traversal.status_code == 400


def test_no_list_orders_by_what_it_does_not_offer(scene, mia):
    lists = [(address, kind) for address, kind in queries(scene) if issubclass(kind, PageQuery)]
    assert len(lists) > 5
    for address, kind in lists:
        offered = set(getattr(kind().fields.get("ordering"), "choices", ()))
        for column in all_columns() | {"password", "user__password", "?"}:
            for order in {column, f"-{column}", f"{column}__pk"} - offered:
                asked = kind(data=QueryDict(f"ordering={order}"))
                assert not asked.is_valid(), (address.name, order)
        answer = mia("GET", f"{url_of(address, scene)}?ordering=password")
        assert answer.status_code == 400
        assert list(answer.json()["error"]["fields"]) == ["ordering"]


# What is shown ---------------------------------------------------------------------------------


def shown() -> list[type[ReadSerializer]]:
    routes()  # so that every app has made its own
    return [kind for kind in subclasses(ReadSerializer) if not inspect.isabstract(kind)]


def test_every_serializer_shows_what_was_meant_and_no_more(scene):
    assert {kind.__name__: list(kind().fields) for kind in shown()} == GOLDEN


def test_no_serializer_takes_its_fields_from_a_model():
    """`fields = "__all__"` and `exclude` would show a new column by themselves."""
    ours = [
        kind
        for kind in subclasses(serializers.ModelSerializer)
        if kind.__module__.split(".")[0] in OURS
    ]
    assert ours == []


@pytest.mark.parametrize("who", ["marketer", "sales", "manager"])
def test_each_role_is_shown_the_golden_keys(scene, fjord, who):
    user, role = cast(scene, fjord)[who]
    caller = Caller(user)
    seen = 0
    for address in routes():
        handler = getattr(view_of(address, scene), "get", None)
        if handler is None or handler.gives is None:
            continue
        if role not in API_RULES[address.name].methods["GET"]:
            continue
        body = caller("GET", url_of(address, scene)).json()
        for thing in body.get("results", [body]):
            assert list(thing) == GOLDEN[handler.gives.__name__], address.name
            seen += 1
    assert seen > 20


def test_no_answer_holds_a_secret(scene, mia):
    """Whatever is read: no hash of a password or a token, no session."""
    secrets = [
        *type(scene.world.mia.user).objects.values_list("password", flat=True),
        *actions.ApiToken.objects.values_list("digest", flat=True),
    ]
    for address in routes():
        if "GET" in API_RULES[address.name].methods:
            text = mia("GET", url_of(address, scene)).content.decode()
            assert not [secret for secret in secrets if len(secret) > 8 and secret in text]


def test_nothing_is_kept_by_a_cache(scene, mia):
    for address in routes():
        answer = mia("GET", url_of(address, scene))
        assert answer["Cache-Control"] == "private, no-store"
        assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


def test_an_address_that_is_none_is_a_404_in_json(mia):
    for url in ("/api/", "/api/v1/nothing/", "/api/v1/workspaces"):
        for method in METHODS:
            answer = mia(method, url)
            assert answer.status_code == 404, (method, url)
            assert answer["Content-Type"] == "application/json"


def test_other_people_see_the_page_of_the_documentation_only_when_signed_in(scene):
    url = reverse("api_docs")
    assert Caller()("GET", url).status_code == 302
    assert Caller(scene.world.sam.user)("GET", url).status_code == 200
