"""What the pages of reviews accept: how a sprint is closed, and the words of its review."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.forms import LineField, TextField
from backlog.models import Sprint

from .models import HIDDEN, HIGHLIGHTED

WORDS = ("subject", "lead", "learnings", "next_up")


class CloseForm(forms.Form):
    """Where unfinished work goes, and what the goal's measure came to."""

    carry_to = forms.ChoiceField(
        label=_("Unfinished work goes"),
        choices=[("next", _("to the next sprint")), ("backlog", _("to the top of the backlog"))],
        widget=forms.RadioSelect,
        initial="next",
    )
    goal_actual = forms.IntegerField(
        label=_("reached"),
        required=False,
        min_value=0,
        max_value=1_000_000_000,
        help_text=_("Empty: the review says that the number is not known yet."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, following: Sprint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if following is not None:
            field = self.fields["carry_to"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
            field.choices = [
                ("next", _("to sprint %(n)d") % {"n": following.number}),
                ("backlog", _("to the top of the backlog")),
            ]


class ReviewForm(forms.Form):
    """The words beside the facts, and which facts stand in the mail or are left out."""

    verdict = forms.ChoiceField(
        label=_("Goal"),
        required=False,
        choices=[("met", _("Met")), ("missed", _("Missed")), ("", _("Not said"))],
        widget=forms.RadioSelect,
    )
    subject = LineField(
        label=_("Subject"),
        max_length=150,
        error_messages={"required": _("A mail needs a subject.")},
        widget=forms.TextInput(attrs={"data-behaviour": "length", "data-length": "subject-length"}),
    )
    lead = TextField(
        label=_("What everybody reads first"),
        max_length=2_000,
        error_messages={"required": _("Write what everybody reads first.")},
        widget=forms.Textarea(attrs={"rows": 5, "class": "input textarea words"}),
    )
    learnings = TextField(
        label=_("What we learned"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next_up = TextField(
        label=_("What comes next"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, items: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = frozenset(items)

    @property
    def marks(self) -> dict[str, str]:
        """What was ticked, by the item's id; what is hidden cannot stand in the mail too."""
        if not self.is_bound:
            return dict(self.initial.get("marks", {}))
        ticked: dict[str, str] = {}
        for mark in (HIGHLIGHTED, HIDDEN):
            for item in self.data.getlist(mark):  # type: ignore[attr-defined]
                if item in self.items:
                    ticked[item] = mark
        return ticked

    def changes(self) -> dict[str, Any]:
        """Return what the verb takes."""
        words = {name: self.cleaned_data[name] for name in ("verdict", *WORDS)}
        return {**words, "marks": self.marks}


class PublishForm(forms.Form):
    """When the mails leave."""

    send = forms.ChoiceField(
        label=_("When"),
        choices=[("now", _("Now")), ("morning", _("In each reader’s morning"))],
        initial="now",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
