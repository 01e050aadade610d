"""Every address of the program. What is public says so in its app; the rest needs a sign-in."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from sprintboard import health, metrics, views
from sprintboard.workspace_new import workspace_new

workspace_urls: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("", include("backlog.urls")),
    path("", include("requests_intake.urls")),
    path("", include("reviews.urls")),
    path("", include("campaigns.urls")),
]

urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("new/", workspace_new, name="workspace_new"),
    path("", include("people.urls")),
    path("accounts/", include("allauth.urls")),
    path("w/<slug:slug>/", include(workspace_urls)),
    path("api/", include("sprintboard.api")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler500 = "sprintboard.errors.server_error"
