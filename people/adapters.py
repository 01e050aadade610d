"""How allauth signs people up and in."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be switched off; a workspace then grows by invitation alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether a stranger may make an account."""
        return bool(settings.SPRINTBOARD_SIGNUP)
