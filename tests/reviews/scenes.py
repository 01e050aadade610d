"""A review with something in each of its sections."""

from __future__ import annotations

from datetime import UTC, date, datetime

from reviews import wording
from reviews.facts import (
    FACTS_VERSION,
    Answer,
    Answers,
    Asked,
    Carried,
    Done,
    Facts,
    Goal,
    Group,
    Link,
    Next,
    Points,
    to_json,
)
from reviews.models import Review
from tests.arranging import arranging
from tests.factories import make_sprint


def facts_for(world, words: str = "") -> Facts:
    """Return full facts; every text that a person writes carries the given words."""
    sam, chiara = world.sam.pk, world.chiara.pk
    pdf = Link(f"Open the PDF{words}"[:80], "https://files.example/flyer.pdf?a=1&b=2")
    return Facts(
        number=13,
        starts_on=date(2026, 12, 3),
        ends_on=date(2026, 12, 16),
        started_at=datetime(2026, 12, 3, 8, 0, tzinfo=UTC),
        closed_at=datetime(2026, 12, 16, 23, 0, tzinfo=UTC),
        goal=Goal(f"Make the fair count{words}", f"meetings booked{words}", 80, 96),
        points=Points(60, 58, 55, 7, 3, 12, 5),
        tasks_done=3,
        groups=(
            Group(
                f"Fair{words}",
                95,
                8,
                100,
                (
                    Done("NW-1", f"Flyer{words}", 5, channel=f"Print{words}", links=(pdf,)),
                    Done("NW-2", f"Booth graphics{words}", 3),
                    Done("NW-3", f"Booth crew roster{words}", 3),
                ),
            ),
        ),
        asked=(
            Asked("REQ-1", f"One-page flyer{words}", f"Sam{words}", sam, ("NW-1",), (pdf,)),
            Asked("REQ-2", f"Battle card{words}", f"Chiara{words} B", chiara, (), ()),
        ),
        carried=(Carried("NW-4", f"Case study{words}", 5, 14, (f"Sam{words}",), (sam,)),),
        answers=(
            Answer("REQ-3", f"Slides{words}", "Sam", sam, "plan", f"Gladly.{words}", "", 14),
            Answer("REQ-4", f"Advert{words}", "Chiara", chiara, "decline", "No.", "over_budget"),
        ),
        answered=Answers(12, 12, 2),
        next=Next(14, f"Turn meetings into visits{words}", date(2026, 12, 17), date(2026, 12, 30)),
    )


def review_of(world, facts: Facts, **fields) -> Review:
    words = wording.draft(facts)
    with arranging():
        return Review.objects.create(
            workspace=world.workspace,
            sprint=make_sprint(world.workspace, state="closed"),
            facts=to_json(facts),
            facts_version=FACTS_VERSION,
            verdict=facts.goal.verdict,
            **{
                "subject": words.subject,
                "lead": words.lead,
                "next_up": words.next_up,
                "marks": wording.marks(facts),
                **fields,
            },
        )
