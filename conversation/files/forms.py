"""Files, as they arrive: several in one form, where there are no scripts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _


class _Several(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Any number of files; what is wrong with one says the verb, and the others are kept."""

    widget = _Several

    def clean(self, value: Any, initial: Any = None) -> Any:
        """Return the list of what was chosen."""
        chosen = [one for one in value or () if isinstance(one, UploadedFile)]
        if not chosen:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return chosen


class FilesForm(forms.Form):
    """What somebody chose to hang on a thing."""

    files = _FilesField(  # type: ignore[assignment]  # a word of the framework's too
        label=_("Files"), error_messages={"required": _("Choose a file first.")}
    )
