"""Read-only pages for the operator of an installation."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Column, Sprint, Task


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "workspace", "sprint", "column", "points", "version")
    list_select_related = ("workspace", "sprint", "column")
    search_fields = ("title",)
    exclude = ("description_html",)


@admin.register(Sprint)
class SprintAdmin(ReadOnlyAdmin):
    list_display = ("number", "workspace", "goal", "state", "starts_on", "ends_on")
    list_filter = ("state",)
    list_select_related = ("workspace",)


@admin.register(Column)
class ColumnAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "category", "position", "wip_limit")
    list_select_related = ("workspace",)
