"""The whole loop by programs alone: three tokens, no page, no look into the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app

from activity import doorbell
from notifications import jobs as notifications
from requests_intake import jobs as requests_intake
from reviews import jobs as reviews
from tests.factories import make_sprint
from tests.programs import Program

MORNING = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
TITLE = "One-page flyer for water labs"
ANSWER = "Yes, Sam. You have it at the end of sprint 13, before your visit."
LEAD = "The flyer that Sam asked for is printed, and it fits on one page."


class Team:
    """Northwind's programs, its worker and its clock."""

    def __init__(self, world: Any, clock: Any, committed: Callable[..., Any]) -> None:
        self._programs = {name: Program(member) for name, member in world.people.items()}
        self._clock, self._committed = clock, committed

    def __call__(self, who: str, method: str, path: str, body: object = None, status: int = 200):
        """Call the API; what it rings for, the worker does after the commit."""
        with self._committed(execute=True):
            return self._programs[who](method, path, body, status)

    def later(self, **span: float) -> None:
        """Let time pass, and beat ring its bells at the end of it."""
        self._clock.shift(timedelta(**span))
        for sweep in (requests_intake.sweep, reviews.sweep, notifications.sweep):
            with self._committed(execute=True):
                sweep()


@pytest.fixture
def team(northwind, time_machine, monkeypatch, django_capture_on_commit_callbacks):
    time_machine.move_to(MORNING, tick=False)
    monkeypatch.setattr(doorbell, "_pull", lambda job, *args: current_app.tasks[job.name](*args))
    make_sprint(northwind.workspace, 13)
    return Team(northwind, time_machine, django_capture_on_commit_callbacks)


def test_an_idea_travels_from_sales_to_the_review_and_back(team, mailoutbox):
    key = sales_asks(team)
    task = marketing_plans_it(team, key)
    team.later(minutes=2)
    assert letters(mailoutbox, TITLE) == ["chiara", "sam"], "the answer has left"
    marketing_makes_it(team, task)
    team.later(minutes=11)
    sales_has_it(team, key)
    marketing_closes_the_sprint(team)
    polished = marketing_writes_the_review(team, key)
    mailoutbox.clear()
    grace_publishes(team, polished)
    assert letters(mailoutbox, polished["subject"]) == ["chiara", "grace", "sam"]


def letters(mailbox: Any, words: str) -> list[str]:
    """Return who got a mail whose text or subject has these words, by first name."""
    found = {
        letter.to[0].partition("@")[0].rpartition("<")[2]
        for letter in mailbox
        if words in letter.subject or words in letter.body
    }
    return sorted(found)


def sales_asks(team: Team) -> str:
    """Sam submits, and asks nothing twice; Chiara needs it too."""
    submission = "7b0f3f6e-3d7e-4a55-9b7c-0d5b0c7e4a11"
    body = {"title": TITLE, "submission_id": submission, "accounts": "Great Lakes Water"}
    asked = team("sam", "post", "requests/", {**body, "deal_value": 85_000}, 201)
    assert team("sam", "post", "requests/", {**body, "deal_value": 85_000}, 201) == asked
    deal = {"account": "Acqua Nord", "deal_value": 40_000}
    backed = team("chiara", "post", f"requests/{asked['key']}/back/", deal)
    assert (backed["state"], backed["backers"], backed["worth"]) == ("waiting", 1, 125_000)
    return asked["key"]


def marketing_plans_it(team: Team, key: str) -> str:
    """Mia finds it in the queue and promises the next sprint; return the key of its task."""
    [waiting] = team("mia", "get", "requests/?state=waiting&ordering=number")["results"]
    assert waiting["key"] == key
    [coming] = team("mia", "get", "sprints/?state=planned")["results"]
    answer = {"version": waiting["version"], "words": ANSWER, "sprint": coming["number"]}
    planned = team("mia", "post", f"requests/{key}/plan/", answer)
    assert (planned["state"], planned["step"]) == ("planned", "planned")
    [task] = planned["tasks"]
    assert (task["title"], task["promised_sprint"], task["sprint"]) == (TITLE, 13, None)
    return task["key"]


def marketing_makes_it(team: Team, key: str) -> None:
    """Mia pulls the task, starts the sprint, and moves the card to the last column."""
    task = team("mia", "get", f"tasks/{key}/")
    assert (task["origin"]["name"], task["origin"]["backers"]) == ("Sam Whitfield", 1)
    task = team("mia", "patch", f"tasks/{key}/", {"version": task["version"], "points": 3})
    pull = {"version": task["version"], "sprint": 13}
    task = team("mia", "post", f"tasks/{key}/pull/", pull)
    left = team("mia", "post", "tasks/", {"title": "Case study", "points": 5, "sprint": 13}, 201)
    sprint = team("mia", "get", "sprints/13/")
    goal = {"goal": "Be seen in water labs", "goal_measure": "visits", "goal_target": 3}
    sprint = team("mia", "patch", "sprints/13/", {"version": sprint["version"], **goal})
    started = team("mia", "post", "sprints/13/start/", {"version": sprint["version"]})
    assert (started["state"], started["committed_points"]) == ("active", 8)
    link = {"label": "The flyer", "url": "https://example.org/flyer.pdf"}
    team("mia", "post", f"tasks/{key}/deliverables/", link, 201)
    columns = {one["category"]: one for one in team("mia", "get", "columns/")["results"]}
    for category in ("doing", "done"):
        version = team("mia", "get", f"tasks/{key}/")["version"]
        move = {"version": version, "column": columns[category]["id"], "place": "top"}
        task = team("mia", "post", f"tasks/{key}/move/", move)
    assert task["done_at"]
    assert left["sprint"] == 13


def sales_has_it(team: Team, key: str) -> None:
    """The follower has seen that the work is done."""
    shown = team("sam", "get", f"requests/{key}/")
    assert shown["delivered_at"]
    assert (shown["step"], [step["status"] for step in shown["steps"]]) == (
        "delivered",
        ["done"] * 5,
    )
    [task] = shown["tasks"]
    assert [link["label"] for link in task["deliverables"]] == ["The flyer"]
    assert [one["key"] for one in team("sam", "get", "requests/?delivered=true")["results"]] == [
        key
    ]


def marketing_closes_the_sprint(team: Team) -> None:
    """Mia closes it; what is not done moves on, and the worker drafts the words."""
    sprint = team("mia", "get", "sprints/13/")
    end = {"version": sprint["version"], "carry_to": "next", "goal_actual": 4}
    opened = team("mia", "post", "sprints/13/close/", end, 201)
    facts = opened["facts"]
    assert [one["title"] for one in facts["asked"]] == [TITLE]
    assert [(one["title"], one["to_sprint"]) for one in facts["carried"]] == [("Case study", 14)]
    assert opened["verdict"] == "met"
    team("sam", "get", "reviews/13/", status=404)


def marketing_writes_the_review(team: Team, key: str) -> dict[str, Any]:
    """Mia puts her own sentence over the draft; return the review."""
    draft = team("mia", "get", "reviews/13/")
    assert (draft["state"], bool(draft["subject"])) == ("draft", True)
    words = {"lead": LEAD, "marks": {f"asked-{key}": "highlighted"}}
    edited = team("mia", "patch", "reviews/13/", {"version": draft["version"], **words})
    assert (edited["lead"], edited["subject"]) == (LEAD, draft["subject"])
    return edited


def grace_publishes(team: Team, review: dict[str, Any]) -> None:
    """A manager publishes too; each reader's mail is followed to its end, and Sam reads."""
    out = team("grace", "post", "reviews/13/publish/", {"version": review["version"]})
    assert (out["state"], out["published_by"]["name"]) == ("published", "Grace Adeyemi")
    rows = team("grace", "get", "reviews/13/deliveries/")["results"]
    assert [(row["recipient"]["name"], row["state"], row["attempts"]) for row in rows] == [
        ("Chiara Bianchi", "sent", 1),
        ("Grace Adeyemi", "sent", 1),
        ("Sam Whitfield", "sent", 1),
    ]
    read = team("sam", "get", "reviews/13/")
    assert (read["lead"], read["facts"]["asked"][0]["requester"]) == (LEAD, "Sam Whitfield")
    again = {"version": out["version"], "lead": "Other words."}
    told = team("mia", "patch", "reviews/13/", again, 400)
    assert told["error"]["code"] == "published"
