"""Words to begin an answer with: pure functions of the request and the sprints to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .models import DecisionKind, DeclineReason, Request

if TYPE_CHECKING:
    from backlog.models import Sprint


@dataclass(frozen=True)
class Suggestion:
    """An answer to be edited: what its button says, and the choice that goes with its words."""

    label: str
    words: str
    choice: str = ""


def suggestions(request: Request, sprints: list[Sprint]) -> dict[str, list[Suggestion]]:
    """Return what could be said, by kind of decision."""
    name = request.requester.first_name
    return {
        DecisionKind.PLAN.value: [_yes_in(request, sprint) for sprint in sprints],
        DecisionKind.ACCEPT.value: [
            Suggestion(
                _("Yes, no date yet"),
                _(
                    "Yes, %(name)s. It is in our backlog now. We cannot promise a date yet: "
                    "you hear from us as soon as it is planned for a sprint."
                )
                % {"name": name},
            ),
            Suggestion(
                _("Yes, in another form"),
                _(
                    "Yes, %(name)s, though perhaps in another form than you had in mind. "
                    "Before we begin, we call you to hear what your buyers ask."
                )
                % {"name": name},
            ),
        ],
        DecisionKind.DECLINE.value: _noes(name),
        DecisionKind.ASK.value: _questions(name),
        DecisionKind.MERGE.value: [
            Suggestion(
                _("Asked before"),
                _(
                    "Somebody asked for this before you, %(name)s, so we put the two together. "
                    "Your deals count there, and you hear what becomes of it."
                )
                % {"name": name},
            )
        ],
    }


def _yes_in(request: Request, sprint: Sprint) -> Suggestion:
    words = _("Yes, %(name)s. We plan it for sprint %(n)s: you have it by %(last)s.") % {
        "name": request.requester.first_name,
        "n": sprint.number,
        "last": _day(sprint.ends_on),
    }
    if request.needed_by and request.needed_by >= sprint.ends_on:
        words += " " + _("That is in time for %(day)s.") % {"day": _day(request.needed_by)}
    elif request.needed_by:
        words += " " + _(
            "You need it by %(day)s, which we do not manage. Tell us what would help until then."
        ) % {"day": _day(request.needed_by)}
    label = _("Yes, sprint %(n)s") % {"n": sprint.number}
    return Suggestion(label, words, choice=str(sprint.pk))


def _noes(name: str) -> list[Suggestion]:
    return [
        Suggestion(
            _("We have this"),
            _("We have this already, %(name)s: you find it here. If it misses something, tell us.")
            % {"name": name},
            choice=DeclineReason.EXISTS.value,
        ),
        Suggestion(
            _("Not now, because…"),
            _(
                "Not now, %(name)s, because the next two sprints are for the goal that we agreed "
                "on. Ask again for the sprint after, or tell us which deal would change our answer."
            )
            % {"name": name},
            choice=DeclineReason.NOT_NOW.value,
        ),
        Suggestion(
            _("Over budget"),
            _("It does not fit the budget of this quarter, %(name)s. What we can do instead: ")
            % {"name": name},
            choice=DeclineReason.OVER_BUDGET.value,
        ),
        Suggestion(
            _("Off strategy"),
            _(
                "We do not go after these buyers this year, %(name)s, so that what we do for the "
                "others is good. If you see it differently, bring it to the next call."
            )
            % {"name": name},
            choice=DeclineReason.OFF_STRATEGY.value,
        ),
    ]


def _questions(name: str) -> list[Suggestion]:
    return [
        Suggestion(
            _("What do buyers say?"),
            _("%(name)s, what do your buyers say when they ask for this, in their words?")
            % {"name": name},
        ),
        Suggestion(
            _("By when, and why?"),
            _("%(name)s, by when do you need it, and what happens on that day?") % {"name": name},
        ),
        Suggestion(
            _("What would do?"),
            _("%(name)s, what is the smallest thing that would help you now?") % {"name": name},
        ),
    ]


def _day(day: date) -> str:
    return date_format(day, "j F")
