"""At the door of every form: fields of plain text, and our sentences for what is wrong.

Django's own sentences speak of fields, values and choices. `speak_plainly()` puts ours in their
place once, for every form and model; a form says something more exact where it can.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from .text import clean_text, one_line


class LineField(forms.CharField):
    """One line of plain text: what comes with a line break did not come from a browser's field."""

    def to_python(self, value: Any) -> str:
        """Return the line, in one form. Raises ValidationError."""
        return one_line(super().to_python(value) or "")


class TextField(forms.CharField):
    """Text of several lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """Return the text, in one form. Raises ValidationError."""
        return clean_text(super().to_python(value) or "")


class PageForm(forms.Form):
    """Where a list goes on, as its address says it: behind the row of this number."""

    before = forms.IntegerField(
        label=gettext_lazy("Page"), required=False, min_value=1, max_value=2**63 - 1
    )


def strange_address(form: forms.BaseForm) -> str:
    """Say which part of an address means nothing here; the whole list is shown instead."""
    names = [str(form.fields[name].label or name) for name in form.errors if name in form.fields]
    return _("This address asks for something that is not here: %(names)s. Here is everything.") % {
        "names": ", ".join(names)
    }


_FIELDS: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {"required": gettext_lazy("Fill this in.")},
    forms.IntegerField: {"invalid": gettext_lazy("Type a whole number, like 5.")},
    forms.FloatField: {"invalid": gettext_lazy("Type a number, like 5 or 2.5.")},
    forms.DecimalField: {"invalid": gettext_lazy("Type a number, like 5 or 2.5.")},
    forms.DateField: {"invalid": gettext_lazy("There is no such day. Type it like 2026-12-03.")},
    forms.TimeField: {"invalid": gettext_lazy("There is no such time. Type it like 17:00.")},
    forms.DateTimeField: {"invalid": gettext_lazy("There is no such day or time.")},
    forms.URLField: {
        "invalid": gettext_lazy("This is no address of a page, like https://example.com/page.")
    },
    forms.UUIDField: {"invalid": gettext_lazy("This form came back damaged. Open it once more.")},
    forms.ChoiceField: {
        "required": gettext_lazy("Choose one."),
        "invalid_choice": gettext_lazy("This cannot be chosen here. Choose again."),
    },
    forms.MultipleChoiceField: {
        "required": gettext_lazy("Choose at least one."),
        "invalid_choice": gettext_lazy("One of these cannot be chosen here. Choose again."),
        "invalid_list": gettext_lazy("One of these cannot be chosen here. Choose again."),
    },
    forms.ModelChoiceField: {
        "required": gettext_lazy("Choose one."),
        "invalid_choice": gettext_lazy("This cannot be chosen here. Choose again."),
    },
    forms.ModelMultipleChoiceField: {
        "required": gettext_lazy("Choose at least one."),
        "invalid_choice": gettext_lazy("One of these cannot be chosen here. Choose again."),
        "invalid_list": gettext_lazy("One of these cannot be chosen here. Choose again."),
        "invalid_pk_value": gettext_lazy("One of these cannot be chosen here. Choose again."),
    },
}
_ROWS: dict[str, Any] = {
    "blank": gettext_lazy("Fill this in."),
    "null": gettext_lazy("Fill this in."),
    "invalid_choice": gettext_lazy("This cannot be chosen here. Choose again."),
    "unique": gettext_lazy("This is taken already."),
}
_LONGEST = ngettext_lazy(
    "At most %(limit_value)d character; this has %(show_value)d.",
    "At most %(limit_value)d characters; this has %(show_value)d.",
    "limit_value",
)
_SHORTEST = ngettext_lazy(
    "At least %(limit_value)d character; this has %(show_value)d.",
    "At least %(limit_value)d characters; this has %(show_value)d.",
    "limit_value",
)


def speak_plainly() -> None:
    """Say our sentences where Django would say its own. Before the first form is made."""
    for field, messages in _FIELDS.items():
        field.default_error_messages = {**field.default_error_messages, **messages}
    models.Field.default_error_messages = {**models.Field.default_error_messages, **_ROWS}
    validators.MaxLengthValidator.message = _LONGEST
    validators.MinLengthValidator.message = _SHORTEST
    validators.MaxValueValidator.message = gettext_lazy("At most %(limit_value)s.")
    validators.MinValueValidator.message = gettext_lazy("At least %(limit_value)s.")
    validators.URLValidator.message = _FIELDS[forms.URLField]["invalid"]
    validators.validate_slug.message = gettext_lazy("Letters, digits and hyphens, like northwind.")
    validators.validate_email.message = gettext_lazy(
        "This is no e-mail address. It looks like name@example.com."
    )
    validators.ProhibitNullCharactersValidator.message = gettext_lazy(
        "There is a control character in this text. Please type it again."
    )
