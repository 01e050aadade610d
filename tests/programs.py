"""Somebody's program: it calls the API of Northwind with a token of its own."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from people.api import actions
from people.models import Membership


class Program:
    """Calls addresses of the workspace, and insists on a status."""

    def __init__(self, member: Membership, scope: str = "write") -> None:
        _token, text = actions.make_token(member, by=member, name="Program", scope=scope)
        self.header = {"authorization": f"Bearer {text}"}

    def __call__(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        sends = {} if method == "get" else {"data": json.dumps(body or {})}
        answer = getattr(Client(), method)(
            f"/api/v1/workspaces/northwind/{path}",
            headers=self.header,
            **({} if method == "get" else {"content_type": "application/json"}),
            **sends,
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None

    def code(self, method: str, path: str, body: object = None, status: int = 400) -> str:
        """Call what is refused; return the code of the no."""
        found: str = self(method, path, body, status)["error"]["code"]
        return found

    def fields(self, method: str, path: str, body: object = None, status: int = 400) -> list[str]:
        """Call what is refused; return the names of the fields that are wrong."""
        return list(self(method, path, body, status)["error"]["fields"])

    def own_queries(self, path: str) -> list[str]:
        """Read an address; return the queries that are not about who asks and how often."""
        with CaptureQueriesContext(connection) as asked:
            self("get", path)
        return [
            query["sql"][:160]
            for query in asked.captured_queries
            if not any(f'{word} "{table}"' in query["sql"] for word in _WORDS for table in _DOOR)
        ]


_WORDS = ("FROM", "UPDATE", "INTO")
_DOOR = ("people_apitoken", "people_bucket")
