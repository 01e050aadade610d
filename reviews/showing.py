"""How a review's facts are said on its page: the few numbers, the people, the sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import Membership
from requests_intake.models import DecisionKind, DeclineReason

from .facts import Answer, Answers, Asked, Before, Carried, Done, Facts, Goal, Points
from .models import Review
from .reading import ReviewPage

WORDS_A_MINUTE = 220


@dataclass(frozen=True)
class Number:
    """One large number: "55 of 60 committed points done"."""

    value: str
    label: str
    of: str = ""
    note: str = ""


@dataclass(frozen=True)
class AskedShown:
    """What Sales asked for and has now, with its people."""

    item: Asked
    requester: Membership | None
    is_yours: bool


@dataclass(frozen=True)
class AnswerShown:
    """What was decided about an idea, in a few words."""

    item: Answer
    said: str
    look: str
    is_yours: bool


@dataclass(frozen=True)
class CarriedShown:
    """What was not finished, where it went, and who waits for it."""

    item: Carried
    where: str
    waiting: str
    is_yours: bool


@dataclass(frozen=True)
class Shown:
    """Everything on the page that is not simply a fact."""

    opening: str
    rest: str
    numbers: list[Number]
    asked: list[AskedShown]
    answers: list[AnswerShown]
    carried: list[CarriedShown]
    planned: list[Done]
    unplanned: list[Done]
    minutes: int
    have_read: list[Membership]
    have_not_read: list[Membership]


def show(page: ReviewPage, reader: Membership) -> Shown:
    """Say what one reader sees. What he asked for himself is marked as his."""
    opening, rest = first_sentence(page.review.lead)
    readers = [delivery.recipient for delivery in page.deliveries]
    read_by = {member.pk for member in page.read_by}
    return Shown(
        opening=opening,
        rest=rest,
        numbers=numbers(page.facts),
        asked=[
            AskedShown(one, page.people.get(one.requester_id), one.requester_id == reader.pk)
            for one in page.asked
        ],
        answers=[
            AnswerShown(one, *answer_in_words(one), one.requester_id == reader.pk)
            for one in page.answers
        ],
        carried=[
            CarriedShown(one, where_to(one), _who_waits(one), reader.pk in one.asked_by_ids)
            for one in page.carried
        ],
        planned=[task for task in page.facts.done if not task.unplanned],
        unplanned=[task for task in page.facts.done if task.unplanned],
        minutes=minutes(page.review, page.facts),
        have_read=[member for member in readers if member.pk in read_by],
        have_not_read=[member for member in readers if member.pk not in read_by],
    )


def first_sentence(text: str) -> tuple[str, str]:
    """Part a text after its first sentence; a decimal point or “e.g.” ends none."""
    found = re.match(r"(.+?[.!?])\s+(?=[^\W\d_a-z]|[“\"(]|\d)(.+)", text.strip(), re.DOTALL)
    return (found[1], found[2]) if found else (text.strip(), "")


def numbers(facts: Facts) -> list[Number]:
    """Return the row of large numbers: the goal's measure before everything else."""
    found = [_points_number(facts.points, facts.before), _delivered_number(facts)]
    if facts.goal.target is not None:
        found.insert(0, _goal_number(facts.goal))
    if facts.answered.total:
        found.append(_answered_number(facts.answered))
    if facts.points.unplanned or facts.points.allowance:
        found.append(_unplanned_number(facts.points))
    return found


def _goal_number(goal: Goal) -> Number:
    return Number(
        value="–" if goal.actual is None else f"{goal.actual:,}",
        of=_("of %(n)s") % {"n": f"{goal.target:,}"},
        label=goal.measure or _("the goal’s measure"),
        note=_("not counted yet") if goal.actual is None else "",
    )


def _points_number(points: Points, before: Before) -> Number:
    if not points.committed:
        return Number(value=str(points.done), label=_("points done"))
    note = ""
    if before.average_share is not None:
        note = _("average before: %(n)d %%") % {"n": before.average_share}
    return Number(
        value=str(points.done_of_committed),
        of=_("of %(n)d") % {"n": points.committed},
        label=_("committed points done"),
        note=note,
    )


def _delivered_number(facts: Facts) -> Number:
    count, note = len(facts.asked), ""
    if facts.before.delivered is not None:
        note = _("%(n)d in the sprint before") % {"n": facts.before.delivered}
    label = ngettext("request delivered", "requests delivered", count)
    return Number(value=str(count), label=label, note=note)


def _answered_number(answered: Answers) -> Number:
    agreed = ngettext("agreed: %(n)d working day", "agreed: %(n)d working days", answered.days) % {
        "n": answered.days
    }
    return Number(
        value=str(answered.in_time),
        of=_("of %(n)d") % {"n": answered.total},
        label=_("requests answered in time"),
        note=agreed,
    )


def _unplanned_number(points: Points) -> Number:
    over = points.unplanned > points.allowance
    return Number(
        value=str(points.unplanned),
        of=_("of %(n)d") % {"n": points.allowance},
        label=_("unplanned points"),
        note=_("more than the allowance") if over else _("inside the allowance"),
    )


def goal_in_words(goal: Goal) -> str:
    """Return "96 of 80 booth meetings booked", as far as it is known."""
    if goal.target is None:
        return _("This sprint had no number to reach.")
    values = {"target": f"{goal.target:,}", "measure": goal.measure or _("the goal’s measure")}
    if goal.actual is None:
        return _("Aimed at %(target)s: %(measure)s. The count is not in.") % values
    return _("%(actual)s of %(target)s: %(measure)s.") % {**values, "actual": f"{goal.actual:,}"}


def where_to(task: Carried) -> str:
    """Return where an unfinished task went."""
    if task.to_sprint is None:
        return _("Back in the backlog")
    return _("Carried over to sprint %(n)d") % {"n": task.to_sprint}


def _who_waits(task: Carried) -> str:
    if not task.asked_by:
        return ""
    names = ", ".join(name.split(" ", 1)[0] for name in task.asked_by)
    return _("%(names)s asked for it") % {"names": names}


def answer_in_words(answer: Answer) -> tuple[str, str]:
    """Return what was decided in a few words, and its look: "Sprint 14", "Over budget"."""
    if answer.kind == DecisionKind.PLAN and answer.sprint is not None:
        return _("Sprint %(n)d") % {"n": answer.sprint}, "good"
    if answer.kind == DecisionKind.DECLINE:
        reason = _labels(DeclineReason).get(answer.reason, "")
        declined = str(DecisionKind.DECLINE.label)
        return f"{declined}: {reason.lower()}" if reason else declined, ""
    if answer.kind == DecisionKind.MERGE and answer.merged_into:
        return _("Merged into %(key)s") % {"key": answer.merged_into}, ""
    return _labels(DecisionKind).get(answer.kind, answer.kind), "good"


def _labels(choices: type[DecisionKind] | type[DeclineReason]) -> Mapping[str, str]:
    return {str(value): str(label) for value, label in choices.choices}


def minutes(review: Review, facts: Facts) -> int:
    """Return how long it takes to read, in whole minutes."""
    return max(1, round(sum(_length(text) for text in _texts(review, facts)) / WORDS_A_MINUTE))


def _texts(review: Review, facts: Facts) -> Iterable[str]:
    yield from (facts.goal.text, review.lead, review.learnings, review.next_up)
    for titles in (facts.done, facts.asked, facts.carried):
        yield from (item.title for item in titles)
    for answer in facts.answers:
        yield from (answer.title, answer.words)


def _length(text: str) -> int:
    return len(text.split())
