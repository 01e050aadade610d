"""Limits are rows: exact in a race, alive after a restart, and blind to invented addresses."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.urls import reverse

from people.api import actions, limits
from people.jobs import sweep
from people.models import Bucket, Tally
from people.tallies import Tallies
from tests.factories import PASSWORD

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FEW = limits.Limit("few", 3, 60)


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False) as time:
        yield time


# Buckets ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_bucket_gives_what_is_in_it_and_fills_up_evenly(frozen):
    assert [actions.take(FEW, "mia") for _ in range(3)] == [0, 0, 0]
    assert actions.take(FEW, "mia") == pytest.approx(20)
    frozen.shift(timedelta(seconds=19))
    assert actions.take(FEW, "mia") == pytest.approx(1)
    frozen.shift(timedelta(seconds=1))
    assert actions.take(FEW, "mia") == 0
    assert actions.take(FEW, "mia") > 0
    frozen.shift(timedelta(hours=1))
    assert [actions.take(FEW, "mia") > 0 for _ in range(4)] == [False, False, False, True]


@pytest.mark.django_db
def test_everybody_has_a_bucket_of_their_own_and_its_key_names_nobody(frozen):
    for _ in range(4):
        actions.take(FEW, "mia@northwind.example")
    assert actions.take(FEW, "sam@northwind.example") == 0
    assert actions.take(limits.Limit("other", 3, 60), "mia@northwind.example") == 0
    assert all(
        len(key) == 64 and "mia" not in key for key in Bucket.objects.values_list("key", flat=True)
    )


@pytest.mark.django_db
def test_a_bucket_that_somebody_else_makes_meanwhile_is_not_taken_for_an_empty_one(frozen):
    seen = []

    def meanwhile(execute, sql, params, many, context):
        if sql.startswith("SELECT") and "people_bucket" in sql and not seen:
            seen.append(sql)
            key = actions.secret_key_of("bucket", FEW.name, "mia")
            Bucket.objects.create(key=key, full_at=0)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        assert actions.take(FEW, "mia") == 0
    assert seen


@pytest.mark.django_db
def test_what_is_full_again_is_swept(frozen):
    actions.take(FEW, "mia")
    sweep()
    assert Bucket.objects.count() == 1
    frozen.shift(timedelta(minutes=2))
    sweep()
    assert Bucket.objects.count() == 0


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("careful", [True, False], ids=["as it is", "control: read, then write"])
def test_eight_at_once_take_no_more_than_there_is(careful):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    limit, taken = limits.Limit("raced", 10, 100_000), []
    together = threading.Barrier(8)

    def careless():
        bucket = Bucket.objects.get(key="careless")
        together.wait(5)  # everybody has read
        if bucket.full_at < 1:
            bucket.full_at += 1
            bucket.save()
            return 0.0
        return 1.0

    def run():
        try:
            if careful:
                together.wait(5)
                taken.extend(actions.take(limit, "mia") for _ in range(5))
            else:
                taken.append(careless())
        finally:
            connections.close_all()

    Bucket.objects.create(key="careless", full_at=0)
    threads = [threading.Thread(target=run, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    given = taken.count(0.0)
    if careful:
        assert (len(taken), given) == (40, 10)
    else:
        assert given > 1, "the race cannot be seen here"


# Where a request comes from --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "told", "remote", "expected"),
    [
        (0, "1.2.3.4", "9.9.9.9", "9.9.9.9"),
        (1, "1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1", "1.2.3.4"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1", "unknown"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (0, "", "2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        (0, "", "::ffff:1.2.3.4", "1.2.3.4"),
        (0, "", "", "unknown"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, told, remote, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": told}, REMOTE_ADDR=remote)
    assert limits.address_of(request) == expected


# At the API ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_too_many_requests_are_a_429_that_says_when(northwind, monkeypatch, frozen):
    monkeypatch.setattr(limits, "API", limits.Limit("api", 2, 60))
    header, other = (
        {"authorization": f"Bearer {actions.make_token(mia, by=mia, name='x')[1]}"}
        for mia in [northwind.mia] * 2
    )
    url = reverse("api_me", args=["northwind"])
    statuses = [Client().get(url, headers=header).status_code for _ in range(2)]
    refused = Client().get(url, headers=header)
    assert [*statuses, refused.status_code] == [200, 200, 429]
    assert refused["Retry-After"] == "30"
    assert refused.json()["error"]["code"] == "throttled"
    assert Client().get(url, headers=other).status_code == 200, "each token counts for itself"
    frozen.shift(timedelta(seconds=30))
    assert Client().get(url, headers=header).status_code == 200


@pytest.mark.django_db
def test_all_sessions_of_a_person_count_together(northwind, client_of, monkeypatch):
    monkeypatch.setattr(limits, "API", limits.Limit("api", 2, 60))
    url = reverse("api_me", args=["northwind"])
    statuses = [client_of(northwind.mia).get(url).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client_of(northwind.sam).get(url).status_code == 200


@pytest.mark.django_db
def test_looking_for_workspaces_counts_too(northwind, client_of, monkeypatch):
    monkeypatch.setattr(limits, "API", limits.Limit("api", 2, 60))
    client = client_of(northwind.mia)
    urls = [reverse("api_me", args=[slug]) for slug in ("a", "b", "c")]
    assert [client.get(url).status_code for url in urls] == [404, 404, 429]


@pytest.mark.django_db
def test_guessing_tokens_is_slowed_down_by_address_whatever_is_invented(northwind, settings):
    def guess(n, remote="9.9.9.9", **headers):
        headers = {"authorization": f"Bearer sb_{n:043}", **headers}
        return Client().get(reverse("api_workspaces"), headers=headers, REMOTE_ADDR=remote)

    amount = limits.BAD_TOKENS.amount
    statuses = [
        guess(n, **{"X-Forwarded-For": f"1.2.3.{n}"}).status_code for n in range(amount + 1)
    ]
    assert statuses == [401] * amount + [429]
    assert guess(0, remote="8.8.8.8").status_code == 401
    _token, text = actions.make_token(northwind.mia, by=northwind.mia, name="x")
    good = {"authorization": f"Bearer {text}"}
    url = reverse("api_workspaces")
    assert Client().get(url, headers=good, REMOTE_ADDR="9.9.9.9").status_code == 200


# At the door -----------------------------------------------------------------------------------


@pytest.fixture
def sam(northwind):
    user = northwind.sam.user
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(login, password, remote="9.9.9.9"):
    data = {"login": login, "password": password}
    return Client().post(reverse("account_login"), data, REMOTE_ADDR=remote)


def test_tries_are_counted_for_all_processes_and_over_restarts(sam):
    """Each Client here could be another process: nothing is kept but rows."""
    for n in range(5):
        sign_in(sam.email, f"wrong number {n}", remote=f"9.9.9.{n}")
    answer = sign_in(sam.email, PASSWORD, remote="8.8.8.8")
    assert "Too many tries" in answer.content.decode()
    kept = Tally.objects.values_list("key", "value")
    assert kept
    assert not [row for row in kept if sam.email in "".join(row) or "9.9.9" in "".join(row)]


def test_twenty_wrong_tries_an_hour_are_what_one_address_has(sam, frozen):
    answers = []
    for n in range(21):
        answers.append(sign_in(f"nobody.{n}@northwind.example", "wrong").content.decode())
        frozen.shift(timedelta(seconds=61))
    refused = ["Too many tries" in answer for answer in answers]
    assert refused == [False] * 20 + [True]
    assert sign_in(sam.email, PASSWORD, remote="8.8.8.8").status_code == 302
    frozen.shift(timedelta(hours=1))
    assert sign_in(sam.email, PASSWORD).status_code == 302


def test_ten_wrong_tries_an_hour_are_what_one_account_has(sam, frozen):
    refused = []
    for n in range(11):
        answer = sign_in(sam.email, "wrong", remote=f"9.9.{n}.9")
        refused.append("Too many tries" in answer.content.decode())
        frozen.shift(timedelta(seconds=75))
    assert refused == [False] * 10 + [True]


def test_signing_in_rightly_uses_nothing_up(sam):
    """An office behind one address comes to work on a Monday."""
    assert {sign_in(sam.email, PASSWORD).status_code for _ in range(25)} == {302}


def test_a_reset_is_asked_for_five_times_an_hour(sam, frozen, mailoutbox):
    for _ in range(7):
        url = reverse("account_reset_password")
        Client().post(url, {"email": sam.email}, REMOTE_ADDR="9.9.9.9")
        frozen.shift(timedelta(seconds=61))
    assert len(mailoutbox) == 5


@pytest.mark.django_db
def test_a_tally_is_as_much_of_a_cache_as_counting_needs(frozen):
    tallies = Tallies("", {})
    assert tallies.add("lock", True, timeout=10)
    assert not tallies.add("lock", True, timeout=10)
    frozen.shift(timedelta(seconds=11))
    assert tallies.add("lock", True, timeout=10)
    tallies.set("tries", [2.5, 1.0], 60)
    tallies.set("tries", [3.5, 2.5, 1.0], 60)
    assert tallies.get("tries") == [3.5, 2.5, 1.0]
    assert tallies.get("none", []) == []
    assert tallies.delete("tries")
    assert tallies.get("tries") is None
    tallies.set("a", 1)
    tallies.set("b", 2)
    tallies.delete_many(["a"])
    assert tallies.get_many(["a", "b"]) == {"b": 2}
    frozen.shift(timedelta(days=2))
    assert tallies.get("b") is None
    sweep()
    assert not Tally.objects.exists()


@pytest.mark.django_db
def test_the_programs_cache_is_that_one():
    cache.set("x", 1)
    assert Tally.objects.count() == 1
