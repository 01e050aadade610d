"""allauth's forms with our words: sentence case, no placeholder that repeats the label.

Its own labels are title case ("New Password (again)") and its hints a list of what is forbidden.
Kept apart from forms.py, which allauth itself imports while it makes its sign-up form.
"""

from __future__ import annotations

from typing import Any

from allauth.account import forms as theirs
from django import forms
from django.utils.translation import gettext_lazy as _

from activity.bounds import validate_mail_address

ADDRESS = _("E-mail address")
RULES = _("At least 12 characters. Not your name or address, and none of the common ones.")
CODE = _("Code")


class InOurWords:
    """Mixed into a form of allauth; `words` names its fields, `hints` what stands below them."""

    words: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = self.words.get(name, field.label)
            field.help_text = self.hints.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.validators.append(validate_mail_address)


class NewPassword(InOurWords):
    """Where a password is chosen twice."""

    words = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }
    hints = {"password1": RULES}


class Login(InOurWords, theirs.LoginForm):  # type: ignore[misc]
    """Address and password."""

    words = {"login": ADDRESS, "password": _("Password")}


class Signup(InOurWords, theirs.SignupForm):  # type: ignore[misc]
    """A new account."""

    words = {"email": ADDRESS, "password1": _("Password")}
    hints = {"password1": RULES}


class AddEmail(InOurWords, theirs.AddEmailForm):  # type: ignore[misc]
    """One more address."""

    words = {"email": _("Another address")}


class ChangeEmail(InOurWords, theirs.ChangeEmailForm):  # type: ignore[misc]
    """Another address while the first one is confirmed."""

    words = {"email": ADDRESS}


class ChangePassword(NewPassword, theirs.ChangePasswordForm):  # type: ignore[misc]
    """Another password."""


class SetPassword(NewPassword, theirs.SetPasswordForm):  # type: ignore[misc]
    """The first password of somebody who signed in by code."""


class ResetPassword(InOurWords, theirs.ResetPasswordForm):  # type: ignore[misc]
    """Where the link goes."""

    words = {"email": ADDRESS}


class ResetPasswordKey(NewPassword, theirs.ResetPasswordKeyForm):  # type: ignore[misc]
    """The password after the link."""


class Reauthenticate(InOurWords, theirs.ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""

    words = {"password": _("Password")}


class RequestLoginCode(InOurWords, theirs.RequestLoginCodeForm):  # type: ignore[misc]
    """Where the code goes."""

    words = {"email": ADDRESS}


class ConfirmLoginCode(InOurWords, theirs.ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code that came."""

    words = {"code": CODE}


class ConfirmEmailCode(InOurWords, theirs.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """The code that came to a new address."""

    words = {"code": CODE}
