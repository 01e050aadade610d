"""Tokens: made once, kept as a hash, judged on every request; and the page where one has them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from activity.models import Activity
from people import actions as people
from people.api import actions
from people.api.forms import TokenForm
from people.models import ApiToken, Membership
from tests.arranging import arranging
from tests.factories import make_member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def mia(northwind):
    return northwind.mia


@pytest.fixture
def me():
    return reverse("api_me", args=["northwind"])


def ask(url, header):
    return Client().get(url, headers={"authorization": header})


def make(member, **options):
    return actions.make_token(member, by=member, **{"name": "Sheet", **options})


# The verbs -------------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_hash_and_recorded_without_its_text(mia):
    token, text = make(mia, scope="write", days=30)
    assert re.fullmatch(r"sb_[\w-]{43}", text)
    token.refresh_from_db()
    assert text not in {str(value) for value in vars(token).values()}
    assert token.digest == actions.digest_of(text)
    assert text.startswith(token.prefix)
    assert len(token.prefix) < 10
    made = Activity.objects.get(verb="token_made")
    assert (made.actor, made.subject_id) == (mia, token.pk)
    assert text not in str(made.data)


def test_it_ends_after_ninety_days_unless_said_otherwise(mia):
    with time_machine.travel(NOW, tick=False):
        assert make(mia)[0].expires_at == NOW + timedelta(days=90)
        assert make(mia, days=365)[0].expires_at == NOW + timedelta(days=365)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"days": 366}, "days"),
        ({"days": 0}, "days"),
        ({"name": " "}, "name"),
        ({"scope": "admin"}, "scope"),
    ],
)
def test_what_will_not_do_is_refused_by_field(mia, asked, field):
    with pytest.raises(ValidationError) as error:
        make(mia, **asked)
    assert set(error.value.error_dict) == {field}
    assert not ApiToken.objects.exists()


def test_nobody_makes_or_revokes_a_token_for_somebody_else(northwind):
    with pytest.raises(PermissionDenied):
        actions.make_token(northwind.sam, by=northwind.mia, name="Sam's")
    token, _text = make(northwind.sam)
    with pytest.raises(PermissionDenied):
        actions.revoke_token(token, by=northwind.mia)


def test_a_person_has_at_most_twenty_five(mia):
    for n in range(actions.MOST_TOKENS):
        make(mia, name=f"Number {n}")
    with pytest.raises(ValidationError) as error:
        make(mia)
    assert error.value.code == "too_many"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=100)):
        make(mia)  # those that ended do not count


def test_revoking_is_recorded_once(mia):
    token, _text = make(mia)
    actions.revoke_token(token, by=mia)
    actions.revoke_token(token, by=mia)
    assert Activity.objects.filter(verb="token_revoked").count() == 1


# Who asks --------------------------------------------------------------------------------------


def test_a_token_acts_as_its_member(mia, me):
    _token, text = make(mia, scope="write")
    shown = ask(me, f"Bearer {text}").json()
    assert (shown["email"], shown["scope"]) == (mia.user.email, "write")


@pytest.mark.parametrize(
    "spelling",
    [
        *("Bearer {}x", "Bearer {} ", " Bearer {}", "bearer {}", "Token {}", "{}", "Bearer  {}"),
        *("Bearer", "Bearer {}\t", ""),
    ],
)
def test_no_other_spelling_of_the_header_opens_anything(mia, me, spelling):
    _token, text = make(mia)
    answer = ask(me, spelling.format(text))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_address_is_none(mia, me):
    _token, text = make(mia)
    for name in ("token", "access_token", "Authorization"):
        assert Client().get(f"{me}?{name}={text}").status_code == 401


def test_a_bad_token_is_not_saved_by_a_good_session(mia, me, client_of):
    client = client_of(mia)
    assert client.get(me).status_code == 200
    assert client.get(me, headers={"authorization": "Bearer sb_nothing"}).status_code == 401


def test_revoked_expired_and_deactivated_tokens_are_401(northwind, me):
    ended = {}
    for name in ("revoked", "expired", "deactivated", "closed"):
        member = make_member(northwind.workspace, f"{name.title()} Person", "sales")
        ended[name] = (member, *make(member, days=1))
    headers = {name: f"Bearer {text}" for name, (_member, _token, text) in ended.items()}
    assert {ask(me, header).status_code for header in headers.values()} == {200}
    actions.revoke_token(ended["revoked"][1], by=ended["revoked"][0])
    people.deactivate_member(ended["deactivated"][0], by=northwind.mia)
    with arranging():
        Membership.objects.get(pk=ended["closed"][0].pk).user.__class__.objects.filter(
            pk=ended["closed"][0].user_id
        ).update(is_active=False)
        ApiToken.objects.filter(pk=ended["expired"][1].pk).update(expires_at=datetime.now(UTC))
    answers = {name: ask(me, header) for name, header in headers.items()}
    assert {answer.status_code for answer in answers.values()} == {401}
    assert len({answer.content for answer in answers.values()}) == 1, "no hint why"


def test_a_token_of_another_workspace_finds_nothing_even_where_its_person_is_a_member(
    northwind, fjord, me
):
    with arranging():
        both = Membership.objects.create(
            user=northwind.mia.user, workspace=fjord.workspace, role="marketer", shown_name="Mia"
        )
    _token, text = make(both)
    answer = ask(me, f"Bearer {text}")
    none = ask(reverse("api_me", args=["nowhere"]), f"Bearer {text}")
    assert (answer.status_code, answer.content) == (404, none.content)
    listed = ask(reverse("api_workspaces"), f"Bearer {text}").json()["results"]
    assert [workspace["slug"] for workspace in listed] == ["fjord"]


def test_a_role_change_counts_on_the_next_request(northwind, me):
    _token, text = make(northwind.sam)
    with arranging():
        Membership.objects.filter(pk=northwind.sam.pk).update(role="manager")
    assert ask(me, f"Bearer {text}").json()["role"] == "manager"


def test_last_use_is_kept_coarsely(mia, me, django_assert_num_queries):
    token, text = make(mia)

    def used():
        ask(me, f"Bearer {text}")
        return ApiToken.objects.get(pk=token.pk).last_used_at

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=False) as time:
        first = used()
        time.shift(timedelta(minutes=9))
        assert used() == first
        time.shift(timedelta(minutes=2))
        assert used() > first


def test_a_session_changes_nothing_without_its_csrf_token(mia):
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia.user, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("api_tasks", args=["northwind"])
    sends = {"data": {"title": "From elsewhere"}, "content_type": "application/json"}
    answer = client.post(url, **sends)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    client.get(reverse("profile"))
    token = client.cookies["csrf"].value
    assert client.post(url, **sends, headers={"X-CSRFToken": token}).status_code == 201


def test_a_token_needs_no_csrf_token_and_makes_no_session(mia):
    client = Client(enforce_csrf_checks=True)
    _token, text = make(mia, scope="write")
    answer = client.post(
        reverse("api_tasks", args=["northwind"]),
        {"title": "By program"},
        content_type="application/json",
        headers={"authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 201
    assert not answer.cookies


def test_a_token_opens_no_page_and_makes_no_token(mia):
    _token, text = make(mia, scope="write")
    answer = Client().post(
        reverse("tokens"), {"name": "Another"}, headers={"authorization": f"Bearer {text}"}
    )
    assert answer.status_code == 302
    assert ApiToken.objects.count() == 1


# The page --------------------------------------------------------------------------------------


def typed(whose, **fields):
    return {"name": "Reporting sheet", "member": whose.pk, "scope": "read", "days": "90", **fields}


def test_the_page_shows_a_new_token_once(mia, client_of):
    client = client_of(mia)
    answer = client.post(reverse("tokens"), typed(mia, scope="write"))
    assert answer.status_code == 200
    [text] = re.findall(r"sb_[\w-]{43}", answer.content.decode())
    token = ApiToken.objects.get()
    assert token.digest == actions.digest_of(text)
    assert (token.name, token.scope) == ("Reporting sheet", "write")
    again = client.get(reverse("tokens")).content.decode()
    assert text not in again
    assert token.prefix in again
    assert "Reporting sheet" in again
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"days": "3650"}, {"scope": "all"}, {"member": "0"}]
)
def test_what_was_typed_comes_back_with_the_reason(mia, client_of, wrong):
    answer = client_of(mia).post(reverse("tokens"), typed(mia, **wrong))
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()
    if "name" not in wrong:
        assert "Reporting sheet" in answer.content.decode()


def test_a_token_cannot_be_asked_for_in_somebody_elses_name(northwind, fjord, client_of):
    for other in (northwind.sam, fjord.ola):
        answer = client_of(northwind.mia).post(reverse("tokens"), typed(other))
        assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_one_revokes_ones_own_and_nobody_elses(northwind, client_of):
    mine, _text = make(northwind.mia)
    theirs, _text = make(northwind.sam)
    client = client_of(northwind.mia)
    assert client.post(reverse("token_revoke", args=[theirs.pk])).status_code == 404
    answer = client.post(reverse("token_revoke", args=[mine.pk]), follow=True)
    assert "is revoked" in answer.content.decode()
    assert client.post(reverse("token_revoke", args=[mine.pk])).status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_the_profile_leads_to_the_tokens(mia, client_of):
    assert f'href="{reverse("tokens")}"' in client_of(mia).get(reverse("profile")).content.decode()


def test_somebody_in_no_workspace_is_told_so(client, northwind, mia):
    with arranging():
        Membership.objects.filter(user=mia.user).update(is_active=False)
    client.force_login(mia.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("tokens")).content.decode()
    assert "in no workspace" in page
    assert "Make the token" not in page


@pytest.mark.parametrize("count", [1, 25])
def test_the_page_costs_the_same_however_many_there_are(mia, client_of, count):
    for n in range(count):
        make(mia, name=f"Number {n}")
    client = client_of(mia)
    counted = Count()
    with connection.execute_wrapper(counted):
        client.get(reverse("tokens"))
    assert counted.queries <= 6


class Count:
    """Counts queries that are a page's own: not those of the session and the person."""

    def __init__(self):
        self.queries = 0

    def __call__(self, execute, sql, params, many, context):
        self.queries += 'FROM "django_session"' not in sql and "SAVEPOINT" not in sql
        return execute(sql, params, many, context)


def test_the_form_offers_what_the_verb_allows(mia):
    days = dict(TokenForm(mia.user).fields["days"].choices)
    assert max(days) == actions.MOST_DAYS
    assert actions.DEFAULT_DAYS in days


def test_what_a_token_is_for_is_told_to_nobody_else(mia):
    token, _text = make(mia, name="Looking for another job")
    actions.revoke_token(token, by=mia)
    told = Activity.objects.filter(verb__in=["token_made", "token_revoked"])
    assert told.count() == 2
    assert not [one.data for one in told if "Looking" in str(one.data)]
