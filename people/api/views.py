"""The ground of every API view: one order of checks, strict input, one way to answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any, ClassVar, Protocol, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from people.models import Membership, Workspace

from .auth import IsPerson
from .errors import Refused
from .idempotency import HEADER, answer_once
from .pagination import Order, page_of
from .serializers import QuerySerializer, StrictSerializer, VersionedSerializer

Row = TypeVar("Row", bound=Model)


class Handler(Protocol):
    """What answers one method of an address."""

    def __call__(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer."""


class JsonAlways(BaseContentNegotiation):
    """There is one form to answer in, whatever was asked for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of the body's type, None for another type (415)."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """Return the only renderer."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """An address for somebody signed in. `MemberView` is the one for addresses in a workspace.

    Checks come in one order: who asks (401), how often (429), whether they find the place (404)
    and may write (403), the method (405), the query (400); then the handler.
    """

    tag: ClassVar[str] = "API"
    http_method_names = ["get", "head", "post", "patch", "delete"]
    content_negotiation_class = JsonAlways
    permission_classes = [IsPerson]
    output: ClassVar[type[Serializer[Any]] | None] = None
    asked: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, with instants in UTC; a POST with an Idempotency-Key once and for all."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        with timezone.override(UTC):
            try:
                response = self._begin()
            except Exception as error:  # noqa: BLE001 - handle_exception raises what is unknown
                response = self.handle_exception(error)
            self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def _begin(self) -> Response:
        self.initial(self.request, *self.args, **self.kwargs)
        handler = self._handler()
        query = getattr(handler, "query", QuerySerializer)(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        self.asked = query.validated_data
        if self.request.method == "POST" and HEADER in self.request.headers:
            return answer_once(self.request, lambda: self._answered(handler))
        return self._answered(handler)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in, or raise: first who asks, then how often, then whether they may."""
        self.format_kwarg = None
        negotiated = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = negotiated
        request.version, request.versioning_scheme = None, None
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)

    def _handler(self) -> Handler:
        name = (self.request.method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        if handler is None:
            raise exceptions.MethodNotAllowed(self.request.method or "")
        found: Handler = handler
        return found

    def _answered(self, handler: Handler) -> Response:
        try:
            return handler(self.request, *self.args, **self.kwargs)
        except Exception as error:  # noqa: BLE001 - handle_exception raises what is unknown
            return self.handle_exception(error)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep every answer out of every cache."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    # What handlers call ------------------------------------------------------------------------

    def context(self) -> dict[str, Any]:
        """Return what serializers may need to know."""
        return {"request": self.request}

    def read(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        """Return the body, checked. Raises ValidationError by field."""
        body = self.request.data if self.request.data is not None else {}
        found = serializer(data=body or {}, context=self.context())
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)

    def read_edit(self, serializer: type[VersionedSerializer]) -> tuple[int, dict[str, Any]]:
        """Return the version that the caller saw, and the rest of the body.

        Raises Refused 428 when it says no version: it would overwrite what it has not seen.
        """
        body = self.read(serializer)
        if "version" not in body:
            told = _("Say the version that you read, so that nobody's change is overwritten.")
            raise Refused(428, "version_required", told, fields={"version": [told]})
        return body.pop("version"), body

    def show(
        self,
        thing: object,
        serializer: type[Serializer[Any]] | None = None,
        *,
        status: int = 200,
        location: str = "",
    ) -> Response:
        """Answer with one thing."""
        shown = self.shown(thing, serializer)
        return Response(shown, status=status, headers={"Location": location} if location else None)

    def shown(self, thing: object, serializer: type[Serializer[Any]] | None = None) -> Any:
        """Return what a thing looks like in JSON."""
        kind = serializer or self.output
        if kind is None:
            raise TypeError(f"{type(self).__name__} says no output.")
        return kind(thing, context=self.context()).data

    def show_page(
        self, rows: QuerySet[Any], order: Order, serializer: type[Serializer[Any]] | None = None
    ) -> Response:
        """Answer with the page of a list that was asked for."""
        page = page_of(self.request, rows, order, self.asked)
        kind = serializer or self.output
        if kind is None:
            raise TypeError(f"{type(self).__name__} says no output.")
        shown = kind(page.rows, many=True, context=self.context())
        return Response({"results": shown.data, "next": page.next})

    def represent_current(self, current: Model) -> Any:
        """Return what a stale edit is told of the object as it is now."""
        return self.shown(current) if self.output is not None else None


class MemberView(ApiView):
    """An address in a workspace: `self.member` is who asks, `self.workspace` where."""

    permission_classes = [*APIView.permission_classes]  # IsMember, from the settings
    member: Membership

    @property
    def workspace(self) -> Workspace:
        """The workspace that the address names."""
        return self.member.workspace

    def context(self) -> dict[str, Any]:
        """Return what serializers may need to know."""
        return {"request": self.request, "member": self.member, "workspace": self.workspace}

    def require(self, rule: Callable[..., bool], *objects: object) -> None:
        """Raise PermissionDenied unless a policy allows it.

        Verbs ask for themselves; this is for what is only read, or where the no should come
        before the input is judged.
        """
        if not rule(self.member, *objects):
            raise exceptions.PermissionDenied(_("Your role may not do this."), "forbidden")

    def find(self, rows: QuerySet[Row], **where: object) -> Row:
        """Return one row of the workspace. Raises Http404."""
        found = rows.filter(workspace=self.workspace, **where).first()
        if found is None:
            raise Http404
        return found


class NothingHere(ApiView):
    """An address of the API that is none."""

    schema = None  # it is not documented
    permission_classes = []

    def _handler(self) -> Handler:
        raise Http404
