"""Who may do what at each address: the one table. A URL without a row fails (tests/test_access.py).

A new URL needs a row in RULES, and a sample in SAMPLES when it has a new kind of argument.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.contrib import admin

from activity.changes import SYSTEM
from backlog import actions as backlog
from backlog.models import ChecklistItem, Deliverable, Impediment, Sprint, Task, Wait
from campaigns.models import Campaign
from conversation import actions as conversation
from conversation.models import Attachment, Comment
from notifications.inbox.links import token_for
from notifications.models import Notice, OutboxState
from people.invitations import token_of
from people.models import Invitation, Membership, User
from requests_intake import actions as intake
from requests_intake.models import Request
from reviews import actions as reviews
from reviews.models import Delivery
from sprintboard.actions import invite_people
from tests.arranging import arranging
from tests.factories import World, hang_picture, make_member, make_sprint, make_task

MARKETERS = frozenset({"marketer"})
SELLERS = frozenset({"sales"})
MANAGERS = frozenset({"manager"})
MEMBERS = MARKETERS | SELLERS | MANAGERS
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """An address inside a workspace.

    `get` and `post` name the roles that may; `got` and `posted` are what they then receive (a POST
    has no body). Other roles get 403, or what `no` says for them; a method that nobody has is a
    405. With `admins` only those of them may who are admins too, with `or_admins` admins of every
    role. Anonymous people are led to sign in, members of other workspaces find nothing.
    """

    get: frozenset[str] = NOBODY
    post: frozenset[str] = NOBODY
    got: frozenset[int] = frozenset({200})
    posted: frozenset[int] = frozenset({422})
    no: dict[str, int] = field(default_factory=dict)
    admins: bool = False
    or_admins: bool = False

    def expect(self, method: str, role: str, *, is_admin: bool = False) -> frozenset[int]:
        """Return what a member with this role may receive."""
        may = self.get if method == "GET" else self.post
        if not may:
            return frozenset({405})
        by_role = role in may and (is_admin or not self.admins)
        if by_role or (is_admin and self.or_admins):
            return self.got if method == "GET" else self.posted
        return frozenset({self.no.get(role, 403)})


@dataclass(frozen=True)
class Door:
    """An address outside workspaces: what a stranger and what a signed-in person receive."""

    stranger_get: int
    person_get: int
    stranger_post: int
    person_post: int


def only(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


SIGN_IN_FIRST = 302
PERSONAL = Door(SIGN_IN_FIRST, 200, SIGN_IN_FIRST, 422)
READ_ONLY_DOOR = Door(200, 200, 405, 405)
# for Sales a draft of a review does not exist
NO_DRAFT = {"sales": 404}

RULES: dict[str, Rule | Door] = {
    # sprintboard
    "front_door": Door(302, 302, 302, 405),
    "workspace_new": PERSONAL,
    # nobody of the cast has begun a workspace: the later steps lead to the first
    "workspace_new_sprints": Door(302, 302, 302, 302),
    "workspace_new_board": Door(302, 302, 302, 302),
    "workspace_new_people": Door(302, 302, 302, 302),
    # the link of an invitation, for whoever holds it; for who is signed in as somebody else it is
    # none (tests/sprintboard/test_invitation_door.py has the other ways to be none)
    "invitation": Door(200, 404, 422, 404),
    "search": Rule(get=MEMBERS),
    "keys": Rule(get=MEMBERS, post=MEMBERS),
    "first_steps_hide": Rule(post=MEMBERS, posted=only(302)),
    # people: everybody reads who is here, admins handle them
    "settings": Rule(get=MEMBERS, admins=True),
    "settings_columns": Rule(get=MEMBERS, post=MEMBERS, admins=True),
    **{
        f"settings_{topic}": Rule(post=MEMBERS, admins=True)
        for topic in ("team", "sprints", "answers")
    },
    # a review may wait for ever: an empty form says so
    "settings_reviews": Rule(post=MEMBERS, posted=only(302), admins=True),
    "members": Rule(get=MEMBERS),
    "members_leave": Rule(get=MEMBERS, post=MEMBERS),
    "members_invite": Rule(get=MEMBERS, post=MEMBERS, admins=True),
    "member_edit": Rule(get=MEMBERS, post=MEMBERS, admins=True),
    "member_deactivate": Rule(post=MEMBERS, posted=only(302), admins=True),
    "member_reactivate": Rule(post=MEMBERS, posted=only(302), admins=True),
    # it was sent a moment ago
    "invitation_resend": Rule(post=MEMBERS, admins=True),
    "invitation_revoke": Rule(post=MEMBERS, posted=only(302), admins=True),
    "home": Rule(get=MEMBERS),
    "my_work": Rule(get=MEMBERS),
    "healthz": READ_ONLY_DOOR,
    "live": READ_ONLY_DOOR,  # who may listen is asked by live/door.py; Django has no streams
    "readyz": READ_ONLY_DOOR,
    "metrics": Door(404, 404, 405, 405),  # without its token there is no such page
    # people
    "profile": PERSONAL,
    "tokens": PERSONAL,
    "token_revoke": Door(SIGN_IN_FIRST, 405, SIGN_IN_FIRST, 404),  # each tries another's
    # backlog: everybody reads, marketers run the work
    "board": Rule(get=MEMBERS),
    "board_columns": Rule(get=MEMBERS),
    "board_changes": Rule(get=MEMBERS, got=only(400)),  # no number
    "board_view": Rule(post=MEMBERS, posted=only(302)),  # everybody his own
    "now": Rule(get=MEMBERS),
    "now_columns": Rule(get=MEMBERS),
    "backlog": Rule(get=MEMBERS),
    "backlog_bulk": Rule(post=MARKETERS),
    "new_task": Rule(get=MARKETERS, post=MARKETERS),
    "quick_add": Rule(get=MARKETERS, post=MARKETERS),
    "task": Rule(get=MEMBERS),
    "task_property": Rule(get=MARKETERS, post=MARKETERS),
    "task_origin": Rule(get=MEMBERS),
    "task_activity": Rule(get=MEMBERS),
    "task_edit": Rule(get=MARKETERS, post=MARKETERS),
    "task_move": Rule(get=MARKETERS, post=MARKETERS),
    "task_moving": Rule(post=MARKETERS),
    "task_rank": Rule(get=MARKETERS, post=MARKETERS),
    "task_pull": Rule(get=MARKETERS, post=MARKETERS),
    "task_return": Rule(post=MARKETERS, posted=only(302)),
    "task_archive": Rule(post=MARKETERS, posted=only(422)),  # no version
    "task_restore": Rule(post=MARKETERS, posted=only(302)),
    "task_deliverables": Rule(post=MARKETERS),
    "deliverable_edit": Rule(get=MARKETERS, post=MARKETERS),
    "deliverable_remove": Rule(post=MARKETERS, posted=only(302)),
    # what blocks a task: marketers raise it, managers and its owner remove it too
    "impediments": Rule(get=MEMBERS),
    "task_block": Rule(get=MARKETERS | MANAGERS, post=MARKETERS | MANAGERS),
    "task_unblock": Rule(post=MARKETERS | MANAGERS),  # nothing blocks it
    "impediment_reopen": Rule(post=MARKETERS | MANAGERS, posted=only(302)),
    "task_waits": Rule(get=MARKETERS, post=MARKETERS),
    "wait_edit": Rule(get=MARKETERS, post=MARKETERS),
    "wait_end": Rule(post=MARKETERS, posted=only(302)),
    "wait_reopen": Rule(post=MARKETERS, posted=only(302)),
    "task_checklist": Rule(post=MARKETERS),
    "step_tick": Rule(post=MARKETERS),
    "step_rename": Rule(post=MARKETERS),
    "step_move": Rule(post=MARKETERS),
    "step_remove": Rule(post=MARKETERS, posted=only(302, 404)),  # the first takes it away
    # conversations: everybody says something; words belong to their author, an admin removes them
    "comments": Rule(get=MEMBERS, post=MEMBERS),
    "follow": Rule(post=MEMBERS),
    "mentionable": Rule(get=MEMBERS),
    "comment_edit": Rule(get=MEMBERS, post=MEMBERS, got=only(403), posted=only(403)),
    "comment_remove": Rule(get=MEMBERS, post=MEMBERS, got=only(200, 403), posted=only(302, 403)),
    # files: who may hang them on a thing says its kind; who brought one takes it away, or an admin
    "files": Rule(get=MEMBERS, post=MARKETERS),
    "file": Rule(get=MEMBERS),
    "file_preview": Rule(get=MEMBERS),
    "file_remove": Rule(post=MEMBERS, posted=only(302, 403)),
    "file_restore": Rule(post=MEMBERS, posted=only(302, 403)),
    "sprints": Rule(get=MEMBERS),
    "sprint_edit": Rule(get=MARKETERS, post=MARKETERS),
    "sprint_goal": Rule(post=MARKETERS),
    "plan_sprint": Rule(get=MEMBERS),
    "sprint_capacity": Rule(get=MARKETERS, post=MARKETERS),
    "sprint_start": Rule(get=MARKETERS, post=MARKETERS),
    "sprint_burndown": Rule(get=MEMBERS),
    # campaigns
    "campaigns": Rule(get=MEMBERS),
    "campaign_new": Rule(get=MARKETERS, post=MARKETERS),
    "campaign": Rule(get=MEMBERS, post=MARKETERS),
    # what one is told is one's own: the notice of the samples is nobody's of the cast
    "inbox": Rule(get=MEMBERS),
    "inbox_read": Rule(post=MEMBERS),
    "preferences": Rule(get=MEMBERS, post=MEMBERS),
    "notice_open": Rule(post=MEMBERS, posted=only(404)),
    "notice_mark": Rule(post=MEMBERS, posted=only(404)),
    # a signed link from a mail opens for whoever has it, and is pressed by mail programs too
    "unsubscribe": Door(200, 200, 200, 200),
    # mail that needs somebody
    "outbox": Rule(get=MARKETERS | MANAGERS, or_admins=True),
    "outbox_again": Rule(
        get=MARKETERS | MANAGERS, post=MARKETERS | MANAGERS, posted=only(302), or_admins=True
    ),
    # requests: Sales asks, marketers may write down what a rep says; the queue is not for Sales
    "requests": Rule(get=MEMBERS),
    "request_new": Rule(get=SELLERS | MARKETERS, post=SELLERS | MARKETERS),
    "request_similar": Rule(get=SELLERS | MARKETERS),
    "request": Rule(get=MEMBERS),
    "request_receipt": Rule(get=MEMBERS),
    "triage": Rule(get=MARKETERS | MANAGERS),
    "triage_request": Rule(get=MARKETERS | MANAGERS),
    "request_accept": Rule(post=MARKETERS),
    "request_plan": Rule(post=MARKETERS),
    "request_decline": Rule(post=MARKETERS),
    "request_ask": Rule(post=MARKETERS),
    "request_merge": Rule(post=MARKETERS),
    "request_reply": Rule(post=SELLERS | MARKETERS),
    "request_back": Rule(get=MEMBERS, post=MEMBERS, posted=frozenset({302, 422})),
    "request_withdraw": Rule(post=MEMBERS, posted=only(302)),
    "triage_context": Rule(get=MARKETERS | MANAGERS),
    "decision_undo": Rule(post=MARKETERS, posted=only(302)),
    # reviews: everybody reads what is published, marketers write, managers publish too
    "reviews": Rule(get=MEMBERS),
    "review": Rule(get=MEMBERS),
    "review_edit": Rule(get=MARKETERS, post=MARKETERS, no=NO_DRAFT),
    "review_redraft": Rule(post=MARKETERS, posted=only(200), no=NO_DRAFT),
    "review_publish": Rule(get=MARKETERS | MANAGERS, post=MARKETERS | MANAGERS, no=NO_DRAFT),
    "review_test": Rule(post=MARKETERS | MANAGERS, posted=only(302), no=NO_DRAFT),
    "review_mail": Rule(get=MARKETERS | MANAGERS, no=NO_DRAFT),
    "review_delivery_again": Rule(
        get=MARKETERS | MANAGERS, post=MARKETERS | MANAGERS, posted=only(302)
    ),
    "sprint_close": Rule(get=MARKETERS, post=MARKETERS),
    # allauth
    "account_login": Door(200, 302, 200, 302),
    "account_logout": Door(302, 200, 302, 302),
    "account_signup": Door(200, 302, 200, 302),
    "account_inactive": Door(200, 200, 405, 405),
    "account_reauthenticate": Door(302, 403, 302, 403),  # the cast has no passwords
    "account_email": Door(302, 200, 302, 302),
    "account_email_verification_sent": Door(200, 200, 405, 405),
    "account_confirm_email": Door(200, 200, 404, 404),
    "account_change_password": Door(302, 302, 302, 302),
    "account_set_password": Door(302, 200, 302, 200),
    "account_reset_password": Door(200, 200, 200, 200),
    "account_reset_password_done": Door(200, 200, 405, 405),
    "account_reset_password_from_key": Door(200, 200, 200, 200),
    "account_reset_password_from_key_done": Door(200, 200, 405, 405),
    "account_request_login_code": Door(200, 302, 200, 302),
    "account_confirm_login_code": Door(302, 302, 302, 302),
}

# The admin is for operators alone; nobody here is one (tests/people reads it as an operator)
OPERATORS = Door(302, 302, 302, 302)
RULES["admin:login"] = Door(302, 403, 302, 403)
RULES |= {
    f"admin:{name}": OPERATORS
    for name in (
        "index",
        "logout",
        "password_change",
        "password_change_done",
        "autocomplete",
        "jsi18n",
        "view_on_site",
        "app_list",
    )
}
RULES |= {
    f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}": OPERATORS
    for model in admin.site._registry
    for page in ("changelist", "add", "history", "delete", "change")
}

# Routes without a name, and why
UNNAMED = {
    r"admin/\(\?P<url>\.\*\)\$": "the admin's own catch-all, for operators like the rest",
    r"admin/\w+/\w+/<path:object_id>/": "old addresses of the admin, which lead to the new ones",
}


@dataclass
class Scene:
    """A workspace in the middle of its work, with something at every address."""

    world: World
    asked: Request
    answered: Request
    questioned: Request
    running: Sprint
    planned: Sprint
    published: int
    draft: int
    task: Task
    archived: Task
    impediment: Impediment
    wait: Wait
    deliverable: Deliverable
    campaign: Campaign
    delivery: Delivery
    seller: Membership
    invitation: Invitation
    step: ChecklistItem
    comment: Comment
    notice: Notice
    file: Attachment


def make_scene(world: World, first: int) -> Scene:
    """Fill a workspace; its numbers begin at `first`, so that two scenes share none."""
    workspace = world.workspace
    published, draft = (_closed(world, first + n) for n in (1, 2))
    running = _sprint(world, first + 3, state="active", committed_points=8)
    planned = _sprint(world, first + 4)
    task, archived = make_task(workspace, sprint=running, points=3), make_task(workspace)
    blocked = make_task(workspace, sprint=running)
    marketer = next(member for member in world.people.values() if member.is_marketer)
    seller = next((m for m in world.people.values() if m.is_sales), None) or make_member(
        workspace, "Siri Dahl", "sales"
    )
    asked, answered, questioned = (_ask(seller, f"Idea {n}") for n in (1, 2, 3))
    intake.decline_request(
        answered, by=marketer, words="Not now.", version=answered.version, reason="not_now"
    )
    intake.ask_back(questioned, by=marketer, words="Which fair?", version=questioned.version)
    reviews.publish_review(published, by=marketer, version=published.version)
    delivery = Delivery.objects.filter(review=published).select_related("item").first()
    assert delivery is not None
    with arranging():
        for row in (task, archived, blocked):
            Task.objects.filter(pk=row.pk).update(number=first * 10 + row.pk)
        for request in (asked, answered, questioned):
            Request.objects.filter(pk=request.pk).update(number=first * 10 + request.pk)
        delivery.item.state = OutboxState.FAILED
        delivery.item.save()
        campaign = Campaign.objects.create(workspace=workspace, name="Analytica fair")
    backlog.archive_task(archived, by=marketer, version=archived.version)
    deliverable = backlog.add_deliverable(
        task, by=marketer, label="Flyer", url="https://example.org/flyer.pdf"
    )
    admin = next(member for member in world.people.values() if member.is_admin)
    invited = invite_people(
        workspace, by=admin, addresses=[f"new.{first}@invited.example"], role="sales"
    )
    blocked.refresh_from_db()
    impediment = backlog.block_task(blocked, by=marketer, reason="No list", owner=marketer)
    wait = backlog.add_wait(task, by=marketer, thing="The printer", until=date(2026, 12, 3))
    [step] = backlog.add_checklist(task, by=marketer, lines=["Ask two reps"])
    words = f"Which fair, @{marketer.shown_name}?"
    comment = conversation.add_comment(task, by=seller, text=words)
    file = hang_picture(task, marketer)
    for row in (task, archived, asked, answered, questioned):
        row.refresh_from_db()
    return Scene(
        world=world,
        asked=asked,
        answered=answered,
        questioned=questioned,
        running=running,
        planned=planned,
        published=published.sprint.number,
        draft=draft.sprint.number,
        task=task,
        archived=archived,
        impediment=impediment,
        wait=wait,
        deliverable=deliverable,
        campaign=campaign,
        delivery=delivery,
        seller=seller,
        invitation=invited.made[0],
        step=step,
        comment=comment,
        notice=Notice.objects.get(recipient=marketer, about_id=comment.pk),
        file=file,
    )


def _sprint(world: World, number: int, **fields: object) -> Sprint:
    """Make a sprint, or take the one that was made by itself when another closed."""
    made = Sprint.objects.filter(workspace=world.workspace, number=number)
    if not made:
        return make_sprint(world.workspace, number, **fields)
    with arranging():
        made.update(**fields or {"goal": "Fill the pipeline"})
    return made.get()


def _closed(world: World, number: int):
    sprint = _sprint(
        world,
        number,
        state="active",
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 10, 14),
        committed_points=5,
    )
    review = reviews.close_sprint(sprint, by=SYSTEM, carry_to="backlog")
    return reviews.draft_words(review)


def _ask(seller: Membership, title: str) -> Request:
    return intake.submit_request(
        seller.workspace, by=seller, submission_id=uuid.uuid4(), title=title
    )


Sample = Callable[[Scene], object]

# What stands in an address: by the URL's name and the argument's, or by the argument's alone
SAMPLES: dict[str | tuple[str, str], Sample] = {
    "slug": lambda scene: scene.world.workspace.slug,
    ("task_restore", "key"): lambda scene: scene.archived.key,
    "number": lambda scene: scene.published,
    ("review_edit", "number"): lambda scene: scene.draft,
    ("review_redraft", "number"): lambda scene: scene.draft,
    ("review_publish", "number"): lambda scene: scene.draft,
    ("review_test", "number"): lambda scene: scene.draft,
    ("review_mail", "number"): lambda scene: scene.draft,
    ("sprint_close", "number"): lambda scene: scene.running.number,
    ("sprint_burndown", "number"): lambda scene: scene.running.number,
    ("sprint_start", "number"): lambda scene: scene.planned.number,
    ("sprint_edit", "number"): lambda scene: scene.planned.number,
    ("sprint_goal", "number"): lambda scene: scene.planned.number,
    ("sprint_capacity", "number"): lambda scene: scene.planned.number,
    ("plan_sprint", "number"): lambda scene: scene.planned.number,
    ("outbox_again", "pk"): lambda scene: scene.delivery.item_id,
    ("review_delivery_again", "pk"): lambda scene: scene.delivery.pk,
    ("deliverable_edit", "pk"): lambda scene: scene.deliverable.pk,
    ("deliverable_remove", "pk"): lambda scene: scene.deliverable.pk,
    ("task_property", "name"): lambda scene: "points",
    ("comment_edit", "pk"): lambda scene: scene.comment.pk,
    ("comment_remove", "pk"): lambda scene: scene.comment.pk,
    "storage": lambda scene: scene.file.storage,
    **{
        (name, "key"): lambda scene: scene.task.key
        for name in ("comments", "comment_edit", "comment_remove", "files", "follow")
    },
    "kind": lambda scene: "task",
    **{
        (f"step_{name}", "pk"): lambda scene: scene.step.pk
        for name in ("tick", "rename", "move", "remove")
    },
    ("campaign", "pk"): lambda scene: scene.campaign.pk,
    **{
        (f"member_{verb}", "pk"): lambda scene: scene.seller.pk
        for verb in ("edit", "deactivate", "reactivate")
    },
    ("token_revoke", "pk"): lambda scene: 1,  # nobody's; tests/people has those of others
    ("invitation_resend", "pk"): lambda scene: scene.invitation.pk,
    ("invitation_revoke", "pk"): lambda scene: scene.invitation.pk,
    "token": lambda scene: token_of(scene.invitation),
    ("unsubscribe", "token"): lambda scene: token_for(scene.seller, "daily"),
    **{(name, "pk"): lambda scene: scene.notice.pk for name in ("notice_open", "notice_mark")},
    **{
        (name, "key"): lambda scene: scene.task.key
        for name in RULES
        if name.startswith(("task", "step_")) or name in {"deliverable_edit", "deliverable_remove"}
        if name != "task_restore"
    },
    **{
        (name, "key"): lambda scene: scene.impediment.task.key
        for name in ("task_block", "impediment_reopen")
    },
    ("impediment_reopen", "pk"): lambda scene: scene.impediment.pk,
    **{
        (f"wait_{name}", argument): sample
        for name in ("edit", "end", "reopen")
        for argument, sample in (
            ("key", lambda scene: scene.task.key),
            ("pk", lambda scene: scene.wait.pk),
        )
    },
    **{
        (name, "key"): lambda scene: scene.asked.key
        for name in RULES
        if name.startswith(("request", "triage_"))
    },
    ("decision_undo", "key"): lambda scene: scene.answered.key,
    # allauth and admin
    ("account_confirm_email", "key"): lambda scene: "no-such-key",
    ("account_reset_password_from_key", "key"): lambda scene: "no-such-key",
    "uidb36": lambda scene: "1",
    "object_id": lambda scene: scene.world.workspace.pk,
    "content_type_id": lambda scene: 1,
    "app_label": lambda scene: "people",
}

# What never was, for each kind of argument
MISSING: dict[str, object] = {
    "slug": "nowhere",
    "kind": "weather",
    "name": "colour",
    "number": 99_999,
    "pk": 99_999_999,
    "storage": uuid.UUID(int=7),
}


def missing(name: str, value: object) -> object:
    """Return an argument like this one that names nothing."""
    if name == "key":
        return f"{str(value).rpartition('-')[0]}-999999"
    return MISSING[name]


def cast(scene: Scene, elsewhere: World) -> dict[str, tuple[User, str]]:
    """Return who tries: a name for the test's message, the person, and the role here."""
    workspace = scene.world.workspace
    people = {}
    for role in sorted(MEMBERS):
        for is_admin in (False, True):
            name = f"{role} admin" if is_admin else role
            member = make_member(
                workspace, f"{name.title().replace(' ', '')} Tester", role, is_admin=is_admin
            )
            people[name] = (member.user, role)
    people["outsider"] = (elsewhere.ola.user, "")
    return people
