"""Read-only pages for the operator of an installation."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Attachment, Comment


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "subject_type", "subject_id", "author", "written_at")
    list_select_related = ("workspace", "author")
    exclude = ("html",)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = (
        "pk", "workspace", "subject_type", "subject_id", "size", "content_type", "uploaded_by",
        "uploaded_at", "removed_at",
    )  # fmt: skip
    list_select_related = ("workspace", "uploaded_by")
