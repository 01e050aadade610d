"""Addresses of a person's own account, beside those of allauth."""

from django.urls import path

from . import views
from .api import pages

urlpatterns = [
    path("accounts/profile/", views.profile, name="profile"),
    path("accounts/tokens/", pages.tokens, name="tokens"),
    path("accounts/tokens/<int:pk>/revoke/", pages.token_revoke, name="token_revoke"),
]
