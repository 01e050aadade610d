"""Every address of the program. What is public says so in its app; the rest needs a sign-in."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from notifications.inbox.views import unsubscribe
from sprintboard import health, keys, members, metrics, palette, settings_page, views
from sprintboard.first_run.steps import STEPS
from sprintboard.first_run.views import wizard
from sprintboard.invitation_door import invitation
from sprintboard.settings_forms import TOPICS

workspace_urls: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("my-work/", views.my_work, name="my_work"),
    path("", include("backlog.urls")),
    path("", include("requests_intake.urls")),
    path("", include("reviews.urls")),
    path("", include("campaigns.urls")),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/columns/", settings_page.settings_columns, name="settings_columns"),
    *(
        path(
            f"settings/{topic}/",
            settings_page.settings_save,
            {"topic": topic},
            name=f"settings_{topic}",
        )
        for topic in TOPICS
    ),
    path("search/", palette.search, name="search"),
    path("keys/", keys.keys, name="keys"),
    path("first-steps/hide/", views.first_steps_hide, name="first_steps_hide"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.members_invite, name="members_invite"),
    path("members/leave/", members.members_leave, name="members_leave"),
    path("members/<int:pk>/", members.member_edit, name="member_edit"),
    path("members/<int:pk>/deactivate/", members.member_deactivate, name="member_deactivate"),
    path("members/<int:pk>/reactivate/", members.member_reactivate, name="member_reactivate"),
    path("invitations/<int:pk>/resend/", members.invitation_resend, name="invitation_resend"),
    path("invitations/<int:pk>/revoke/", members.invitation_revoke, name="invitation_revoke"),
    path("", include("notifications.urls")),
    path("", include("conversation.urls")),
]

urlpatterns = [
    path("", views.front_door, name="front_door"),
    path("new/", wizard, {"step": "team"}, name=STEPS[0].url_name),
    *(
        path(f"new/{step.name}/", wizard, {"step": step.name}, name=step.url_name)
        for step in STEPS[1:]
    ),
    path("invitations/<str:token>/", invitation, name="invitation"),
    path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("", include("people.urls")),
    path("", include("live.urls")),
    path("accounts/", include("allauth.urls")),
    path("w/<slug:slug>/", include(workspace_urls)),
    path("api/", include("sprintboard.api")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler500 = "sprintboard.errors.server_error"
