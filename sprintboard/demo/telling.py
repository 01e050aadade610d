"""Tell the story: run the program's verbs at the instants of the story, in order.

Nothing is written behind the verbs' backs, so the numbers on the pages agree: they come from
recorded activity.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from activity import clock
from backlog import actions as backlog
from backlog.models import Sprint, Task
from campaigns import actions as campaigns
from campaigns.models import Campaign
from notifications import actions as outbox
from notifications.mails import send_stored
from notifications.models import OutboxItem
from people import actions as people
from people.models import Membership, Role, User, Workspace
from requests_intake import actions as intake
from requests_intake.models import Request
from reviews import actions as reviews
from reviews.models import Review
from sprintboard.actions import found_workspace

from .story import (
    ASKS,
    BACKLOG,
    CAMPAIGNS,
    CHAPTERS,
    NEXT_CAPACITY,
    NEXT_GOAL,
    NEXT_WORK,
    PEOPLE,
    Answer,
    Ask,
    Capacity,
    Chapter,
    Person,
    Work,
)

PASSWORD = "sprintboard"  # noqa: S105  the demo's password is printed for everyone
ZONE = ZoneInfo("Europe/Stockholm")
DAYS = 14
TOLD_UNTIL = timedelta(minutes=20)  # the story's last event, before now: its mails have left
PATH = {
    "todo": (),
    "doing": ("doing",),
    "review": ("doing", "review"),
    "done": ("doing", "review", "done"),
}

Event = Callable[[], object]


@dataclass
class Telling:
    """One run: the events of the story by instant, and what they made so far."""

    now: datetime
    first_day: date
    events: list[tuple[datetime, int, Event]] = field(default_factory=list)
    cast: dict[str, Membership] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    workspace: Workspace = field(init=False)

    # When ------------------------------------------------------------------------------------

    def day(self, day: float) -> datetime:
        """Return an instant of the story: day 0.5 is noon of the first sprint's first day."""
        whole = int(day // 1)
        minutes = round((day - whole) * 24 * 60)
        at = datetime.combine(self.first_day + timedelta(days=whole), time(0), tzinfo=ZONE)
        return at + timedelta(minutes=minutes)

    def working_days_ago(self, days: float) -> datetime:
        """Return the instant so many eight-hour working days before now."""
        left = timedelta(hours=days * 8)
        at = self.now - TOLD_UNTIL
        step = timedelta(minutes=15)
        while left > timedelta(0):
            at -= step
            local = at.astimezone(ZONE)
            if local.weekday() < 5 and time(9) <= local.time() < time(17):
                left -= step
        return at

    def tell(self, at: datetime, event: Event) -> None:
        """Put an event into the story; what has not come yet is left out."""
        if at <= self.now - TOLD_UNTIL:
            self.events.append((at, len(self.events), event))

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Let it all happen, in order."""
        self.events.sort(key=lambda event: event[:2])
        for place, (at, _, event) in enumerate(self.events):
            with clock.at(at):
                event()
                _post()
            progress(place + 1, len(self.events))
        with clock.at(self.now):
            intake.follow_work()
            _post()

    # Who and what ----------------------------------------------------------------------------

    def task(self, title: str) -> Task:
        """Return a task of the story as it now is."""
        return Task.objects.select_related("workspace", "sprint").get(pk=self.tasks[title])

    def sprint(self, number: int) -> Sprint:
        """Return a sprint as it now is."""
        return Sprint.objects.select_related("workspace").get(
            workspace=self.workspace, number=number
        )

    def fields(self, work: Work, first_day: date | None = None) -> dict[str, object]:
        """Return what a task is made with."""
        found = {
            "points": work.points,
            "assignee": self.cast.get(work.who),
            "campaign": self.campaigns.get(work.campaign),
            "channel": self.workspace.channels.filter(name=work.channel).first(),
            "description": work.about,
            "impact": work.impact,
            "effort": work.effort,
            "due_on": first_day + timedelta(days=work.due)
            if first_day and work.due is not None
            else None,
        }
        return {name: value for name, value in found.items() if value not in (None, "")}

    def make_task(self, work: Work, first_day: date | None = None) -> Task:
        """Create a task in the backlog."""
        task = backlog.create_task(
            self.workspace,
            by=self.cast["mia"],
            title=work.title,
            **self.fields(work, first_day),  # type: ignore[arg-type]
        )
        self.tasks[work.title] = task.pk
        return task

    def pull(self, title: str, number: int, reason: str = "") -> None:
        """Take a task into a sprint."""
        task = self.task(title)
        backlog.pull_task(
            task,
            by=self.cast["mia"],
            version=task.version,
            sprint=self.sprint(number),
            reason=reason,
            over_reason=reason,
        )

    def move(self, title: str, category: str, who: str) -> None:
        """Move a task to the first column of a category, and tell the reps who wait for it."""
        task = self.task(title)
        column = self.workspace.columns.filter(category=category).first()
        if column is None or task.column_id == column.pk:
            return
        backlog.move_task(
            task, by=self.cast[who or "mia"], version=task.version, column=column, to_end=True
        )
        if category == "done":
            intake.follow_work()

    def deliver(self, work: Work) -> None:
        """Link what a finished task made."""
        if work.made:
            slug = "".join(c if c.isalnum() else "-" for c in work.made.lower()).strip("-")
            backlog.add_deliverable(
                self.task(work.title),
                by=self.cast[work.who or "mia"],
                label=work.made,
                url=f"https://files.northwind.example/{slug}",
            )


def _post() -> None:
    """Store what is due as sent: the demo mails nobody."""
    for item in OutboxItem.objects.due(clock.now()):
        outbox.deliver(item, send=send_stored)


def seed(progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Make the demo: northwind with its story, and fjord beside it.

    Raises RuntimeError when a workspace of the demo exists already (activity.clock).
    """
    now = clock.system_now()
    today = now.astimezone(ZONE).date()
    # The running sprint began on a Thursday, five to eleven days ago
    running = today - timedelta(days=5 + (today - timedelta(days=5) - date(2026, 1, 1)).days % 7)
    telling = Telling(now, running - timedelta(days=2 * DAYS))
    with clock.seed_run():
        with clock.at(telling.day(-40)):
            _found(telling)
            _found_fjord()
        _plan_story(telling)
        telling.run(progress)


def _user(person: Person, domain: str) -> User:
    return people.create_person(
        email=f"{person.first}@{domain}.example",
        name=person.name,
        time_zone=person.zone,
        password=PASSWORD,
    )


def _found(telling: Telling) -> None:
    owner, *others = PEOPLE
    mia = found_workspace(
        owner=_user(owner, "northwind"),
        name="Northwind Instruments",
        key="NW",
        slug="northwind",
        time_zone="Europe/Stockholm",
        first_sprint_on=telling.first_day,
    )
    telling.workspace = mia.workspace
    telling.cast["mia"] = mia
    for person in others:
        telling.cast[person.first] = people.add_member(
            mia.workspace,
            by=mia,
            user=_user(person, "northwind"),
            role=Role(person.role),
            is_admin=person.is_admin,
            hue=person.hue,
        )
    for name, hue, audience, message, starts, ends in CAMPAIGNS:
        telling.campaigns[name] = campaigns.create_campaign(
            mia.workspace,
            by=mia,
            name=name,
            hue=hue,
            audience=audience,
            message=message,
            starts_on=telling.first_day + timedelta(days=starts),
            ends_on=None if ends is None else telling.first_day + timedelta(days=ends),
        )


def _found_fjord() -> None:
    person = Person("Ola Nordmann", "marketer", "Europe/Oslo", 235, is_admin=True)
    ola = found_workspace(
        owner=_user(person, "fjord"),
        name="Fjord Labs",
        key="FJ",
        slug="fjord",
        time_zone="Europe/Oslo",
        first_sprint_on=clock.system_now().astimezone(ZONE).date() + timedelta(days=3),
    )
    for title in ("Website in two languages", "First newsletter", "Photos of the lab"):
        backlog.create_task(ola.workspace, by=ola, title=title)


def _plan_story(telling: Telling) -> None:
    for place, work in enumerate(BACKLOG):
        telling.tell(telling.day(-12 + place * 0.9), partial(telling.make_task, work))
    for ask in ASKS:
        _plan_ask(telling, ask)
    for number, chapter in enumerate(CHAPTERS, start=1):
        _plan_chapter(telling, number, chapter)
    last = len(CHAPTERS)
    for place, work in enumerate(NEXT_WORK):
        at = telling.working_days_ago(2.5 - place * 0.1)
        telling.tell(at, partial(_make_and_pull, telling, work, last + 1))
    goal, measure, target = NEXT_GOAL
    telling.tell(
        telling.working_days_ago(2), lambda: _aim(telling, last + 1, goal, measure, target)
    )
    telling.tell(
        telling.working_days_ago(1.9), lambda: _make_room(telling, last + 1, NEXT_CAPACITY)
    )


def _make_room(telling: Telling, number: int, capacity: tuple[Capacity, ...]) -> None:
    sprint = telling.sprint(number)
    for who, points, note in capacity:
        backlog.set_capacity(
            sprint,
            by=telling.cast["mia"],
            member=telling.cast[who],
            points=points,
            note=note,
        )


def _make_and_pull(telling: Telling, work: Work, number: int) -> None:
    telling.make_task(work, telling.sprint(number).starts_on)
    telling.pull(work.title, number, work.unplanned)


def _aim(telling: Telling, number: int, goal: str, measure: str, target: int) -> None:
    sprint = telling.sprint(number)
    backlog.edit_sprint(
        sprint,
        by=telling.cast["mia"],
        version=sprint.version,
        goal=goal,
        goal_measure=measure,
        goal_target=target,
    )


def _plan_ask(telling: Telling, ask: Ask) -> None:
    when = telling.working_days_ago if ask.working_days_ago else telling.day
    telling.tell(when(ask.asked), lambda: _submit(telling, ask))
    if ask.answer is not None:
        answer = ask.answer
        telling.tell(when(ask.answered), lambda: _decide(telling, ask, answer))


def _submit(telling: Telling, ask: Ask) -> None:
    details = dict(ask.details)
    intake.submit_request(
        telling.workspace,
        by=telling.cast[ask.rep],
        submission_id=uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{ask.title}"),
        title=ask.title,
        **details,  # type: ignore[arg-type]
    )


def _decide(telling: Telling, ask: Ask, answer: Answer) -> None:
    request = Request.objects.select_related("workspace").get(
        workspace=telling.workspace, title=ask.title
    )
    by = telling.cast[answer.by]
    if answer.kind == "decline":
        intake.decline_request(
            request, by=by, version=request.version, words=answer.words, reason=answer.reason
        )
        return
    assert answer.work is not None  # noqa: S101  the story says what a yes makes
    if answer.kind == "plan":
        intake.plan_request(
            request,
            by=by,
            version=request.version,
            words=answer.words,
            sprint=telling.sprint(answer.sprint),
        )
    else:
        intake.accept_request(request, by=by, version=request.version, words=answer.words)
    task = request.tasks.select_related("workspace").get()
    backlog.edit_task(
        task,
        by=by,
        version=task.version,
        title=answer.work.title,
        **telling.fields(answer.work),
    )
    telling.tasks[answer.work.title] = task.pk


def _promised(number: int) -> list[Work]:
    return [
        ask.answer.work
        for ask in ASKS
        if ask.answer and ask.answer.kind == "plan" and ask.answer.sprint == number
        and ask.answer.work
    ]  # fmt: skip


def _plan_chapter(telling: Telling, number: int, chapter: Chapter) -> None:
    start = (number - 1) * DAYS
    told_until = _told_until(telling, number)
    planned = [work for work in chapter.work if not work.unplanned]
    first_day = telling.day(start).date()
    for place, work in enumerate(planned):
        made = telling.day(start - 3.5 + place * 0.05)
        telling.tell(made, partial(telling.make_task, work, first_day))
        telling.tell(
            telling.day(start + 0.38) + timedelta(minutes=place),
            partial(telling.pull, work.title, number),
        )
    for place, work in enumerate(_promised(number)):
        telling.tell(
            telling.day(start + 0.37) + timedelta(minutes=place),
            partial(telling.pull, work.title, number),
        )
    telling.tell(
        telling.day(start - 1.4),
        lambda: _aim(telling, number, chapter.goal, chapter.measure, chapter.target),
    )
    telling.tell(telling.day(start - 1.39), lambda: _make_room(telling, number, chapter.capacity))
    telling.tell(telling.day(start + 0.4), lambda: _start(telling, number))
    for place, work in enumerate(w for w in chapter.work if w.unplanned):
        at = telling.day(start + 2.45 + place * 1.1)
        telling.tell(min(at, told_until), partial(_make_and_pull, telling, work, number))
    _plan_moves(telling, chapter, number)
    if number < len(CHAPTERS):
        _plan_close(telling, number, chapter)
    else:
        telling.tell(told_until, lambda: _reach(telling, number, chapter.reached))


def _told_until(telling: Telling, number: int) -> datetime:
    """Return when the moves of a sprint are over: its thirteenth day, or lately."""
    return min(telling.day(number * DAYS - 1.4), telling.now - TOLD_UNTIL - timedelta(minutes=5))


def _plan_moves(telling: Telling, chapter: Chapter, number: int) -> None:
    """Spread the moves of a sprint over the working hours between its start and its end."""
    titles = {work.title: work for work in (*chapter.work, *_promised(number))}
    ends = {title: work.ends for title, work in titles.items()} | dict(chapter.carried)
    hours = _working_hours(telling.day((number - 1) * DAYS + 0.45), _told_until(telling, number))
    late = {title for title, work in titles.items() if work.unplanned}
    for place, (title, end) in enumerate(ends.items()):
        begin = 0.45 if title in late else 0.5 * place / len(ends)
        for step, category in enumerate(PATH[end]):
            share = begin + (0.97 - begin) * (step + 0.5 * place / len(ends)) / 3
            at = hours[min(int(share * len(hours)), len(hours) - 1)]
            who = titles[title].who if title in titles else "mia"
            if category == "done" and title in titles:
                telling.tell(at, partial(telling.deliver, titles[title]))
            telling.tell(
                at,
                partial(telling.move, title, category, who),
            )


def _working_hours(start: datetime, end: datetime) -> list[datetime]:
    """Return each quarter of an hour of working time between two instants."""
    quarters = []
    at = start
    while at < end:
        local = at.astimezone(ZONE)
        if local.weekday() < 5 and time(9) <= local.time() < time(17):
            quarters.append(at)
        at += timedelta(minutes=15)
    return quarters or [start]


def _start(telling: Telling, number: int) -> None:
    sprint = telling.sprint(number)
    backlog.start_sprint(sprint, by=telling.cast["mia"], version=sprint.version)


def _reach(telling: Telling, number: int, reached: int | None) -> None:
    sprint = telling.sprint(number)
    backlog.edit_sprint(sprint, by=telling.cast["mia"], version=sprint.version, goal_actual=reached)


def _plan_close(telling: Telling, number: int, chapter: Chapter) -> None:
    end = number * DAYS
    telling.tell(telling.day(end - 0.3), lambda: _reach(telling, number, chapter.reached))
    telling.tell(telling.day(end + 0.001), reviews.sweep)
    telling.tell(telling.day(end + 0.32), lambda: _polish(telling, number, chapter))
    telling.tell(telling.day(end + 0.33), lambda: _publish(telling, number))
    readers = [person.first for person in PEOPLE if person.first not in {"mia", "kenji"}]
    for place, name in enumerate(readers):
        telling.tell(telling.day(end + 0.36 + place * 0.03), partial(_read, telling, number, name))


def _review(telling: Telling, number: int) -> Review:
    return Review.objects.select_related("workspace", "sprint").get(
        workspace=telling.workspace, sprint__number=number
    )


def _polish(telling: Telling, number: int, chapter: Chapter) -> None:
    review = _review(telling, number)
    reviews.draft_words(review)
    review.refresh_from_db()
    reviews.edit_review(
        review,
        by=telling.cast["mia"],
        version=review.version,
        subject=chapter.subject,
        lead=chapter.lead,
        learnings=chapter.learned,
    )


def _publish(telling: Telling, number: int) -> None:
    review = _review(telling, number)
    reviews.publish_review(review, by=telling.cast["mia"], version=review.version, send="now")


def _read(telling: Telling, number: int, name: str) -> None:
    reviews.mark_read(_review(telling, number), by=telling.cast[name])
