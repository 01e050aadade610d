"""Workspaces and the people in them."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from people.models import ApiToken, Membership, Role, Workspace
from people.serializers import Me, Member, WorkspaceDetail, WorkspaceItem

from .pagination import Order, PageQuery, QueryYesNoField
from .schema import documented
from .views import ApiView, MemberView


class Workspaces(ApiView):
    """The workspaces where you are a member."""

    tag: ClassVar[str] = "Workspaces"

    @documented("list_workspaces", "List your workspaces", query=PageQuery, page=WorkspaceItem)
    def get(self, request: Request) -> Response:
        """By name. A token sees its own workspace alone."""
        found = Workspace.objects.filter(members__user=request.user.pk, members__is_active=True)
        if isinstance(request.auth, ApiToken):
            found = found.filter(pk=request.auth.workspace_id)
        return self.show_page(found, Order(("name", "pk")), WorkspaceItem)


class OneWorkspace(MemberView):
    """A workspace and its rules."""

    tag: ClassVar[str] = "Workspaces"

    @documented("read_workspace", "Read a workspace", gives=WorkspaceDetail)
    def get(self, request: Request, slug: str) -> Response:
        """Its zone, its sprints' length, its promises to Sales."""
        return self.show(self.workspace, WorkspaceDetail)


class MyMembership(MemberView):
    """You, in this workspace."""

    tag: ClassVar[str] = "Members"

    @documented("read_me", "Read who you are here", gives=Me)
    def get(self, request: Request, slug: str) -> Response:
        """Your membership, your zone, and what your token may do."""
        return self.show(self.member, Me)


class MemberQuery(PageQuery):
    """Whom to list."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = QueryYesNoField(required=False, help_text="Everybody when left out.")


class Members(MemberView):
    """The people of a workspace."""

    tag: ClassVar[str] = "Members"
    output = Member

    @documented("list_members", "List the members", query=MemberQuery, page=Member)
    def get(self, request: Request, slug: str) -> Response:
        """By name."""
        found = Membership.objects.visible_to(self.member).select_related("user")
        if "role" in self.asked:
            found = found.with_role(Role(self.asked["role"]))
        if self.asked.get("is_active") is True:
            found = found.active()
        elif self.asked.get("is_active") is False:
            found = found.exclude(is_active=True, user__is_active=True)
        return self.show_page(found, Order(("shown_name", "pk")))


class OneMember(MemberView):
    """One person of a workspace."""

    tag: ClassVar[str] = "Members"
    output = Member

    @documented("read_member", "Read a member", gives=Member)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Whoever they are, and whether they are still here."""
        if pk >= 2**63:
            raise Http404
        return self.show(self.find(Membership.objects.select_related("user"), pk=pk))


urlpatterns = [
    path("", OneWorkspace.as_view(), name="api_workspace"),
    path("me/", MyMembership.as_view(), name="api_me"),
    path("members/", Members.as_view(), name="api_members"),
    path("members/<int:pk>/", OneMember.as_view(), name="api_member"),
]
