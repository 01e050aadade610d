"""The addresses of the API, its schema and its documentation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from people.api.resources import Workspaces
from people.api.schema import documented
from people.api.views import ApiView, NothingHere


class ApiSchema(ApiView):
    """The OpenAPI description of what stands here."""

    schema = None  # it describes the others

    @documented("read_schema", "Read this description")
    def get(self, request: Request) -> Response:
        """OpenAPI 3, as JSON; the same is in docs/openapi.yaml."""
        return Response(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show the API to people who want to call it."""
    return render(request, "api_docs.html", {"https": settings.HTTPS})


workspace_urls: list[URLPattern | URLResolver] = [
    path("", include("people.api.resources")),
    path("", include("campaigns.api")),
    path("", include("backlog.api")),
    path("", include("requests_intake.api")),
    path("", include("reviews.api")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/workspaces/", Workspaces.as_view(), name="api_workspaces"),
    path("v1/workspaces/<slug:slug>/", include(workspace_urls)),
    path("schema/", ApiSchema.as_view(), name="api_schema"),
    path("docs/", api_docs, name="api_docs"),
    re_path("", NothingHere.as_view(), name="api_nothing"),
]
