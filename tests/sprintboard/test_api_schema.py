"""The API's description: current, valid, and true of what is answered, whatever is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from people.api import actions, limits
from tests.access_rules import cast, make_scene
from tests.api_rules import API_RULES, API_SAMPLES
from tests.test_access import is_api, walk

COMMITTED = settings.BASE_DIR / "docs" / "openapi.yaml"
# 2 tokens x 2 ways x as many for each operation: about a minute
EXAMPLES = 3
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def described() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema: dict) -> Iterator[tuple[str, str, dict]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


# The file ----------------------------------------------------------------------------------------


def test_the_committed_description_is_the_one_of_this_program():
    fresh = OpenApiYamlRenderer().render(described(), renderer_context={}).decode()
    assert COMMITTED.read_text(encoding="utf-8") == fresh, (
        "write it: manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    )


def test_a_validator_accepts_it():
    validate(yaml.safe_load(COMMITTED.read_text(encoding="utf-8")))


def test_every_route_and_method_is_described():
    known = {(path, method.upper()) for path, method, _operation in operations(described())}
    routes = {
        (f"/{address.route}", method)
        for address in walk(get_resolver().url_patterns)
        if is_api(address) and address.name in API_RULES and address.name != "api_schema"
        for method in API_RULES[address.name].methods
    }
    plain = {
        (path.replace("<slug:slug>", "{slug}").replace("<str:key>", "{key}")
         .replace("<int:pk>", "{id}").replace("<int:number>", "{number}"), method)
        for path, method in routes
    }  # fmt: skip
    assert {(path.replace("{pk}", "{id}"), method) for path, method in known} == plain


def test_every_operation_says_how_it_ends():
    for path, method, operation in operations(described()):
        told = set(operation["responses"])
        wanted = {"400", "401", "403", "404", "429", "503"}
        if "requestBody" in operation:
            wanted |= {"409", "413", "415"}
        if method == "post":
            wanted |= {"422"}
        assert wanted <= told, (method, path)
        assert told & {"200", "201", "204"}, (method, path)
        assert all(
            answer["description"] or code < "300" for code, answer in operation["responses"].items()
        )


def test_every_operation_says_who_may_and_what_it_does():
    schema = described()
    assert set(schema["components"]["securitySchemes"]) == {"token", "session"}
    names = [operation["operationId"] for _path, _method, operation in operations(schema)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(schema):
        assert {"token": []} in operation["security"], (method, path)
        assert operation["summary"], (method, path)
        if "version" in json.dumps(operation.get("requestBody", {}).get("$ref", "")):
            assert "428" in operation["responses"]


# Whatever is sent ------------------------------------------------------------------------------


@pytest.fixture
def kept_connection():
    """Keep the test's own connection: a request over WSGI would close it, with all in it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize("role", ["marketer", "sales"])
def test_nothing_that_is_sent_gets_an_undescribed_answer(northwind, fjord, monkeypatch, role):
    monkeypatch.setattr(limits, "API", limits.Limit("api", 1_000_000, 60))
    scene = make_scene(northwind, 10)
    user, _role = cast(scene, fjord)[role]
    member = northwind.workspace.members.get(user=user)
    _token, text = actions.make_token(member, by=member, name="Schemathesis", scope="write")
    schema = schemathesis.openapi.from_dict(described())
    schema.app = get_wsgi_application()  # here, where the folder of static files is there
    sent = [
        attack(found.ok(), mode, scene, text)
        for found in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    assert sum(sent) > 150


def attack(operation, mode, scene, token) -> int:
    """Send examples to one operation, half of them to what is there; return how many."""
    statuses = []
    name = route_name(operation.path)

    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def send(case, there):
        if there or mode is GenerationMode.POSITIVE:
            for argument in set(case.path_parameters or {}) & {"slug", "key", "number", "pk", "id"}:
                sample = "pk" if argument == "id" else argument
                found = API_SAMPLES.get((name, sample)) or API_SAMPLES[sample]
                case.path_parameters[argument] = found(scene)
        case.headers["Authorization"] = f"Bearer {token}"
        with transaction.atomic():
            response = case.call()
            transaction.set_rollback(True)
        statuses.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    send()
    return len(statuses)


def route_name(path: str) -> str:
    [name] = {
        address.name
        for address in walk(get_resolver().url_patterns)
        if is_api(address) and shape(f"/{address.route}") == shape(path)
    }
    return name


def shape(path: str) -> list[str]:
    return ["*" if part[:1] in {"<", "{"} else part for part in path.split("/")]
