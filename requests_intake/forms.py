"""What Sales asks and Marketing answers, parsed and validated. Forms never decide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.forms import LineField, TextField
from backlog.models import Sprint, Task
from people.models import Membership, Role

from .actions import earliest_needed_by
from .models import MOST_MONEY, DeclineReason, Kind, Request, Stage

if TYPE_CHECKING:
    from people.models import Workspace

MOST_LINKS = 10
_THOUSANDS = re.compile(r"(?<=\d)[.,'’\s](?=\d{3}(?:\D|$))")
_is_link = URLValidator(schemes=["http", "https"])


class MoneyField(forms.IntegerField):
    """Whole money, as people type it: 85000, 85,000, 85 000 or 85k."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": gettext_lazy("Type a whole amount, like 85,000 or 85k."),
        "min_value": gettext_lazy("An amount cannot be negative."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MOST_MONEY, **kwargs)

    def to_python(self, value: Any) -> int | None:
        """Return the amount. Raises ValidationError for what is none."""
        text = _THOUSANDS.sub("", str(value or "").strip())
        if match := re.fullmatch(r"(\d{1,6})\s*[kK]", text):
            return int(match[1]) * 1000
        return super().to_python(text[:20])


class LinksField(TextField):
    """Addresses of pages, one on each line."""

    def to_python(self, value: Any) -> str:
        """Return the addresses, one on each line. Raises ValidationError for what is none."""
        links = super().to_python(value).split()
        if len(links) > MOST_LINKS:
            raise ValidationError(
                _("At most %(most)s links.") % {"most": MOST_LINKS}, code="too_many"
            )
        return "\n".join(_as_link(link) for link in links)


def _as_link(link: str) -> str:
    full = link if "://" in link else f"https://{link}"
    try:
        _is_link(full)
    except ValidationError:
        raise ValidationError(
            _("“%(link)s” is no address of a page. It looks like https://example.com/page.")
            % {"link": link[:60]},
            code="link",
        ) from None
    return full


def _choices(choices: Iterable[tuple[str, str | Lazy]]) -> list[tuple[str, str | Lazy]]:
    return [*choices, ("", gettext_lazy("Not sure"))]


class RequestForm(forms.Form):
    """One line that we must have; the rest helps."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    title = LineField(
        label=gettext_lazy("What do you need?"),
        max_length=200,
        help_text=gettext_lazy("The only line we must have. One sentence is fine."),
        error_messages={"required": gettext_lazy("Say what you need.")},
        widget=forms.TextInput(attrs={"class": "input input-xl", "autocomplete": "off"}),
    )
    requester = forms.ModelChoiceField(
        label=gettext_lazy("Who asks for it?"),
        queryset=Membership.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose who asks."),
            "invalid_choice": gettext_lazy("Choose a rep of your sales team."),
        },
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What kind of thing?"),
        choices=_choices(Kind.choices),
        required=False,
        widget=forms.RadioSelect,
    )
    heard = TextField(
        label=gettext_lazy("What do you hear from buyers?"),
        max_length=4_000,
        required=False,
        help_text=gettext_lazy(
            "Their words, on the phone, at the booth. "
            "This is what makes the difference between the right asset and the wrong one."
        ),
        widget=forms.Textarea(attrs={"class": "input textarea", "rows": 3}),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("Where are these deals?"),
        choices=_choices(Stage.choices),
        required=False,
        widget=forms.RadioSelect,
    )
    needed_by = forms.DateField(
        label=gettext_lazy("Needed by"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    needed_why = LineField(label=gettext_lazy("Because"), max_length=200, required=False)
    accounts = LineField(
        label=gettext_lazy("Deals it would help"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Great Lakes Water, Dairyland")}),
    )
    deal_value = MoneyField(
        label=gettext_lazy("What they are worth"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    would_help = TextField(
        label=gettext_lazy("What do you think would help?"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"class": "input textarea", "rows": 3}),
    )
    buyers = LineField(label=gettext_lazy("Which buyers?"), max_length=200, required=False)
    budget = MoneyField(
        label=gettext_lazy("Budget idea"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    links = LinksField(
        label=gettext_lazy("Links"),
        max_length=2_000,
        required=False,
        help_text=gettext_lazy("One on each line: a page, a recording, an example you like."),
        widget=forms.Textarea(attrs={"class": "input textarea", "rows": 2}),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.workspace: Workspace = member.workspace
        requester = self.fields["requester"]
        assert isinstance(requester, forms.ModelChoiceField)  # noqa: S101  told to the type checker
        requester.queryset = (
            Membership.objects.visible_to(member).active().with_role(Role.SALES).by_name()
        )
        requester.empty_label = None if member.is_sales else _("Choose a rep")
        if member.is_sales:
            requester.initial = member.pk
        self.fields["needed_by"].widget.attrs["min"] = self._first_day().isoformat()

    def clean_needed_by(self) -> date | None:
        """Refuse days that are over, and years that nobody means."""
        day: date | None = self.cleaned_data["needed_by"]
        if day is None:
            return None
        if day < self._first_day():
            raise ValidationError(_("This day is in the past."), code="past")
        if day.year > 2100:
            raise ValidationError(_("Choose a year before 2101."), code="far")
        return day

    def _first_day(self) -> date:
        return earliest_needed_by(self.workspace, self.member)


class FilterForm(forms.Form):
    """Which requests to list."""

    STATES = [
        ("", gettext_lazy("All")),
        ("waiting", gettext_lazy("Waiting")),
        ("coming", gettext_lazy("Coming")),
        ("delivered", gettext_lazy("Delivered")),
        ("declined", gettext_lazy("Declined")),
        ("merged", gettext_lazy("Merged")),
    ]
    state = forms.ChoiceField(label=gettext_lazy("State"), choices=STATES, required=False)
    who = forms.ChoiceField(label=gettext_lazy("Person"), required=False)
    before = forms.IntegerField(
        label=gettext_lazy("Page"), required=False, min_value=1, max_value=2_147_483_647
    )
    after = forms.IntegerField(
        label=gettext_lazy("Page"), required=False, min_value=1, max_value=2_147_483_647
    )

    def __init__(self, *args: Any, reps: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)  # noqa: S101  declared above
        who.choices = [("all", ""), ("me", ""), *((rep.pk, rep.shown_name) for rep in reps)]


class AnswerForm(forms.Form):
    """An answer in words. `version` is that of the request which the marketer saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    words = TextField(
        label=gettext_lazy("Your answer"),
        max_length=4_000,
        error_messages={"required": gettext_lazy("Write an answer.")},
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member


class AcceptForm(AnswerForm):
    """Yes: a new task in the backlog, or one that exists."""

    task = LineField(
        label=gettext_lazy("Join a task"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Its key, if it is being made already. Else a task is made."),
        widget=forms.TextInput(attrs={"list": "open-tasks", "autocomplete": "off"}),
    )

    def clean_task(self) -> Task | None:
        """Return the task of a key like NW-42."""
        key: str = self.cleaned_data["task"]
        if not key:
            return None
        workspace = self.member.workspace
        match = re.fullmatch(rf"(?:{re.escape(workspace.key)}-)?(\d{{1,9}})", key, re.IGNORECASE)
        tasks = Task.objects.visible_to(self.member).current().select_related("workspace")
        found = tasks.filter(number=int(match[1])).first() if match else None
        if found is None:
            raise ValidationError(
                _("We know no task %(key)s.") % {"key": key[:20]}, code="unknown_task"
            )
        return found


class PlanForm(AcceptForm):
    """Yes, in this sprint. The running one asks why."""

    sprint = forms.ModelChoiceField(
        label=gettext_lazy("Sprint"),
        queryset=Sprint.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose a sprint."),
            "invalid_choice": gettext_lazy("Choose a sprint to come."),
        },
    )
    reason = LineField(
        label=gettext_lazy("Why it cannot wait for the next sprint"),
        required=False,
        max_length=200,
    )
    swap_out = forms.ModelChoiceField(
        label=gettext_lazy("What goes out for it"),
        queryset=Task.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nothing"),
    )
    over_reason = LineField(
        label=gettext_lazy("Why the sprint takes more than agreed"),
        required=False,
        max_length=200,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, queryset in (
            ("sprint", Sprint.objects.visible_to(self.member).exclude(state="closed")),
            ("swap_out", self._could_go_out()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  for the type checker
            field.queryset = queryset

    def _could_go_out(self) -> Any:
        open_here = Task.objects.visible_to(self.member).current().open()
        return open_here.filter(sprint__state="active").ranked()


class DeclineForm(AnswerForm):
    """No, with the reason."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Say why not.")},
    )


class AskForm(AnswerForm):
    """A question to the rep, before there is an answer."""

    words = TextField(
        label=gettext_lazy("Your question"),
        max_length=4_000,
        error_messages={"required": gettext_lazy("Write a question.")},
    )


class MergeForm(AnswerForm):
    """The same was asked before: that one stands for both."""

    target = LineField(
        label=gettext_lazy("Merge into"),
        max_length=20,
        help_text=gettext_lazy("The key of the request that stands for both, like REQ-17."),
        error_messages={"required": gettext_lazy("Type the key of a request.")},
        widget=forms.TextInput(attrs={"list": "other-requests", "autocomplete": "off"}),
    )

    def clean_target(self) -> Request:
        """Return the request of a key like REQ-17."""
        key: str = self.cleaned_data["target"]
        found = Request.objects.named(key, self.member.workspace).first()
        if found is None:
            raise ValidationError(
                _("We know no request %(key)s.") % {"key": key[:20]}, code="unknown_request"
            )
        return found


class ReplyForm(forms.Form):
    """What a rep answers to a question of Marketing."""

    words = TextField(
        label=gettext_lazy("Your answer"),
        max_length=4_000,
        error_messages={"required": gettext_lazy("Write an answer.")},
    )


class BackForm(forms.Form):
    """“I need this too”: all of it may stay empty, save whose need it is."""

    account = LineField(
        label=gettext_lazy("Deal it would help"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    deal_value = MoneyField(
        label=gettext_lazy("What it is worth"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = TextField(
        label=gettext_lazy("What you hear from buyers"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"class": "input textarea", "rows": 2}),
    )
    backer = forms.ModelChoiceField(
        label=gettext_lazy("Who needs it too?"),
        queryset=Membership.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose who needs it too."),
            "invalid_choice": gettext_lazy("Choose a rep of your sales team."),
        },
    )

    def __init__(self, *args: Any, member: Membership, request: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        backs_himself = member.pk != request.requester_id and not member.is_marketer
        backer = self.fields["backer"]
        assert isinstance(backer, forms.ModelChoiceField)  # noqa: S101  told to the type checker
        active = Membership.objects.visible_to(member).active()
        if member.is_manager:
            backer.queryset = active.filter(pk=member.pk)
        else:
            reps = active.with_role(Role.SALES).exclude(pk=request.requester_id)
            backer.queryset = reps.by_name()
        backer.required = not backs_himself
        backer.empty_label = None if backs_himself else _("Choose a rep")
        backer.initial = member.pk if backs_himself else None
