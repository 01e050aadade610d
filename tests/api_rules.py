"""Who may do what at each address of the API: the one table. A route without a row fails.

A new route needs a row in API_RULES, samples for its arguments, a body that would do for each
method that takes one, and the golden keys of each serializer that it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.access_rules import MANAGERS, MARKETERS, MEMBERS, SELLERS, Scene, only

READS = {"GET": MEMBERS}
EDITED = only(428)  # a body without a version
TYPED = only(400)  # an empty body


@dataclass(frozen=True)
class ApiRule:
    """An address: the roles that may, by method, and what they then receive for an empty body.

    Other roles get 403 or what `no` says for them, other methods 405, strangers 401, members of
    other workspaces 404 (or, at an address outside workspaces, what everybody gets).
    """

    methods: dict[str, frozenset[str]]
    gives: dict[str, frozenset[int]] = field(default_factory=dict)
    outside: bool = False
    no: dict[str, int] = field(default_factory=dict)

    def expect(self, method: str, role: str) -> frozenset[int]:
        """Return what a member with this role may receive."""
        asked = "GET" if method == "HEAD" else method
        may = self.methods.get(asked)
        if may is None:
            return only(405)
        if role not in may:
            return only(self.no.get(role, 403))
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
    "api_task_block": posts(TYPED),
    # the first resolves it, and then nothing blocks the task
    "api_task_unblock": ApiRule({"POST": MARKETERS | MANAGERS}, {"POST": frozenset({200, 400})}),
    "api_impediments": ApiRule(READS),
    "api_impediment": ApiRule({**READS, "PATCH": MARKETERS | MANAGERS}, {"PATCH": EDITED}),
    "api_waits": ApiRule({**READS, "POST": MARKETERS}, {"POST": TYPED}),
    "api_wait": ApiRule({"DELETE": MARKETERS}, {"DELETE": only(204)}),
    "api_sprints": ApiRule(READS),
    "api_sprint": ApiRule({**READS, "PATCH": MARKETERS}, {"PATCH": EDITED}),
    "api_sprint_start": posts(),
    "api_sprint_close": posts(),
    # requests: Sales asks, marketers write down what a rep says and answer; a manager what is late
    "api_requests": ApiRule({**READS, "POST": SELLERS | MARKETERS}, {"POST": TYPED}),
    "api_request": ApiRule(READS),
    "api_request_accept": posts(TYPED),
    "api_request_plan": posts(TYPED),
    "api_request_decline": posts(TYPED),
    "api_request_ask": posts(TYPED),
    "api_request_merge": posts(TYPED),
    "api_request_undo": posts(only(200)),
    "api_request_reply": ApiRule({"POST": SELLERS | MARKETERS}, {"POST": TYPED}),
    # a marketer backs nothing himself: he says for whom
    "api_request_back": ApiRule({"POST": MEMBERS}, {"POST": frozenset({200, 400})}),
    "api_request_withdraw": ApiRule({"POST": MEMBERS}),
    # reviews: for Sales a draft does not exist
    "api_reviews": ApiRule(READS),
    "api_review": ApiRule({**READS, "PATCH": MARKETERS}, {"PATCH": EDITED}),
    "api_review_publish": ApiRule(
        {"POST": MARKETERS | MANAGERS}, {"POST": EDITED}, no={"sales": 404}
    ),
    "api_deliveries": ApiRule({"GET": MARKETERS | MANAGERS}),
    "api_delivery_again": ApiRule({"POST": MARKETERS | MANAGERS}),
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
    ("api_task_unblock", "key"): lambda scene: scene.impediment.task.key,
    ("api_impediment", "pk"): lambda scene: scene.impediment.pk,
    ("api_wait", "pk"): lambda scene: scene.wait.pk,
    ("api_sprint_close", "number"): lambda scene: scene.running.number,
    **{
        (name, "key"): lambda scene: scene.asked.key
        for name in API_RULES
        if name.startswith("api_request_") or name == "api_request"
    },
    ("api_request_undo", "key"): lambda scene: scene.answered.key,
    ("api_request_reply", "key"): lambda scene: scene.questioned.key,
    ("api_review", "number"): lambda scene: scene.published,
    ("api_review_publish", "number"): lambda scene: scene.draft,
    ("api_deliveries", "number"): lambda scene: scene.published,
    ("api_delivery_again", "number"): lambda scene: scene.published,
    ("api_delivery_again", "pk"): lambda scene: scene.delivery.pk,
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


def _answer(**more: Any) -> Callable[[Scene], dict[str, Any]]:
    return _versioned("asked", words="We have thought about it.", **more)


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
    ("api_task_block", "POST"): lambda scene: {"reason": "The printer is broken"},
    ("api_task_unblock", "POST"): lambda scene: {"how": "Called them"},
    ("api_impediment", "PATCH"): _versioned("impediment", reason="Another reason"),
    ("api_waits", "POST"): lambda scene: {"thing": "The stand", "until": "2026-12-03"},
    ("api_sprint", "PATCH"): _versioned("planned", goal="Another goal"),
    ("api_sprint_start", "POST"): _versioned("planned"),
    ("api_sprint_close", "POST"): _versioned("running"),
    ("api_requests", "POST"): lambda scene: {"title": "Slides", "requester": scene.seller.pk},
    ("api_request_accept", "POST"): _answer(),
    ("api_request_plan", "POST"): lambda scene: _answer(sprint=scene.planned.number)(scene),
    ("api_request_decline", "POST"): _answer(reason="not_now"),
    ("api_request_ask", "POST"): _answer(),
    ("api_request_merge", "POST"): lambda scene: _answer(target=scene.answered.key)(scene),
    ("api_request_undo", "POST"): lambda scene: {},
    ("api_request_reply", "POST"): lambda scene: {"words": "In March."},
    ("api_request_back", "POST"): lambda scene: {"backer": scene.world.chiara.pk},
    ("api_request_withdraw", "POST"): lambda scene: {"backer": scene.world.chiara.pk},
    ("api_review", "PATCH"): lambda scene: {"version": 1, "subject": "Another subject"},
    ("api_review_publish", "POST"): lambda scene: {"version": 2},
    ("api_delivery_again", "POST"): lambda scene: {},
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
    *("unplanned_reason", "carried", "origin", "blocked", "waits", "created_by", "created_at"),
    *("entered_column_at", "done_at", "archived_at", "version"),
]

_REQUEST = [
    *("key", "title", "kind", "state", "step", "status", "requester", "entered_by"),
    *("submitted_at", "answer_due_at", "answered_at", "delivered_at", "needed_by", "backers"),
    *("worth", "merged_into", "version"),
]
_REVIEW = [
    *("number", "state", "verdict", "subject", "lead", "starts_on", "ends_on", "created_at"),
    *("published_at", "published_by", "version"),
]
_ITEM = ["id", "key", "title"]

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
    "Blocked": ["reason", "since", "owner", "is_escalated"],
    "ImpedimentShown": [
        *("id", "task", "reason", "owner", "raised_by", "raised_at", "escalates_at"),
        *("escalated_at", "resolved_at", "resolved_by", "ending", "how", "version"),
    ],
    "WaitShown": [
        *("id", "task", "thing", "until", "is_over", "added_by", "added_at", "ended_at"),
    ],
    "TaskItem": _TASK,
    "TaskDetail": [*_TASK, "description", "description_html", "deliverables"],
    "DeliverableShown": ["id", "label", "url", "added_at"],
    "SprintShown": [
        *("number", "goal", "goal_measure", "goal_target", "goal_actual", "starts_on", "ends_on"),
        *("state", "started_at", "closed_at", "committed_points", "committed_tasks", "version"),
    ],
    "StepShown": ["key", "name", "note", "status", "at"],
    "DecisionShown": [
        *("answer", "reason", "words", "sprint", "task", "target", "decided_by", "decided_at"),
        *("undo_until", "closed_at"),
    ],
    "BackingShown": ["backer", "account", "deal_value", "note", "backed_at"],
    "TaskOfRequest": [
        *("key", "title", "column", "sprint", "promised_sprint", "assignee", "done_at"),
        *("archived_at", "deliverables"),
    ],
    "RequestItem": _REQUEST,
    "RequestDetail": [
        *_REQUEST,
        *("heard", "stage", "would_help", "buyers", "accounts", "deal_value", "needed_why"),
        *("budget", "links", "steps", "decision", "question", "backings"),
        "tasks",
    ],
    "ReviewItem": _REVIEW,
    "ReviewDetail": [
        *_REVIEW,
        *("learnings", "next_up", "marks", "facts", "drafted_at", "edited_at", "edited_by"),
        "goes_out_at",
    ],
    "DeliveryShown": [
        *("id", "recipient", "state", "reason", "attempts", "leaves_at", "sent_at"),
        *("can_be_sent_again", "read_at"),
    ],
    "FactsShown": [
        *("goal", "points", "tasks_done", "groups", "asked", "carried", "answers", "answered"),
        *("before", "next"),
    ],
    "LinkFact": ["label", "url"],
    "GoalFact": ["text", "measure", "target", "actual"],
    "PointsFact": [
        *("committed", "done", "done_of_committed", "unplanned", "unplanned_done", "allowance"),
        "carried",
    ],
    "ItemFact": _ITEM,
    "DoneFact": [*_ITEM, "points", "assignee", "channel", "unplanned", "links"],
    "GroupFact": ["name", "points", "share", "tasks"],
    "AskedFact": [*_ITEM, "requester", "requester_id", "tasks", "links"],
    "CarriedFact": [*_ITEM, "points", "to_sprint", "asked_by", "asked_by_ids"],
    "AnswerFact": [
        *_ITEM,
        *("requester", "requester_id", "answer", "words", "reason", "sprint", "decided_by"),
        "merged_into",
    ],
    "AnsweredFact": ["in_time", "total", "days"],
    "BeforeFact": ["sprints", "average_done", "average_share", "delivered"],
    "NextFact": ["number", "goal", "starts_on", "ends_on"],
}
