"""Read-only pages for operators."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Delivery, Review


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "sprint", "subject", "published_at")
    list_select_related = ("workspace", "sprint")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "review", "recipient", "item")
    list_select_related = ("workspace", "review__sprint", "recipient", "item")
