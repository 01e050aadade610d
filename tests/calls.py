"""Which addresses a run has really used, and in a full run (EVERY_URL=1) that none was left out.

A page counts as used when somebody read it, a form when somebody sent it and it was not refused:
that an address answers at all is tests/test_access.py's business.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.test import Client

Call = tuple[str, str]

# Operators read these (tests/people looks at each of them), and what allauth makes by itself
APART = ("admin:",)
UNUSED: dict[Call, str] = {
    ("account_confirm_email", "POST"): "addresses are confirmed by code here",
}

called: set[Call] = set()


def note(method: str, response: Any) -> None:
    """Keep that an address was used, if it was."""
    if response.status_code >= 400:  # an address that nobody has cannot even be looked up
        return
    location = response.headers.get("Location", "")
    found = getattr(response, "resolver_match", None)
    if found and "/accounts/login/?" not in location:
        called.add((found.view_name, "GET" if method == "HEAD" else method))


def once_more(client: Client) -> Client:
    """Return a client with the same cookies; the middleware is not built a second time."""
    fresh = Client(raise_request_exception=False)
    fresh.handler = client.handler
    fresh.cookies = client.cookies.copy()
    return fresh


def pytest_configure(config: pytest.Config) -> None:
    """Listen to every test client."""
    theirs = Client.request

    def request(client: Client, **environ: Any) -> Any:
        response = theirs(client, **environ)
        note(str(environ.get("REQUEST_METHOD", "GET")), response)
        return response

    Client.request = request  # type: ignore[method-assign]


def pytest_testnodedown(node: Any, error: object) -> None:
    """Add what a worker's tests have used."""
    called.update((name, method) for name, method in node.workeroutput.get("called", []))


def unused() -> list[str]:
    """Return each page that nobody read and each form that nobody sent."""
    from tests.access_rules import RULES, Rule
    from tests.api_rules import API_RULES

    wanted = {(name, method) for name, rule in API_RULES.items() for method in rule.methods}
    for name, rule in RULES.items():
        if name.startswith(APART):
            continue
        if isinstance(rule, Rule):
            wanted |= {(name, "GET")} if rule.get else set()
            wanted |= {(name, "POST")} if rule.post else set()
        elif not any(used == name for used, _method in called):
            wanted.add((name, "GET"))
    return [f"{method} {name}" for name, method in sorted(wanted - called - set(UNUSED))]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was used to the controller; there, fail a full run that left something out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["called"] = sorted(called)
    elif os.environ.get("EVERY_URL") == "1" and unused() and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what a full run left out."""
    if os.environ.get("EVERY_URL") == "1" and (missing := unused()):
        terminalreporter.section("addresses that no test has used with success")
        for name in missing:
            terminalreporter.line(name)
