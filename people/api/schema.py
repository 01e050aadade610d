"""How a view tells what it takes and gives: once, for the reader of its code and of the schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from .auth import BrowserAuthentication, TokenAuthentication
from .idempotency import HEADER
from .serializers import Error, QuerySerializer, VersionedSerializer

Handler = TypeVar("Handler", bound=Callable[..., Any])

SAYS: Final = {
    400: "The input is wrong, or a rule says no; `code` and `fields` say which.",
    401: "No credentials, or none that are valid.",
    403: "Your role, or the scope of the token, does not allow it.",
    404: "There is no such thing in your workspace.",
    409: "`stale`: somebody changed it first, `current` is how it is now. "
    "`conflict`: a race was lost. `idempotency_at_work`: the same key is being worked on.",
    413: "The body is longer than 1 MB.",
    415: "The body is not `application/json`.",
    422: "The Idempotency-Key was used for another request.",
    428: "`version` is missing.",
    429: "Too many requests; `Retry-After` says for how many seconds to wait.",
    503: "The workspace is busy, or the database away. Nothing was saved; try again.",
    507: "The storage is full. Nothing was saved.",
}  # fmt: skip
ALWAYS: Final = (400, 401, 403, 404, 429, 503)
WITH_BODY: Final = (409, 413, 415, 507)


def documented(
    operation_id: str,
    summary: str,
    *,
    query: type[QuerySerializer] | None = None,
    body: type[serializers.Serializer[Any]] | None = None,
    gives: type[serializers.Serializer[Any]] | None = None,
    page: type[serializers.Serializer[Any]] | None = None,
    status: int = 200,
    example: dict[str, Any] | None = None,
) -> Callable[[Handler], Handler]:
    """Say what a handler takes and gives. The query is also what the view then insists on."""
    shown = page_serializer(page) if page is not None else gives
    examples = [OpenApiExample("Example", example, request_only=True)] if example else []

    def mark(handler: Handler) -> Handler:
        handler.query = query or QuerySerializer  # type: ignore[attr-defined]
        handler.body, handler.gives = body, page or gives  # type: ignore[attr-defined]
        told = extend_schema(
            operation_id=operation_id,
            summary=summary,
            parameters=[query] if query is not None else [],
            request=body,
            responses={status: shown},
            examples=examples,
        )
        return told(handler)

    return mark


@cache
def page_serializer(item: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the serializer of a page of these."""
    parts = {
        "results": item(many=True),
        "next": serializers.CharField(
            allow_null=True, help_text="The address of the next page; null on the last one."
        ),
    }
    return type(f"{item.__name__}Page", (serializers.Serializer,), parts)


class Schema(AutoSchema):
    """Adds to each operation what every view of ours does: its errors, its repeatable POST."""

    def get_tags(self) -> list[str]:
        """Return the heading under which the view stands."""
        return [getattr(self.view, "tag", "API")]

    def get_override_parameters(self) -> list[Any]:
        """Add the header that makes a POST repeatable."""
        told = super().get_override_parameters()
        if self.method != "POST":
            return list(told)
        header = OpenApiParameter(
            HEADER,
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description="1 to 200 printable ASCII characters. The same request with the same key "
            "is done once and answered the same for 24 hours.",
            pattern=r"^[\x21-\x7e]{1,200}$",
        )
        return [*told, header]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Complete the operation with every status that it can answer."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        error = self.resolve_serializer(Error, "response").ref
        content = {"application/json": {"schema": error}}
        for status in self._refusals():
            operation["responses"].setdefault(
                str(status), {"description": SAYS[status], "content": content}
            )
        return operation

    def _refusals(self) -> list[int]:
        statuses = list(ALWAYS)
        if self.method in {"POST", "PATCH", "DELETE"}:
            statuses += WITH_BODY
        if self.method == "POST":
            statuses.append(422)
        body = self.get_request_serializer()
        if isinstance(body, type) and issubclass(body, VersionedSerializer):
            statuses.append(428)
        return sorted(statuses)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Say how a program signs in."""
        told = "A token of yours, for one workspace: Profile, API tokens. Begins with `sb_`."
        return {"type": "http", "scheme": "bearer", "description": told}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BrowserAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Say how a browser signs in."""
        told = str(_("The session of a browser. What changes anything needs X-CSRFToken."))
        return {"type": "apiKey", "in": "cookie", "name": "sid", "description": told}
