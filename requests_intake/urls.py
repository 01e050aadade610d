"""Addresses of the intake, below /w/<slug>/."""

from django.urls import path

from . import views

urlpatterns = [
    path("requests/", views.request_list, name="requests"),
    path("requests/new/", views.request_new, name="request_new"),
    path("requests/similar/", views.request_similar, name="request_similar"),
    path("requests/<str:key>/", views.request_page, name="request"),
    path("requests/<str:key>/receipt/", views.request_receipt, name="request_receipt"),
    path("requests/<str:key>/accept/", views.request_accept, name="request_accept"),
    path("requests/<str:key>/plan/", views.request_plan, name="request_plan"),
    path("requests/<str:key>/decline/", views.request_decline, name="request_decline"),
    path("requests/<str:key>/ask/", views.request_ask, name="request_ask"),
    path("requests/<str:key>/merge/", views.request_merge, name="request_merge"),
    path("requests/<str:key>/reply/", views.request_reply, name="request_reply"),
    path("requests/<str:key>/back/", views.request_back, name="request_back"),
    path("requests/<str:key>/withdraw/", views.request_withdraw, name="request_withdraw"),
    path("requests/<str:key>/undo/", views.decision_undo, name="decision_undo"),
    path("tasks/<str:key>/origin/", views.task_origin, name="task_origin"),
    path("triage/", views.triage, name="triage"),
    path("triage/<str:key>/", views.triage_request, name="triage_request"),
    path("triage/<str:key>/context/", views.triage_context, name="triage_context"),
]
