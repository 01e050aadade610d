"""The review as a mail: verdict, one paragraph, three numbers, and what the reader asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from notifications.mails import Mail, absolute, from_templates, mail_kind, render
from notifications.models import OutboxItem
from people.models import Membership, Workspace
from requests_intake.models import DecisionKind, DeclineReason

from . import wording
from .facts import Answer, Asked, Carried, Done, Facts, Link
from .models import Review
from .reading import visible_facts

WORDS_IN_MAIL = 220
SATURDAY = 5


@dataclass(frozen=True)
class Number:
    """One figure of the first screen: “55 of 60 points done”."""

    value: int
    of: int | None
    label: str


@dataclass(frozen=True)
class Line:
    """One thing with a note under it and a link beside it."""

    title: str
    note: str
    url: str
    link: str
    is_own: bool = False


@mail_kind("reviews.published", _lazy("Review of a sprint"))
def published(item: OutboxItem) -> Mail:
    """Render the review as its reader gets it."""
    why = _("You get this because you are a manager at %(workspace)s.")
    if item.recipient.is_sales:
        why = _("You get this because you are in Sales at %(workspace)s.")
    return _mail(item, why=why % {"workspace": item.workspace.name})


@mail_kind("reviews.test", _lazy("Test of a review"))
def test(item: OutboxItem) -> Mail:
    """Render the review for whoever wants to see it in a real mailbox first."""
    return _mail(item, why=_("You asked for this test. Nobody else got it."), is_test=True)


def preview(review: Review, reader: Membership) -> Mail:
    """Return the mail as this reader would get it now; nothing is queued."""
    item = OutboxItem(
        workspace=review.workspace,
        kind="reviews.published",
        recipient=reader,
        payload={"review": review.pk},
    )
    return render(item)


def _mail(item: OutboxItem, *, why: str, is_test: bool = False) -> Mail:
    review = Review.objects.select_related("sprint").get(
        pk=item.payload["review"], workspace=item.workspace
    )
    review.workspace = item.workspace
    subject = review.subject
    if is_test:
        subject = _("Test: %(subject)s") % {"subject": subject}
    facts = visible_facts(review)
    return from_templates(
        "reviews/published",
        item,
        subject=subject,
        preheader=_preheader(facts, item.recipient),
        context={
            **_content(review, facts, item.recipient),
            "why": why,
            "is_test": is_test,
            "button_url": absolute(review.get_absolute_url()),
            "button_text": _("Read the review"),
        },
    )


def _content(review: Review, facts: Facts, reader: Membership) -> dict[str, Any]:
    workspace = review.workspace
    asked = _own_first(facts.asked, review, reader)
    served = {key for one in asked for key in one.tasks}
    made = [task for task in facts.done if review.is_highlighted(task.id)]
    return {
        "review": review,
        "facts": facts,
        "dates": wording.dates(facts.starts_on, facts.ends_on),
        "verdict": review.get_verdict_display() if review.verdict else "",
        "title": facts.goal.text or _("Sprint %(n)d") % {"n": facts.number},
        "ruler": ruler(facts),
        "numbers": numbers(facts, is_sales=reader.is_sales),
        **dict(zip(("lead_first", "lead_rest"), _first_sentence(review.lead), strict=True)),
        "asked": [_asked_line(one, workspace, reader) for one in asked],
        "late": [_late_sentence(one) for one in facts.carried if reader.pk in one.asked_by_ids],
        "made": [_made_line(task, workspace) for task in made if task.key not in served],
        "answers": [
            (one.title, _answer_sentence(one, reader))
            for one in _own_first(facts.answers, review, reader)
        ],
        "next_title": _next_title(facts, review.next_up),
    }


def ruler(facts: Facts) -> list[str]:
    """Return the days of the sprint as they are drawn: work days, days off, and the last."""
    days = (facts.ends_on - facts.starts_on).days
    looks = [
        "day-off" if (facts.starts_on + timedelta(days=n)).weekday() >= SATURDAY else "day"
        for n in range(days)
    ]
    return [*looks, "day-last"]


def numbers(facts: Facts, *, is_sales: bool = True) -> list[Number]:
    """Return the three figures of the first screen."""
    points, answered, delivered = facts.points, facts.answered, len(facts.asked)
    done = points.done_of_committed if points.committed else points.done
    return [
        Number(
            done,
            points.committed or None,
            ngettext("point done", "points done", points.committed or done),
        ),
        Number(
            delivered,
            None,
            _("of your requests delivered")
            if is_sales
            else ngettext("request of Sales delivered", "requests of Sales delivered", delivered),
        ),
        Number(
            answered.in_time,
            answered.total,
            ngettext("request answered in time", "requests answered in time", answered.total),
        ),
    ]


def _first_sentence(text: str) -> tuple[str, str]:
    """Return the sentence that is set in bold, and the rest. A very short one is no news."""
    match = re.match(r"(.{20,}?[.!?])(\s.*)?$", text, re.DOTALL)
    return (match[1], (match[2] or "").strip()) if match else ("", text)


def _own_first(items: Iterable[Any], review: Review, reader: Membership) -> list[Any]:
    """Return the reader's own items, then what a marketer chose for the mail."""
    everything = list(items)
    own = [item for item in everything if item.requester_id == reader.pk]
    chosen = [item for item in everything if review.is_highlighted(item.id) and item not in own]
    return own + chosen


def _asked_line(one: Asked, workspace: Workspace, reader: Membership) -> Line:
    is_own = one.requester_id == reader.pk
    note = _("You asked") if is_own else _("%(name)s asked") % {"name": one.requester.split(" ")[0]}
    page = absolute(reverse("request", args=[workspace.slug, one.key]))
    url, label = _open(one.links, page)
    return Line(one.title, f"{note}, {one.key}", url, label, is_own)


def _made_line(task: Done, workspace: Workspace) -> Line:
    page = absolute(reverse("task", args=[workspace.slug, task.key]))
    url, label = _open(task.links, page)
    return Line(task.title, task.channel, url, label)


def _open(links: tuple[Link, ...], page: str) -> tuple[str, str]:
    """Return where a line leads: to what was made, or to its page in the app."""
    for link in links:
        if link.url.startswith(("https://", "http://")):
            return link.url, link.label or _("Open")
    return page, _("See it")


def _late_sentence(one: Carried) -> str:
    title = wording.title_of(one.title)
    if one.to_sprint is None:
        return _("%(title)s, which you asked for, is not done yet; it is back in the backlog.") % {
            "title": title
        }
    return _("%(title)s, which you asked for, is not done yet; it moves to sprint %(n)d.") % {
        "title": title,
        "n": one.to_sprint,
    }


def _answer_sentence(one: Answer, reader: Membership) -> str:
    words = Truncator(" ".join(one.words.split())).chars(WORDS_IN_MAIL)
    asked = _("your idea, ") if one.requester_id == reader.pk else ""
    return f"{asked}{answer_in_words(one)}. {words}".strip()


def answer_in_words(one: Answer) -> str:
    """Return what was decided, to follow a colon: “planned for sprint 14”."""
    if one.kind == DecisionKind.PLAN and one.sprint is not None:
        return _("planned for sprint %(n)d") % {"n": one.sprint}
    if one.kind == DecisionKind.DECLINE:
        reason = DeclineReason(one.reason).label if one.reason != DeclineReason.OTHER else ""
        declined = _("declined")
        return f"{declined}, {str(reason).lower()}" if reason else declined
    if one.kind == DecisionKind.MERGE:
        return _("merged into %(key)s") % {"key": one.merged_into}
    return _("accepted into the backlog")


def _next_title(facts: Facts, words: str) -> str:
    goal = facts.next.goal.rstrip(".!") if facts.next else ""
    if not facts.next or not goal or goal in words:
        return _("What comes next")
    return _("Next: %(goal)s") % {"goal": facts.next.goal}


def _preheader(facts: Facts, reader: Membership) -> str:
    """Return what a mailbox shows beside the subject."""
    own = [one for one in facts.asked if one.requester_id == reader.pk]
    sentences = [wording.verdict_sentence(facts.goal)]
    if own:
        sentences.append(
            _("Done for you: %(titles)s.")
            % {"titles": wording.listed((wording.title_of(one.title) for one in own), limit=2)}
        )
    elif facts.asked:
        sentences.append(
            ngettext(
                "%(n)d request of Sales is done.",
                "%(n)d requests of Sales are done.",
                len(facts.asked),
            )
            % {"n": len(facts.asked)}
        )
    return " ".join(sentence for sentence in sentences if sentence)
