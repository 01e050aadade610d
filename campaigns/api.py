"""The API of campaigns: what tasks belong to. They are made and edited on their page."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from people.api.pagination import Order, PageQuery
from people.api.schema import documented
from people.api.views import MemberView

from .models import Campaign
from .serializers import CampaignShown


class Campaigns(MemberView):
    """The campaigns of a workspace."""

    tag: ClassVar[str] = "Campaigns"
    output = CampaignShown

    @documented("list_campaigns", "List campaigns", query=PageQuery, page=CampaignShown)
    def get(self, request: Request, slug: str) -> Response:
        """By name."""
        return self.show_page(Campaign.objects.visible_to(self.member), Order(("name", "pk")))


class OneCampaign(MemberView):
    """One campaign."""

    tag: ClassVar[str] = "Campaigns"
    output = CampaignShown

    @documented("read_campaign", "Read a campaign", gives=CampaignShown)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """Its audience, its message, its dates."""
        if pk >= 2**63:
            raise Http404
        return self.show(self.find(Campaign.objects.all(), pk=pk))


urlpatterns = [
    path("campaigns/", Campaigns.as_view(), name="api_campaigns"),
    path("campaigns/<int:pk>/", OneCampaign.as_view(), name="api_campaign"),
]
