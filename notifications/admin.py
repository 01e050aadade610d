"""Read-only pages for operators."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import OutboxItem


@admin.register(OutboxItem)
class OutboxItemAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "kind", "recipient", "state", "attempts", "not_before")
    list_filter = ("state", "kind")
    list_select_related = ("workspace", "recipient")
