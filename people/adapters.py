"""How allauth signs people up and in, and how its mails leave."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from . import policy

logger = logging.getLogger(__name__)

# Mails that only tell what was done already: the page goes on when they cannot leave
NEWS = {
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_set",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth in this house: sign-up by choice, mails with our links, no 500 without a mail server.

    These mails leave at once and in the request, unlike all others: a person waits for the code,
    and its secret is not to lie in a table.
    """

    # What went wrong, in our words; what is not named here cannot happen in this house
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed. An admin of your workspace can open it."),
        "cannot_remove_primary_email": _("Mail goes to this address. Choose another one first."),
        "duplicate_email": _("This address is on your account already."),
        "email_password_mismatch": _("This address and this password do not belong together."),
        "email_taken": _("Somebody has an account with this address."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("This is not the code that we sent. The newest mail has it."),
        "incorrect_password": _("This is not your password."),
        "invalid_or_expired_key": _("This link is used up or too old."),
        "invalid_password_reset": _("This link is used up or too old."),
        "max_email_addresses": _("You cannot have more than %d addresses."),
        "too_many_login_attempts": _("Too many tries in a short time. Wait a few minutes."),
        "unknown_email": _("No account has this address."),
        "unverified_primary_email": _("Confirm this address first."),
        "select_only_one": _("Choose one of them."),
        "same_as_current": _("This is the same as before."),
        "rate_limited": _("Too many tries in a short time. Wait a minute."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether a stranger may make an account."""
        return policy.may_sign_up()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, with links to SITE_URL whatever host the request named.

        Raises ImmediateHttpResponse (503) when a mail that the person waits for cannot leave.
        """
        context = {
            name: at_home(value) if name.endswith("_url") else value
            for name, value in context.items()
        }
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            logger.error("Could not send %s: %s", template_prefix, error)  # noqa: TRY400
            if template_prefix in NEWS or self._is_only_asked_for(template_prefix):
                return
            request = allauth_context.request
            page = render(request, "account/mail_unavailable.html", status=503)
            page["Retry-After"] = "60"
            raise ImmediateHttpResponse(page) from error

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail, marked so that no out-of-office robot answers it."""
        marked = {"Auto-Submitted": "auto-generated", **(headers or {})}
        mail: EmailMessage = super().render_mail(template_prefix, email, context, marked)
        return mail

    def _is_only_asked_for(self, template_prefix: str) -> bool:
        """Tell whether it confirms an address that nobody needs to confirm here."""
        asks = template_prefix.startswith("account/email/email_confirmation")
        return asks and settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory"


def at_home(address: str) -> str:
    """Return the same address at SITE_URL."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{settings.SITE_URL}{parts.path}{query}"
