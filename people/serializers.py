"""What the API shows of workspaces and people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from people.api.fields import InstantField, WallClockField
from people.api.serializers import ReadSerializer

from .models import ApiToken, Role, Scope


class WorkspaceItem(ReadSerializer):
    """A workspace in a list."""

    slug = serializers.CharField()
    name = serializers.CharField()
    key = serializers.CharField(help_text="Tasks are named after it: NW-42.")


class WorkspaceDetail(WorkspaceItem):
    """A workspace and its rules."""

    time_zone = serializers.CharField()
    currency = serializers.CharField()
    sprint_days = serializers.IntegerField()
    answer_days = serializers.IntegerField(help_text="Working days to answer a request.")
    workday_starts = WallClockField()
    workday_ends = WallClockField()
    unplanned_allowance = serializers.IntegerField(help_text="Per cent of the commitment.")
    seq = serializers.IntegerField(help_text="The number of the newest change.")
    created_at = InstantField()


class Person(ReadSerializer):
    """Somebody, in a few words."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="shown_name")


class Member(Person):
    """A person in a workspace."""

    role = serializers.ChoiceField(choices=Role.choices)
    is_admin = serializers.BooleanField()
    is_active = serializers.SerializerMethodField()
    initials = serializers.CharField()
    time_zone = serializers.CharField(source="user.time_zone")
    joined_at = InstantField()

    def get_is_active(self, member: Any) -> bool:
        """Tell whether they may come in."""
        return bool(member.is_active and member.user.is_active)


class Me(Member):
    """Who asks."""

    email = serializers.EmailField(source="user.email")
    scope = serializers.SerializerMethodField(help_text="What you may do: `read` or `write`.")
    token_expires_at = serializers.SerializerMethodField()

    def get_scope(self, member: Any) -> Scope:
        """Return what the credentials allow; a session may do what its person may."""
        token = self.context["request"].auth
        return Scope(token.scope) if isinstance(token, ApiToken) else Scope.WRITE

    def get_token_expires_at(self, member: Any) -> datetime | None:
        """Return when the token ends; null for a session."""
        token = self.context["request"].auth
        return token.expires_at if isinstance(token, ApiToken) else None
