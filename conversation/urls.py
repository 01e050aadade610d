"""The addresses of comments, whatever they are about, inside a workspace."""

from django.urls import URLPattern, URLResolver, path

from . import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("comments/<slug:kind>/<str:key>/", views.comments, name="comments"),
    path("comments/<slug:kind>/<str:key>/<int:pk>/edit/", views.comment_edit, name="comment_edit"),
    path(
        "comments/<slug:kind>/<str:key>/<int:pk>/remove/",
        views.comment_remove,
        name="comment_remove",
    ),
]
