from django.apps import AppConfig


class RequestsIntakeConfig(AppConfig):
    name = "requests_intake"
