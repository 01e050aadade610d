import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from sprintboard.urls import handler500, urlpatterns

from .jobs import spill

__all__ = ["handler500", "urlpatterns"]
logger = logging.getLogger("spill")


@csrf_exempt
@login_not_required
def broken(request: HttpRequest, key: str) -> HttpResponse:
    """Log and raise what nobody should, as faulty code does."""
    text = request.POST["text"]
    spill.delay(text, password=request.POST["token"])
    logger.error("Headers: %s", dict(request.headers), extra={"token": request.POST["token"]})
    logger.error("Form: %s", dict(request.POST.items()))
    logger.warning("Mail to %s through %s", request.POST["address"], settings.EMAIL_HOST_PASSWORD)
    logger.warning("Database: %s", settings.DATABASES["default"])
    logger.warning("Queue: %s", settings.REDIS_URL)
    raise RuntimeError(text)


urlpatterns = [*urlpatterns, path("spill/<str:key>/", broken, name="spill")]
