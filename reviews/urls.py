"""Reviews, and the closing of a sprint that makes one."""

from django.urls import path

from reviews import views

urlpatterns = [
    path("reviews/", views.archive, name="reviews"),
    path("reviews/<int:number>/", views.page, name="review"),
    path("reviews/<int:number>/edit/", views.edit, name="review_edit"),
    path("reviews/<int:number>/redraft/", views.redraft, name="review_redraft"),
    path("reviews/<int:number>/publish/", views.publish, name="review_publish"),
    path("reviews/<int:number>/test/", views.send_test, name="review_test"),
    path("reviews/<int:number>/mail/", views.mail, name="review_mail"),
    path(
        "reviews/<int:number>/deliveries/<int:pk>/again/",
        views.again,
        name="review_delivery_again",
    ),
    path("sprints/<int:number>/close/", views.close, name="sprint_close"),
]
