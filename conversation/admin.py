"""Read-only pages for the operator of an installation."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Comment


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "subject_type", "subject_id", "author", "written_at")
    list_select_related = ("workspace", "author")
    exclude = ("html",)
