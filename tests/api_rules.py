"""Who may do what at each address of the API: the one table. A route without a row fails.

A new route needs a row in API_RULES, samples for its arguments, a body that would do for each
method that takes one, and the golden keys of each serializer that it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.access_rules import MARKETERS, MEMBERS, Scene, only

READS = {"GET": MEMBERS}
EDITED = only(428)  # a body without a version
TYPED = only(400)  # an empty body


@dataclass(frozen=True)
class ApiRule:
    """An address: the roles that may, by method, and what they then receive for an empty body.

    Other roles get 403, other methods 405, strangers 401, members of other workspaces 404 (or, at
    an address outside workspaces, what everybody gets).
    """

    methods: dict[str, frozenset[str]]
    gives: dict[str, frozenset[int]] = field(default_factory=dict)
    outside: bool = False

    def expect(self, method: str, role: str) -> frozenset[int]:
        """Return what a member with this role may receive."""
        asked = "GET" if method == "HEAD" else method
        may = self.methods.get(asked)
        if may is None:
            return only(405)
        if role not in may:
            return only(403)
        return self.gives.get(asked, only(200))


def posts(gives: frozenset[int] = EDITED) -> ApiRule:
    """Return the rule of a verb that marketers have."""
    return ApiRule({"POST": MARKETERS}, {"POST": gives})


API_RULES: dict[str, ApiRule] = {
    "api_workspaces": ApiRule(READS, outside=True),
    "api_schema": ApiRule(READS, outside=True),
    "api_workspace": ApiRule(READS),
    "api_me": ApiRule(READS),
    "api_members": ApiRule(READS),
    "api_member": ApiRule(READS),
    "api_campaigns": ApiRule(READS),
    "api_campaign": ApiRule(READS),
    "api_columns": ApiRule(READS),
    "api_channels": ApiRule(READS),
    "api_tasks": ApiRule({**READS, "POST": MARKETERS}, {"POST": TYPED}),
    "api_task": ApiRule({**READS, "PATCH": MARKETERS}, {"PATCH": EDITED}),
    "api_task_move": posts(TYPED),
    "api_task_rank": posts(),
    "api_task_pull": posts(TYPED),
    "api_task_return": posts(),
    "api_task_archive": posts(),
    "api_task_restore": posts(only(200)),
    "api_deliverables": ApiRule({**READS, "POST": MARKETERS}, {"POST": TYPED}),
    "api_deliverable": ApiRule({"DELETE": MARKETERS}, {"DELETE": only(204)}),
    "api_sprints": ApiRule(READS),
    "api_sprint": ApiRule({**READS, "PATCH": MARKETERS}, {"PATCH": EDITED}),
    "api_sprint_start": posts(),
}

# Not of this table: a page for people, and what answers where nothing is
ELSEWHERE = {"api_docs", "api_nothing"}

API_SAMPLES: dict[str | tuple[str, str], Callable[[Scene], object]] = {
    "slug": lambda scene: scene.world.workspace.slug,
    "key": lambda scene: scene.task.key,
    ("api_task_restore", "key"): lambda scene: scene.archived.key,
    "number": lambda scene: scene.planned.number,
    ("api_member", "pk"): lambda scene: next(iter(scene.world.people.values())).pk,
    ("api_campaign", "pk"): lambda scene: scene.campaign.pk,
    ("api_deliverable", "pk"): lambda scene: scene.deliverable.pk,
}

MISSING: dict[str, object] = {"slug": "nowhere", "number": 99_999, "pk": 99_999_999}
# Neither the framework nor a database may fall over these
ODD_ARGUMENTS: dict[str, list[object]] = {
    "key": [f"NW-{'9' * 30}", "NW-١", "x" * 500, "NW-1\x00", "-", "💥", "NW-1e3", "nw--1"],
    "number": [10**25, 2**31, 2**63, 0],
    "pk": [10**25, 2**31, 2**63, 0],
    "slug": ["x" * 500, "-"],
}


def _versioned(thing: str, **more: Any) -> Callable[[Scene], dict[str, Any]]:
    def body(scene: Scene) -> dict[str, Any]:
        return {"version": getattr(scene, thing).version, **more}

    return body


# A body that the verb accepts, by route and method; what is sent wrongly is put on top of it
BODIES: dict[tuple[str, str], Callable[[Scene], dict[str, Any]]] = {
    ("api_tasks", "POST"): lambda scene: {"title": "A new flyer"},
    ("api_task", "PATCH"): _versioned("task", title="Another title"),
    ("api_task_move", "POST"): lambda scene: {
        "version": scene.task.version,
        "column": scene.world.column("done").pk,
    },
    ("api_task_rank", "POST"): _versioned("task", place="top"),
    ("api_task_pull", "POST"): lambda scene: {
        "version": scene.task.version,
        "sprint": scene.planned.number,
    },
    ("api_task_return", "POST"): _versioned("task"),
    ("api_task_archive", "POST"): _versioned("task"),
    ("api_task_restore", "POST"): lambda scene: {},
    ("api_deliverables", "POST"): lambda scene: {"label": "Film", "url": "https://example.org/f"},
    ("api_sprint", "PATCH"): _versioned("planned", goal="Another goal"),
    ("api_sprint_start", "POST"): _versioned("planned"),
}

_PERSON = ["id", "name"]
_MEMBER = [
    *_PERSON,
    *("role", "is_admin", "is_active", "initials", "time_zone", "joined_at"),
]
_WORKSPACE = ["slug", "name", "key"]
_TASK = [
    *("key", "title", "column", "sprint", "promised_sprint", "assignee", "campaign", "channel"),
    *("labels", "points", "impact", "effort", "due_on", "cost", "is_unplanned"),
    *("unplanned_reason", "carried", "origin", "created_by", "created_at", "entered_column_at"),
    *("done_at", "archived_at", "version"),
]

# What each serializer shows, to every role alike. A key that is not here was not meant.
GOLDEN: dict[str, list[str]] = {
    "WorkspaceItem": _WORKSPACE,
    "WorkspaceDetail": [
        *_WORKSPACE,
        *("time_zone", "currency", "sprint_days", "answer_days", "workday_starts"),
        *("workday_ends", "unplanned_allowance", "seq", "created_at"),
    ],
    "Person": _PERSON,
    "Member": _MEMBER,
    "Me": [*_MEMBER, "email", "scope", "token_expires_at"],
    "CampaignShown": [
        *("id", "name", "hue", "audience", "message", "starts_on", "ends_on", "created_at"),
        "version",
    ],
    "Named": ["id", "name"],
    "ColumnShown": ["id", "name", "category", "wip_limit"],
    "ColumnOfTask": ["id", "name", "category"],
    "Origin": ["name", "backers", "value"],
    "TaskItem": _TASK,
    "TaskDetail": [*_TASK, "description", "description_html", "deliverables"],
    "DeliverableShown": ["id", "label", "url", "added_at"],
    "SprintShown": [
        *("number", "goal", "goal_measure", "goal_target", "goal_actual", "starts_on", "ends_on"),
        *("state", "started_at", "closed_at", "committed_points", "committed_tasks", "version"),
    ],
}
