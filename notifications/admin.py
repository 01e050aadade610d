"""Read-only pages for operators."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import OutboxItem


@admin.register(OutboxItem)
class OutboxItemAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("pk", "workspace", "kind", "recipient", "state", "attempts", "not_before")
    list_filter = ("state", "kind")
    list_select_related = ("workspace", "recipient")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are written with the change that they belong to."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are claimed and finished by jobs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What left the house stays on record."""
        return False
