"""The four steps: what each asks, what was answered so far, and where one stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backlog import metrics
from backlog.actions import usual_columns
from backlog.column_forms import ColumnsForm, typed_columns
from backlog.models import Sprint
from people.models import User, WorkspaceDraft

from .forms import (
    ChannelsForm,
    PeopleForm,
    SprintsForm,
    StepForm,
    TeamForm,
    coming_sprints,
    next_thursday,
    today_in,
)

# Longer than anything that a field takes, so that what is too long comes back as it was typed
LONGEST: Final = 25_000
Typed = dict[str, Any]


class Step(NamedTuple):
    """One step: its name in the draft, what people read, the name of its address."""

    name: str
    title: Any
    url_name: str
    form: type[StepForm]


STEPS: Final = (
    Step("team", _("Your team"), "workspace_new", TeamForm),
    Step("sprints", _("Your sprints"), "workspace_new_sprints", SprintsForm),
    Step("board", _("Your board"), "workspace_new_board", ChannelsForm),
    Step("people", _("Your people"), "workspace_new_people", PeopleForm),
)
BY_NAME: Final = {step.name: step for step in STEPS}


def typed_in(step: Step, query: QueryDict) -> Typed:
    """Return what was sent for a step."""
    typed: Typed = {name: query.get(name, "")[:LONGEST] for name in step.form.base_fields}
    if step.name == "board":
        typed["columns"] = typed_columns(query)
    return typed


def storable(value: Any) -> Any:
    """Return the same without what no database can hold."""
    if isinstance(value, dict):
        return {name: storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return str(value).replace("\x00", "").encode(errors="replace").decode()


class Part:
    """One step with its answers: checked, unless it is shown for the first time."""

    def __init__(self, step: Step, user: User, typed: Typed | None, *, check: bool = True) -> None:
        self.step = step
        self.user = user
        self.typed = typed
        given = typed if check else None
        self.form = step.form(user, given)
        if typed is not None and not check:
            self.form.initial = typed
        self.columns = self._columns(check=given is not None)

    def _columns(self, *, check: bool, focus: int | None = None) -> ColumnsForm | None:
        if self.step.name != "board":
            return None
        if self.typed is None:
            return ColumnsForm.of(usual_columns())
        return ColumnsForm(self.typed.get("columns", []), check=check, focus=focus)

    def focus_on(self, row: int) -> None:
        """Show the columns unchecked, with one of them in focus."""
        self.columns = self._columns(check=False, focus=row)

    def is_valid(self) -> bool:
        """Tell whether the next step may come."""
        columns_are = self.columns is None or self.columns.is_valid()
        return self.form.is_valid() and columns_are

    def values(self) -> dict[str, Any]:
        """Return what founding takes of this step."""
        columns = {} if self.columns is None else {"columns": self.columns.plans()}
        return {**self.form.values(), **columns}

    def _best(self, name: str) -> Any:
        """Return what a field holds if it is right, else what it proposes."""
        self.form.is_valid()
        found = getattr(self.form, "cleaned_data", {}).get(name)
        return found or self.form.get_initial_for_field(self.form.fields[name], name)

    @cached_property
    def address(self) -> TeamPreview:
        """How the workspace will be found (the first step)."""
        form = TeamForm(self.user, {"name": "", **(self.typed or self.form.initial)})
        form.is_valid()
        cleaned = form.cleaned_data
        return TeamPreview(
            name=cleaned.get("name", ""),
            host=urlsplit(settings.SITE_URL).netloc,
            slug=cleaned.get("slug", ""),
            key=cleaned.get("key", ""),
        )

    @cached_property
    def sprints(self) -> list[SprintPreview]:
        """The sprints of the next six weeks (the second step)."""
        today = today_in(self._best("time_zone") or self.user.time_zone)
        first_on = self._best("first_sprint_on") or next_thursday(today)
        days = int(self._best("sprint_days"))
        number = self._best("first_sprint")
        return [
            SprintPreview(sprint, metrics.sprint_days(sprint, today).ticks)
            for sprint in coming_sprints(first_on, days, today, number)
        ]


@dataclass(frozen=True)
class TeamPreview:
    """A workspace's name, address and key."""

    name: str
    host: str
    slug: str
    key: str


class SprintPreview(NamedTuple):
    """A sprint to come, and its days as ticks."""

    sprint: Sprint
    ticks: list[str]


class Wizard:
    """Somebody on the way through the steps."""

    def __init__(self, user: User) -> None:
        self.user = user
        draft = WorkspaceDraft.objects.filter(user=user).first()
        self.answers: dict[str, Typed] = draft.answers if draft else {}
        self.founded = draft.founded if draft else ""

    @property
    def is_begun(self) -> bool:
        """Tell whether anything waits to be finished."""
        return bool(self.answers)

    @property
    def next_step(self) -> Step:
        """The first step that has no answer, or the last one."""
        return next((step for step in STEPS if step.name not in self.answers), STEPS[-1])

    def missing_before(self, step: Step) -> Step | None:
        """Return an earlier step without an answer."""
        earlier = STEPS[: STEPS.index(step)]
        return next((one for one in earlier if one.name not in self.answers), None)

    def part(self, step: Step) -> Part:
        """Return a step as it was left."""
        return Part(step, self.user, self.answers.get(step.name))

    def parts(self) -> list[Part]:
        """Return all steps with their answers."""
        return [Part(step, self.user, self.answers.get(step.name, {})) for step in STEPS]

    def trail(self, current: Step) -> list[tuple[Step, str]]:
        """Return the steps, each with its state: "done", "now" or ""."""
        states = []
        for step in STEPS:
            state = "done" if step.name in self.answers and not self.missing_before(step) else ""
            states.append((step, "now" if step == current else state))
        return states
