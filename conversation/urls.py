"""The addresses of comments and files, whatever they are about, inside a workspace."""

from django.urls import URLPattern, URLResolver, path

from . import views
from .files import views as files

urlpatterns: list[URLPattern | URLResolver] = [
    path("comments/<slug:kind>/<str:key>/", views.comments, name="comments"),
    path("comments/<slug:kind>/<str:key>/follow/", views.follow, name="follow"),
    path("people/", views.mentionable, name="mentionable"),
    path("comments/<slug:kind>/<str:key>/<int:pk>/edit/", views.comment_edit, name="comment_edit"),
    path(
        "comments/<slug:kind>/<str:key>/<int:pk>/remove/",
        views.comment_remove,
        name="comment_remove",
    ),
    path("files/<uuid:storage>/", files.file, name="file"),
    path("files/<uuid:storage>/preview/", files.file_preview, name="file_preview"),
    path("files/<uuid:storage>/remove/", files.file_remove, name="file_remove"),
    path("files/<uuid:storage>/restore/", files.file_restore, name="file_restore"),
    path("files/<slug:kind>/<str:key>/", files.files, name="files"),
]
