"""What people are told, and mail that needs somebody, inside a workspace."""

from django.urls import URLPattern, URLResolver, path

from . import views
from .inbox import views as inbox

urlpatterns: list[URLPattern | URLResolver] = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.inbox_read, name="inbox_read"),
    path("inbox/preferences/", inbox.preferences, name="preferences"),
    path("inbox/<int:pk>/open/", inbox.notice_open, name="notice_open"),
    path("inbox/<int:pk>/mark/", inbox.notice_mark, name="notice_mark"),
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<int:pk>/again/", views.again, name="outbox_again"),
]
