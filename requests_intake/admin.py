"""Read-only pages for operators."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Decision, Request


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Requests come by the form of the workspace."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was asked and answered is changed by verbs alone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing that Sales asked is lost."""
        return False


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    list_display = ("key", "workspace", "title", "state", "requester", "answer_due_at")
    list_filter = ("state",)
    list_select_related = ("workspace", "requester")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "request", "kind", "decided_by", "decided_at", "undone_at")
    list_filter = ("kind",)
    list_select_related = ("workspace", "request", "decided_by")
