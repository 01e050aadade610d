"""Addresses of a person's own account, beside those of allauth."""

from django.urls import path

from . import views

urlpatterns = [
    path("accounts/profile/", views.profile, name="profile"),
]
