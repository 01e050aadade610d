"""People, the workspaces they share, and their part in each."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, time
from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock
from activity.compiled import Compiled

from . import zones


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless this machine knows the zone."""
    if name not in zones.known():
        raise ValidationError(_("%(name)s is not a time zone we know."), "zone", {"name": name})


_by_pk = Compiled(lambda pk: User.objects.filter(pk=pk), pk=int)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a person who signs in with this address; without a password, by code only."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an operator of this installation, who may read the admin pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person by address, whatever its capitals."""
        return self.get(email__iexact=username)

    def get(self, *args: Any, **kwargs: Any) -> User:
        """Return the one of these values; quick for `pk` alone, by which every request asks."""
        if args or kwargs.keys() != {"pk"} or type(kwargs["pk"]) is not int:
            return super().get(*args, **kwargs)
        found = _by_pk.first(pk=kwargs["pk"])
        if found is None:
            raise self.model.DoesNotExist
        return found


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. The e-mail address is the name."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_time_zone]
    )
    locale = models.CharField(_("language"), max_length=10, default="en")
    # Keys that do something by themselves; who speaks to the computer switches them off
    single_keys = models.BooleanField(default=True, db_default=True, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="people_one_user_per_address"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The reader's own zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def of(self, user: User) -> Self:
        """Return the workspaces where a person is an active member, by name."""
        return self.filter(members__user=user, members__is_active=True).order_by("name")


class Workspace(models.Model):
    """One company's space. Everything belongs to exactly one; its row is the lock of its changes.

    `seq` is the number of its newest Activity. Sprint lengths are calendar days, the unplanned
    allowance is per cent of the committed points, `answer_days` and `impediment_days` are working
    days.
    """

    slug = models.SlugField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(
        _("key"),
        max_length=6,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{0,5}$", _("Two to six capitals, like NW."))],
        help_text=_("Tasks are named after it: NW-42."),
    )
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_time_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    sprint_days = models.PositiveSmallIntegerField(
        _("days in a sprint"),
        default=14,
        validators=[MinValueValidator(5), MaxValueValidator(42)],
    )
    answer_days = models.PositiveSmallIntegerField(
        _("working days to answer a request"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    workday_starts = models.TimeField(_("working day starts"), default=time(9))
    workday_ends = models.TimeField(_("working day ends"), default=time(17))
    unplanned_allowance = models.PositiveSmallIntegerField(
        _("unplanned work, in per cent of the commitment"),
        default=20,
        validators=[MaxValueValidator(100)],
    )
    impediment_days = models.PositiveSmallIntegerField(
        _("working days until an impediment is escalated"),
        default=2,
        db_default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    auto_publish_hours = models.PositiveSmallIntegerField(
        _("publish a review by itself after so many hours"),
        null=True,
        blank=True,
        help_text=_("Empty: a review waits until somebody publishes it."),
    )
    # True in an installation for a single team: a second one that was founded at the same
    # moment ends at the constraint
    is_only_one = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_only_one"],
                condition=models.Q(is_only_one=True),
                name="people_only_one_workspace",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the workspace's home."""
        return reverse("home", args=[self.slug])

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone in which its sprints begin and end."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def today(self) -> date:
        """Return the date it is in the workspace now."""
        return clock.now().astimezone(self.zone).date()


class Role(models.TextChoices):
    """What a member does here."""

    MARKETER = "marketer", _("Marketer")
    SALES = "sales", _("Sales")
    MANAGER = "manager", _("Manager")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, member: Membership) -> Self:
        """Return everyone in the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def active(self) -> Self:
        """Leave out those who were deactivated."""
        return self.filter(is_active=True, user__is_active=True)

    def at_home(self, user: User) -> Self:
        """Return a person's own places, by the name of the workspace."""
        return (
            self.active().filter(user=user).select_related("workspace").order_by("workspace__name")
        )

    def with_role(self, *roles: Role) -> Self:
        """Keep those who do one of these jobs."""
        return self.filter(role__in=roles)

    def by_name(self) -> Self:
        """Order by the name people read."""
        return self.order_by("shown_name", "pk")


class Membership(models.Model):
    """A person in a workspace, with one role; being an admin is beside it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    is_admin = models.BooleanField(_("admin"), default=False)
    is_active = models.BooleanField(default=True)
    shown_name = models.CharField(_("name"), max_length=120)
    initials = models.CharField(_("initials"), max_length=3)
    hue = models.PositiveSmallIntegerField(default=95)
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    first_steps_hidden = models.BooleanField(default=False, db_default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="people_one_membership"),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def first_name(self) -> str:
        """The name colleagues say: “Mia”."""
        return self.shown_name.split(" ", 1)[0]

    @property
    def is_marketer(self) -> bool:
        """Runs the work."""
        return self.role == Role.MARKETER

    @property
    def is_sales(self) -> bool:
        """Asks, backs and reads."""
        return self.role == Role.SALES

    @property
    def is_manager(self) -> bool:
        """Removes impediments and owns goals."""
        return self.role == Role.MANAGER


class Scope(models.TextChoices):
    """What a token may do: look, or also change what its owner may change."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def of(self, user: User) -> Self:
        """Return a person's own tokens that still stand, the newest first."""
        mine = self.filter(member__user=user, revoked_at=None).order_by("-pk")
        return mine.select_related("member", "workspace")


class ApiToken(models.Model):
    """A key by which a program acts as one member in one workspace.

    Only the hash of the key is kept. `last_used_at` is coarse and written without a `change()`:
    it says whether a token is in use, not when exactly.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    member = models.ForeignKey(Membership, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("may"), max_length=10, choices=Scope.choices, default=Scope.READ)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def may_write(self) -> bool:
        """Tell whether it may change anything."""
        return self.scope == Scope.WRITE

    @property
    def is_expired(self) -> bool:
        """Tell whether its time is over."""
        return self.expires_at <= clock.now()


class Bucket(models.Model):
    """How much of a limit is used up, under a key that says nothing about whom it limits.

    A bucket leaks evenly. `full_at` is when it will be whole again, in milliseconds since 1970:
    one number, so that taking from it is one conditional UPDATE on every database.
    """

    key = models.CharField(max_length=64, primary_key=True)
    full_at = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.key


class Tally(models.Model):
    """An entry of the sign-in's own counts, kept here for all processes and over restarts."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class RepeatableAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered, so that asking again changes nothing.

    No status yet: it is being worked on until `held_until`.
    """

    credential = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2000)
    body_digest = models.CharField(max_length=64)
    holder = models.UUIDField()
    held_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.TextField(blank=True)
    location = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credential", "key"], name="people_one_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status or 'at work'}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, member: Membership) -> Self:
        """Return the invitations of the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def unanswered(self) -> Self:
        """Return what was neither accepted nor withdrawn, even if its time is over."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, at: datetime) -> Self:
        """Return what can be accepted: in time, and its inviter could still invite."""
        return self.unanswered().filter(
            expires_at__gt=at,
            inviter__is_active=True,
            inviter__is_admin=True,
            inviter__user__is_active=True,
        )


class Invitation(models.Model):
    """A way into one workspace for one address, with one role, once.

    The link's token is never stored: it is computed from `nonce` with the installation's secret
    key when the mail is written, and a link is known again by `token_hash`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    inviter = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    address = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    is_admin = models.BooleanField(_("admin"), default=False)
    nonce = models.CharField(max_length=43)
    token_hash = models.CharField(max_length=64, unique=True)
    times_sent = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "address"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="people_one_open_invitation",
            ),
        ]
        indexes = [models.Index(fields=["address"], name="people_invited_address")]

    def __str__(self) -> str:
        return f"{self.address} ({self.role})"

    @property
    def mail_key(self) -> str:
        """What makes one sending of it one mail."""
        return f"invitation:{self.pk}:{self.times_sent}"

    def is_over(self, at: datetime) -> bool:
        """Tell whether its time has passed."""
        return self.expires_at <= at


class WorkspaceDraft(models.Model):
    """What a person has answered so far on the way to a new workspace, as it was typed.

    `answers` holds each step's fields by the step's name; `founded` is the address of the
    workspace that came of the last draft, so that a form that is sent twice leads to it.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="workspace_draft")
    answers = models.JSONField(default=dict)
    founded = models.SlugField(max_length=40, blank=True)
    updated_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.founded or ", ".join(self.answers)
