"""The first draft of a review's words, made from its facts and from nothing else.

Plain functions: facts in, sentences out. They say what is known and no more; the verdict on the
goal comes first, then what Sales asked for, then what slipped. A person edits the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .facts import Carried, Facts, Goal, Next

SUBJECT_LIMIT = 150
LEAD_LIMIT = 280
TITLE_LIMIT = 60
MAIL_ASKED, MAIL_ANSWERS, MAIL_DONE = 8, 4, 3


@dataclass(frozen=True)
class Words:
    """What a person may edit before it is published."""

    subject: str
    lead: str
    learnings: str
    next_up: str


def draft(facts: Facts) -> Words:
    """Return the words that a review starts with."""
    return Words(
        subject=subject(facts),
        lead=lead(facts),
        learnings=learnings(facts),
        next_up=next_up(facts.next),
    )


def subject(facts: Facts) -> str:
    """Return one line: what became of the goal, and how much Sales had asked for."""
    sprint = _("Sprint %(n)d") % {"n": facts.number}
    verdicts = {"met": _("goal met"), "missed": _("goal missed")}
    verdict = verdicts.get(facts.goal.verdict, "")
    count = len(facts.asked)
    if verdict and count:
        asked = ngettext("and one thing you asked for", "and %(n)d things you asked for", count) % {
            "n": count
        }
        return f"{sprint}: {verdict}, {asked}"
    if verdict:
        return f"{sprint}: {verdict}, {_tasks_done(facts.tasks_done)}"
    if count:
        asked = ngettext(
            "one thing you asked for is done", "%(n)d things you asked for are done", count
        ) % {"n": count}
        return f"{sprint}: {asked}"
    return f"{sprint}: {_tasks_done(facts.tasks_done)}"


def lead(facts: Facts) -> str:
    """Return what everybody reads first, the most important sentence first, within the limit."""
    sentences = [
        verdict_sentence(facts.goal),
        _asked_sentence(facts) or _done_sentence(facts),
        slipped_sentence(facts.carried),
    ]
    return _as_many_as_fit([sentence for sentence in sentences if sentence])


def verdict_sentence(goal: Goal) -> str:
    """Return what became of the goal, with its measure where there is one."""
    measure = goal.measure.strip()
    if goal.target is None:
        return _("The goal was: %(goal)s.") % {"goal": _bare(goal.text)} if goal.text else ""
    target = f"{goal.target} {measure}".strip()
    if goal.actual is None:
        return _("The goal was %(target)s; the count is not in yet.") % {"target": target}
    reached = {"actual": goal.actual, "target": target}
    if goal.verdict == "met":
        return _("Goal met: %(actual)d of %(target)s.") % reached
    return _("Goal missed: %(actual)d of %(target)s.") % reached


def slipped_sentence(carried: Sequence[Carried]) -> str:
    """Return what was not finished and where it went; empty when all is done."""
    if not carried:
        return ""
    sprint = carried[0].to_sprint
    if len(carried) == 1:
        title = title_of(carried[0].title)
        if sprint is None:
            return _("One thing slipped: %(title)s is back in the backlog.") % {"title": title}
        return _("One thing slipped: %(title)s moves to sprint %(n)d.") % {
            "title": title,
            "n": sprint,
        }
    values = {"count": len(carried), "n": sprint}
    if sprint is None:
        return _("%(count)d things slipped and are back in the backlog.") % values
    return _("%(count)d things slipped and move to sprint %(n)d.") % values


def learnings(facts: Facts) -> str:
    """Return what the numbers themselves teach; empty in a sprint that went as planned.

    Nothing is guessed: why it happened is for people to add.
    """
    lines = []
    if len(facts.carried) > 1:
        titles = listed(title_of(one.title) for one in facts.carried)
        lines.append(_("Not finished: %(titles)s.") % {"titles": titles})
    points = facts.points
    if points.unplanned > points.allowance:
        came_in = ngettext(
            "%(n)d unplanned point came in, more than the %(allowance)d we allow for.",
            "%(n)d unplanned points came in, more than the %(allowance)d we allow for.",
            points.unplanned,
        ) % {"n": points.unplanned, "allowance": points.allowance}
        lines.append(came_in)
    late = facts.answered.total - facts.answered.in_time
    if late > 0:
        lines.append(
            ngettext(
                "%(n)d request waited longer for an answer than agreed.",
                "%(n)d requests waited longer for an answer than agreed.",
                late,
            )
            % {"n": late}
        )
    return "\n".join(lines)


def next_up(sprint: Next | None) -> str:
    """Return when the next sprint runs and what it is for."""
    if sprint is None:
        return ""
    runs = _("Sprint %(n)d runs from %(dates)s") % {
        "n": sprint.number,
        "dates": dates(sprint.starts_on, sprint.ends_on),
    }
    if not sprint.goal:
        return f"{runs}."  # the goal is often set before this is read: say nothing of it
    return f"{runs}: {_bare(sprint.goal)}."


def marks(facts: Facts) -> dict[str, str]:
    """Return which items stand in the mail until a person chooses.

    What Sales asked for comes first; where that is little, the largest pieces of work fill up.
    """
    chosen = [item.id for item in facts.asked[:MAIL_ASKED]]
    served = {key for item in facts.asked for key in item.tasks}
    others = sorted(
        (task for task in facts.done if task.key not in served),
        key=lambda task: (not task.links, -(task.points or 0)),
    )
    chosen += [task.id for task in others[:MAIL_DONE]]
    chosen += [answer.id for answer in facts.answers[:MAIL_ANSWERS]]
    return dict.fromkeys(chosen, "highlighted")


def dates(first: date, last: date) -> str:
    """Return "3 to 16 December", or both months where they differ."""
    start = date_format(
        first, "j" if (first.month, first.year) == (last.month, last.year) else "j F"
    )
    return _("%(first)s to %(last)s") % {"first": start, "last": date_format(last, "j F")}


def listed(words: Iterable[str], limit: int = 4) -> str:
    """Return "A, B and C", or "A, B, C and 4 more"."""
    everything = list(words)
    shown = everything[:limit]
    if rest := len(everything) - len(shown):
        shown.append(ngettext("%(n)d more", "%(n)d more", rest) % {"n": rest})
    if len(shown) < 2:
        return "".join(shown)
    return _("%(first)s and %(last)s") % {"first": ", ".join(shown[:-1]), "last": shown[-1]}


def title_of(title: str) -> str:
    """Return a title to stand inside a sentence: quoted, and short."""
    return f"“{Truncator(' '.join(title.split())).chars(TITLE_LIMIT)}”"


def _asked_sentence(facts: Facts) -> str:
    if not facts.asked:
        return ""
    first = facts.asked[0]
    if len(facts.asked) == 1:
        return _("%(title)s, which %(name)s asked for, is done.") % {
            "title": title_of(first.title),
            "name": _first_name(first.requester),
        }
    return _("%(n)d things that you asked for are done, among them %(title)s.") % {
        "n": len(facts.asked),
        "title": title_of(first.title),
    }


def _done_sentence(facts: Facts) -> str:
    if not facts.tasks_done:
        return _("No task was finished.")
    points = facts.points
    if not points.committed:
        return f"{_capital(_tasks_done(facts.tasks_done))}."
    return ngettext(
        "%(tasks)s: %(done)d of %(committed)d committed point.",
        "%(tasks)s: %(done)d of %(committed)d committed points.",
        points.committed,
    ) % {
        "tasks": _capital(_tasks_done(facts.tasks_done)),
        "done": points.done_of_committed,
        "committed": points.committed,
    }


def _tasks_done(count: int) -> str:
    return ngettext("%(n)d task done", "%(n)d tasks done", count) % {"n": count}


def _as_many_as_fit(sentences: list[str]) -> str:
    text = ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if len(longer) > LEAD_LIMIT:
            continue
        text = longer
    return text or Truncator(sentences[0]).chars(LEAD_LIMIT) if sentences else text


def _bare(sentence: str) -> str:
    return " ".join(sentence.split()).rstrip(".!")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _first_name(name: str) -> str:
    return name.split(" ", 1)[0]
