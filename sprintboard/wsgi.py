"""Django as a WSGI program; sprintboard/asgi.py puts it on threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprintboard.settings")
django = get_wsgi_application()

from sprintboard.server.unchanged import Unchanged  # noqa: E402  # it names models

application = Unchanged(django)
