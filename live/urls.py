"""The one address of the streams."""

from django.urls import URLPattern, URLResolver, path

from . import views

urlpatterns: list[URLPattern | URLResolver] = [path("live/<slug:slug>/", views.live, name="live")]
