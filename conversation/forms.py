"""What somebody says, as it arrives."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField


class CommentForm(forms.Form):
    """Words; how long they may be says the verb, so that what was typed is all there again."""

    text = forms.CharField(
        label=_("Comment"),
        strip=False,
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "class": "textarea",
                "placeholder": _("Write a comment. Marketing and Sales read it."),
                "aria-label": _("Comment"),
                "data-behaviour": "mentions",
            }
        ),
    )


class EditForm(CommentForm):
    """Other words, on top of a version."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id="edit-%s")
        self.fields["text"].widget.attrs["autofocus"] = True


class FollowForm(forms.Form):
    """Whether somebody wants to hear of what is said about a thing."""

    wants = forms.ChoiceField(choices=[("yes", _("Tell me")), ("no", _("Do not tell me"))])


class NameForm(forms.Form):
    """What was typed behind an @."""

    q = LineField(label=_("Name"), required=False, max_length=60)
