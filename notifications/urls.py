"""Mail that needs somebody, inside a workspace."""

from django.urls import URLPattern, URLResolver, path

from . import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<int:pk>/again/", views.again, name="outbox_again"),
]
