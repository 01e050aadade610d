"""Django as a WSGI program; sprintboard/asgi.py puts it on threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprintboard.settings")
application = get_wsgi_application()
