"""Input about people."""

from django import forms


class SignupForm(forms.Form):
    """What sign-up asks beside address and password."""

    def signup(self, request: object, user: object) -> None:
        """Nothing more to store yet."""
