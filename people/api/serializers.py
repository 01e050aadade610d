"""The ground of every serializer: strict about what comes in, explicit about what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .errors import NON_FIELD
from .fields import WholeNumberField


class StrictSerializer(serializers.Serializer[Any]):
    """Input. A field that it does not know, or may not set, is an error that names the field."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not asked for, then read what is."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({NON_FIELD: [_("This must be an object.")]}, "type")
        writable = {name for name, field in self.fields.items() if not field.read_only}
        strange = {
            _readable(name): [
                serializers.ErrorDetail(
                    str(_("This cannot be set.") if name in self.fields else _("Unknown field.")),
                    "read_only" if name in self.fields else "unknown_field",
                )
            ]
            for name in map(str, data)
            if name not in writable
        }
        if strange:
            raise serializers.ValidationError(strange)
        return super().to_internal_value(data)


def _readable(name: str) -> str:
    """Return a name that can be written into an answer, whatever somebody sent."""
    return name[:60].encode("ascii", "backslashreplace").decode()


class VersionedSerializer(StrictSerializer):
    """Input of an edit: the version that the caller saw. Without it the answer is 428."""

    version = WholeNumberField(
        min_value=1, max_value=2**31 - 1, required=False,
        help_text="The `version` of the object as you read it.",
    )  # fmt: skip


class QuerySerializer(serializers.Serializer[Any]):
    """Query parameters: an unknown one, or one that is there twice, is an error that names it."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not asked for, then read what is."""
        strange = {
            _readable(name): [serializers.ErrorDetail(str(_("Unknown parameter.")), "unknown")]
            for name in data
            if name not in self.fields
        }
        twice = {
            _readable(name): [serializers.ErrorDetail(str(_("Give this once.")), "twice")]
            for name in data
            if len(data.getlist(name)) > 1
        }
        if strange or twice:
            raise serializers.ValidationError({**strange, **twice})
        return super().to_internal_value(data.dict())


class ReadSerializer(serializers.Serializer[Any]):
    """Output: what it names and nothing else."""


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong."""

    code = serializers.CharField(help_text="Stable: a program may act on it.")
    message = serializers.CharField(help_text="A sentence for people.")
    fields_ = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Sentences by the name of the field or parameter.",
    )
    current = serializers.DictField(
        required=False, allow_null=True, help_text="On `stale`: the object as it is now."
    )

    def get_fields(self) -> Any:
        """Return the fields; `fields` itself is a name of the framework's."""
        found = super().get_fields()
        return {("fields" if name == "fields_" else name): field for name, field in found.items()}


class Error(serializers.Serializer[Any]):
    """Every answer of 400 and above."""

    error = ErrorBody()
