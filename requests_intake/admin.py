"""Read-only pages for operators."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Decision, Request


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
