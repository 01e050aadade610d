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
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from activity import clock
from backlog import actions as backlog
from backlog.models import Sprint, Task
from campaigns import actions as campaigns
from campaigns.models import Campaign
from conversation import actions as conversation
from conversation.files.actions import add_file
from notifications import actions as outbox
from notifications.inbox import actions as inbox
from notifications.mails import send_stored
from notifications.models import CHOSEN, Notice, OutboxItem, Pace, Preference
from people import actions as people
from people.models import Membership, Role, User, Workspace
from requests_intake import actions as intake
from requests_intake.models import Request
from reviews import actions as reviews
from reviews.models import Review
from sprintboard.actions import found_workspace

from .drawing import FILES
from .story import (
    ASKS,
    BACKLOG,
    CAMPAIGNS,
    CHAPTERS,
    FIRST,
    IMPEDIMENTS,
    PEOPLE,
    PLANS,
    USUAL,
    WAITS,
    Answer,
    Ask,
    Awaited,
    Backer,
    Capacity,
    Chapter,
    Impeded,
    Person,
    Said,
    Work,
)

if TYPE_CHECKING:
    from conversation.subjects import Subject

PASSWORD = "sprintboard"  # noqa: S105  the demo's password is printed for everyone
ZONE = ZoneInfo("Europe/Stockholm")
DAYS = 14
TOLD_UNTIL = timedelta(minutes=20)  # the story's last event, before now: its mails have left
STEP = timedelta(minutes=15)
UNREAD_SINCE = timedelta(days=7)
# While the story is told its mails leave at once, so that none is left for the days after it
WIDE_AWAKE = Preference(
    comment=Pace.APP, quiet_from=time(0), quiet_until=time(0), quiet_weekends=False
)
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

    def in_sprint(self, number: int, day: float) -> datetime:
        """Return an instant of a sprint of the story: day 0.5 is noon of its first day."""
        return self.day((number - FIRST) * DAYS + day)

    def at_work(self, at: datetime) -> datetime:
        """Return this instant, or when Marketing's next working day begins."""
        while not _is_working(at):
            at += STEP
        return at

    def after(self, at: datetime, days: float) -> datetime:
        """Return the instant so many eight-hour working days after another."""
        left = timedelta(hours=days * 8)
        while left > timedelta(0):
            at += STEP
            if _is_working(at):
                left -= STEP
        return self.at_work(at)

    def working_days_ago(self, days: float) -> datetime:
        """Return the instant so many eight-hour working days before now."""
        left = timedelta(hours=days * 8)
        at = self.now - TOLD_UNTIL
        while left > timedelta(0):
            at -= STEP
            if _is_working(at):
                left -= STEP
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
            self.read_the_news()

    def read_the_news(self) -> None:
        """Leave the last days unread; from now on people are told as they usually are."""
        for member in self.cast.values():
            mine = Notice.objects.visible_to(member)
            old = mine.filter(at__lt=self.now - UNREAD_SINCE).order_by("-pk").first()
            inbox.mark_all(by=member, through=old.pk if old else 0)
            _choose(member, Preference())

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

    def make_task(self, work: Work, first_day: date | None = None, *, at_top: bool = False) -> Task:
        """Create a task in the backlog."""
        task = backlog.create_task(
            self.workspace,
            by=self.cast["mia"],
            title=work.title,
            at_top=at_top,
            **self.fields(work, first_day),  # type: ignore[arg-type]
        )
        self.tasks[work.title] = task.pk
        self.list_steps(work)
        for name in work.files:
            content = ContentFile(FILES[name](), name)
            add_file(
                self.task(work.title), by=self.cast[work.who or "mia"], name=name, content=content
            )
        return task

    def list_steps(self, work: Work) -> None:
        """Write the checklist of a task."""
        if work.checklist:
            backlog.add_checklist(
                self.task(work.title),
                by=self.cast[work.who or "mia"],
                lines=list(work.checklist),
            )

    def tick(self, work: Work, place: int) -> None:
        """Tick one line of a task's checklist."""
        item = self.task(work.title).checklist.all()[place]
        backlog.tick(item, by=self.cast[work.who or "mia"], done=True)

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


def _is_working(at: datetime) -> bool:
    local = at.astimezone(ZONE)
    return local.weekday() < 5 and time(9) <= local.time() < time(17)


def _choose(member: Membership, choice: Preference) -> None:
    inbox.choose(
        member,
        paces={topic: choice.pace(topic) for topic in CHOSEN},
        daily_at=choice.daily_at,
        quiet_from=choice.quiet_from,
        quiet_until=choice.quiet_until,
        quiet_weekends=choice.quiet_weekends,
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
    running = running_since(now.astimezone(ZONE).date())
    telling = Telling(now, running - timedelta(days=(len(CHAPTERS) - 1) * DAYS))
    with clock.seed_run():
        with clock.at(telling.day(-60)):
            _found(telling)
            _found_fjord()
        _plan_story(telling)
        telling.run(progress)


def running_since(today: date) -> date:
    """Return the first day of the running sprint, eight to eleven days of which are told.

    A Thursday; in the first half of a week a Monday, so that the sprint does not end tonight.
    """
    weekday = 0 if today.weekday() < 3 else 3
    return today - timedelta(days=7 + (today.weekday() - weekday))


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
        first_sprint=FIRST,
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
    for member in telling.cast.values():
        _choose(member, WIDE_AWAKE)
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
        made = telling.at_work(telling.day(78 - place * 0.9))
        # what was thought of last lies on top
        telling.tell(made, partial(telling.make_task, work, at_top=True))
        _plan_talk(telling, work.talk, made, partial(telling.task, work.title))
    for ask in ASKS:
        _plan_ask(telling, ask)
    for chapter in CHAPTERS:
        _plan_chapter(telling, chapter)
    _plan_hanging(telling)
    for number, goal, measure, target, capacity, works in PLANS:
        if goal:
            at = telling.working_days_ago(2)
            telling.tell(at, partial(_aim, telling, number, goal, measure, target))
        telling.tell(telling.working_days_ago(1.9), partial(_make_room, telling, number, capacity))
        for place, work in enumerate(works):
            at = telling.working_days_ago(2.5 - place * 0.1)
            telling.tell(at, partial(_make_and_pull, telling, work, number))


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


# Requests ------------------------------------------------------------------------------------


def _plan_ask(telling: Telling, ask: Ask) -> None:
    ago = ask.working_days_ago
    asked = telling.in_sprint(ask.sprint, ask.day) if ago is None else telling.working_days_ago(ago)
    telling.tell(asked, partial(_submit, telling, ask))
    subject = partial(_request, telling, ask.title)
    for place, backer in enumerate(ask.backers, start=1):
        at = asked + timedelta(hours=1.7 * place)
        telling.tell(at, partial(_back, telling, ask, backer))
    said = asked
    for answer in ask.answers:
        if ago is None:
            said = telling.after(asked, answer.after)
        else:
            said = telling.working_days_ago(ago - answer.after)
        telling.tell(said, partial(_decide, telling, ask, answer))
        if answer.reply:
            at = telling.working_days_ago(max((ago or 0) - answer.after - 0.6, 0.1))
            telling.tell(at, partial(_reply, telling, ask, answer.reply))
        if answer.work is not None:
            since = telling.in_sprint(answer.sprint, 0.4) if answer.sprint else said
            _plan_talk(telling, answer.work.talk, since, partial(telling.task, answer.work.title))
    _plan_talk(telling, ask.talk, said, subject)


def _plan_talk(
    telling: Telling, talk: tuple[Said, ...], since: datetime, subject: Callable[[], Subject]
) -> None:
    for said in talk:
        at = since + timedelta(days=said.after)
        telling.tell(at, partial(_say, telling, said, subject))


def _say(telling: Telling, said: Said, subject: Callable[[], Subject]) -> None:
    conversation.add_comment(subject(), by=telling.cast[said.who], text=said.text)


def _request(telling: Telling, title: str) -> Request:
    return Request.objects.select_related("workspace").get(workspace=telling.workspace, title=title)


def _submit(telling: Telling, ask: Ask) -> None:
    details = dict(ask.details)
    intake.submit_request(
        telling.workspace,
        by=telling.cast[ask.rep],
        submission_id=uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{ask.title}"),
        title=ask.title,
        **details,  # type: ignore[arg-type]
    )


def _back(telling: Telling, ask: Ask, backer: Backer) -> None:
    intake.back_request(
        _request(telling, ask.title),
        by=telling.cast[backer.who],
        account=backer.account,
        deal_value=backer.value,
        note=backer.note,
    )


def _reply(telling: Telling, ask: Ask, words: str) -> None:
    intake.reply_to_question(_request(telling, ask.title), by=telling.cast[ask.rep], words=words)


def _decide(telling: Telling, ask: Ask, answer: Answer) -> None:
    request = _request(telling, ask.title)
    by = telling.cast[answer.by]
    told: dict[str, Any] = {"by": by, "version": request.version, "words": answer.words}
    if answer.kind == "decline":
        intake.decline_request(request, **told, reason=answer.reason)
    elif answer.kind == "ask":
        intake.ask_back(request, **told)
    elif answer.kind == "merge":
        intake.merge_request(request, **told, target=_request(telling, answer.into))
    elif answer.kind == "plan":
        sprint = telling.sprint(answer.sprint)
        why = answer.work.unplanned if answer.work else ""
        scope: dict[str, Any] = {}
        if sprint.is_active:
            scope = {"reason": why, "over_reason": why}
        intake.plan_request(request, **told, sprint=sprint, **scope)
    else:
        intake.accept_request(request, **told)
    if answer.work is not None:
        _shape(telling, request, answer.work, by, answer.sprint)


def _shape(telling: Telling, request: Request, work: Work, by: Membership, number: int) -> None:
    """Turn the task that an answer made into what Marketing calls it."""
    task = request.tasks.select_related("workspace").get()
    first_day = telling.sprint(number).starts_on if number else None
    backlog.edit_task(
        task, by=by, version=task.version, title=work.title, **telling.fields(work, first_day)
    )
    telling.tasks[work.title] = task.pk
    telling.list_steps(work)
    task = telling.task(work.title)
    if task.sprint is None:
        backlog.rank_task(task, by=by, version=task.version, top=True)


def _promised(number: int) -> list[Work]:
    return [
        answer.work
        for ask in ASKS
        for answer in ask.answers
        if answer.kind == "plan" and answer.sprint == number and answer.work
    ]


# Sprints -------------------------------------------------------------------------------------


def _plan_chapter(telling: Telling, chapter: Chapter) -> None:
    number = chapter.number
    planned = [work for work in chapter.work if not work.unplanned]
    first_day = telling.in_sprint(number, 0).date()
    for place, work in enumerate(planned):
        made = telling.in_sprint(number, -3.5 + place * 0.02)
        telling.tell(made, partial(telling.make_task, work, first_day))
        telling.tell(
            telling.in_sprint(number, 0.38) + timedelta(minutes=place),
            partial(telling.pull, work.title, number),
        )
    for place, work in enumerate(work for work in _promised(number) if not work.unplanned):
        telling.tell(
            telling.in_sprint(number, 0.37) + timedelta(seconds=30 * place),
            partial(telling.pull, work.title, number),
        )
    telling.tell(
        telling.in_sprint(number, -2.4),
        partial(_aim, telling, number, chapter.goal, chapter.measure, chapter.target),
    )
    telling.tell(
        telling.in_sprint(number, -2.39),
        partial(_make_room, telling, number, chapter.capacity or USUAL),
    )
    telling.tell(telling.in_sprint(number, 0.4), partial(_start, telling, number))
    for place, work in enumerate(work for work in chapter.work if work.unplanned):
        at = telling.at_work(telling.in_sprint(number, 2.45 + place * 1.1))
        telling.tell(at, partial(_make_and_pull, telling, work, number))
    _plan_moves(telling, chapter)
    for work in chapter.work:
        since = telling.in_sprint(number, 3.4 if work.unplanned else 0.4)
        _plan_talk(telling, work.talk, since, partial(telling.task, work.title))
    if chapter is CHAPTERS[-1]:
        at = _told_until(telling, number)
        telling.tell(at, partial(_reach, telling, number, chapter.reached))
    else:
        _plan_close(telling, chapter)


def _plan_hanging(telling: Telling) -> None:
    """Tell what blocked tasks of the running sprint, and what they wait for."""
    for told in IMPEDIMENTS:
        at = telling.working_days_ago(told.ago)
        telling.tell(at, partial(_block, telling, told))
        if told.solved_after:
            solved = partial(_unblock, telling, told)
            telling.tell(telling.after(at, told.solved_after), solved)
    for place, awaited in enumerate(WAITS):
        at = telling.working_days_ago(1.5) + timedelta(minutes=place)
        telling.tell(at, partial(_wait, telling, awaited))
    telling.tell(telling.working_days_ago(0.3), backlog.escalate)


def _block(telling: Telling, told: Impeded) -> None:
    backlog.block_task(
        telling.task(told.task),
        by=telling.cast[told.by],
        reason=told.reason,
        owner=telling.cast[told.owner],
    )


def _unblock(telling: Telling, told: Impeded) -> None:
    found = telling.task(told.task).impediments.select_related("workspace").get(resolved_at=None)
    backlog.resolve_impediment(found, by=telling.cast[told.owner], how=told.how)


def _wait(telling: Telling, awaited: Awaited) -> None:
    what: dict[str, Any] = {"other": telling.task(awaited.other)} if awaited.other else {}
    if awaited.thing:
        comes_on = telling.now.astimezone(ZONE).date() + timedelta(days=awaited.comes_in)
        what = {"thing": awaited.thing, "until": comes_on}
    backlog.add_wait(telling.task(awaited.task), by=telling.cast[awaited.by], **what)


def _told_until(telling: Telling, number: int) -> datetime:
    """Return when the moves of a sprint are over: its thirteenth day, or lately."""
    lately = telling.now - TOLD_UNTIL - timedelta(minutes=5)
    return min(telling.in_sprint(number, DAYS - 1.4), lately)


def _plan_moves(telling: Telling, chapter: Chapter) -> None:
    """Spread the moves of a sprint over the working hours between its start and its end."""
    number = chapter.number
    works = {work.title: work for work in (*chapter.work, *_promised(number))}
    ends = {title: work.ends for title, work in works.items()} | dict(chapter.carried)
    hours = _working_hours(telling.in_sprint(number, 0.45), _told_until(telling, number))
    for place, (title, end) in enumerate(ends.items()):
        work = works.get(title)
        late = work is not None and bool(work.unplanned)
        begin = 0.45 if late else 0.5 * place / len(ends)
        steps = PATH[end]
        for step, category in enumerate(steps):
            share = begin + (0.97 - begin) * (step + 0.5 * place / len(ends)) / 3
            at = hours[min(int(share * len(hours)), len(hours) - 1)]
            if category == "done" and work is not None:
                telling.tell(at, partial(telling.deliver, work))
            who = work.who if work is not None else "mia"
            telling.tell(at, partial(telling.move, title, category, who))
        if work is None:
            continue
        for ticked in range(work.ticked):
            share = begin + (0.9 - begin) * (ticked + 1) / (work.ticked + 1)
            at = hours[min(int(share * len(hours)), len(hours) - 1)]
            telling.tell(at, partial(telling.tick, work, ticked))


def _working_hours(start: datetime, end: datetime) -> list[datetime]:
    """Return each quarter of an hour of working time between two instants."""
    quarters = []
    at = start
    while at < end:
        if _is_working(at):
            quarters.append(at)
        at += STEP
    return quarters or [start]


def _start(telling: Telling, number: int) -> None:
    sprint = telling.sprint(number)
    backlog.start_sprint(sprint, by=telling.cast["mia"], version=sprint.version)


def _reach(telling: Telling, number: int, reached: int | None) -> None:
    sprint = telling.sprint(number)
    backlog.edit_sprint(sprint, by=telling.cast["mia"], version=sprint.version, goal_actual=reached)


def _plan_close(telling: Telling, chapter: Chapter) -> None:
    number = chapter.number
    telling.tell(
        telling.in_sprint(number, DAYS - 2.6), partial(_reach, telling, number, chapter.reached)
    )
    telling.tell(telling.in_sprint(number, DAYS + 0.001), reviews.sweep)
    telling.tell(telling.in_sprint(number, DAYS + 0.32), partial(_polish, telling, number, chapter))
    telling.tell(telling.in_sprint(number, DAYS + 0.33), partial(_publish, telling, number))
    readers = [person.first for person in PEOPLE if person.first not in {"mia", "kenji"}]
    for place, name in enumerate(readers):
        at = telling.in_sprint(number, DAYS + 0.36 + place * 0.03)
        telling.tell(at, partial(_read, telling, number, name))


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
