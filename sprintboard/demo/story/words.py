"""What the story is told in: people, work, requests and sprints, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """Somebody of the cast; the address is <first name>@<workspace>.example."""

    name: str
    role: str
    zone: str
    hue: int
    is_admin: bool = False

    @property
    def first(self) -> str:
        """Return the name the story calls them by."""
        return self.name.split()[0].lower().replace("á", "a")


@dataclass(frozen=True)
class Said:
    """A comment: who wrote what, so many days after what it is about was made or answered."""

    who: str
    text: str
    after: float = 0.5


@dataclass(frozen=True)
class Work:
    """A task of the story. `ends` is the category where it lies when its sprint is told."""

    title: str
    points: int | None
    who: str = ""
    campaign: str = ""
    channel: str = ""
    ends: str = "done"
    made: str = ""  # what can be opened when it is done
    unplanned: str = ""  # the reason, if it came while the sprint ran
    due: int | None = None  # days from the sprint's first day
    about: str = ""
    effort: int | None = None
    impact: int | None = None
    checklist: tuple[str, ...] = ()
    ticked: int = 0  # how many of the checklist are done
    talk: tuple[Said, ...] = ()
    files: tuple[str, ...] = ()  # what hangs on it, out of sprintboard/demo/drawing.py


@dataclass(frozen=True)
class Impeded:
    """What blocked a task, raised so many working days before now; solved so many days later."""

    task: str
    by: str
    owner: str
    ago: float
    reason: str
    solved_after: float = 0
    how: str = ""


@dataclass(frozen=True)
class Awaited:
    """What a task waits for: a task of the story, or a thing that comes so many days from now."""

    task: str
    by: str
    other: str = ""
    thing: str = ""
    comes_in: int = 0


@dataclass(frozen=True)
class Answer:
    """What Marketing said, so many working days after it was asked.

    `kind` is accept, plan (for a sprint of the story), decline (with a reason), ask or merge (into
    the request of that title).
    """

    kind: str
    by: str
    after: float
    words: str
    work: Work | None = None
    sprint: int = 0
    reason: str = ""
    into: str = ""
    reply: str = ""  # what the rep answered to a question; empty: it waits


@dataclass(frozen=True)
class Backer:
    """A colleague who needs it too."""

    who: str
    account: str = ""
    value: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Ask:
    """A request, asked on a day of a sprint (0.5 is noon of its first day)."""

    title: str
    rep: str
    sprint: int
    day: float
    answers: tuple[Answer, ...] = ()
    backers: tuple[Backer, ...] = ()
    talk: tuple[Said, ...] = ()
    working_days_ago: float | None = None  # instead of sprint and day: counted back from now
    details: dict[str, object] = field(default_factory=dict)


# Who, how many points, and why so few
Capacity = tuple[str, int, str]


@dataclass(frozen=True)
class Chapter:
    """A sprint of the story."""

    number: int
    goal: str
    measure: str
    target: int
    reached: int | None
    work: tuple[Work, ...]
    carried: tuple[tuple[str, str], ...] = ()  # what came from the sprint before, and where it ends
    lead: str = ""
    learned: str = ""
    subject: str = ""
    capacity: tuple[Capacity, ...] = ()
