"""The program's own settings without collected files, for tests that look at no page's style."""

from sprintboard.settings import *  # noqa: F403
from sprintboard.settings import STORAGES

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
