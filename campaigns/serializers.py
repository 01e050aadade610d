"""What the API shows of campaigns."""

from __future__ import annotations

from rest_framework import serializers

from people.api.fields import InstantField
from people.api.serializers import ReadSerializer


class CampaignShown(ReadSerializer):
    """Marketing with an audience, a message and dates."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    hue = serializers.IntegerField(help_text="Its colour, in degrees.")
    audience = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    created_at = InstantField()
    version = serializers.IntegerField()
