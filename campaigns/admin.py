"""Reading campaigns as the operator of an installation."""

from django.contrib import admin

from people.admin import ReadOnlyAdmin

from .models import Campaign


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """What changes goes through the verbs."""

    list_display = ("name", "workspace", "starts_on", "ends_on")
    list_filter = ("workspace",)
