"""Signing up and in, through allauth in our own words."""

import re
from smtplib import SMTPServerDisconnected

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends import locmem
from django.test import Client
from django.urls import reverse

from people.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def sam(northwind):
    """Sam, with a password."""
    user = northwind.sam.user
    user.set_password(PASSWORD)
    user.save()
    return user


def who(client):
    return get_user(client)


def sign_up(client, **fields):
    given = {"name": "Ada Berg", "email": "ada@berg.example", "password1": "correct horse staple"}
    return client.post(reverse("account_signup"), {**given, **fields})


def test_sign_up_keeps_the_name_and_the_browsers_zone(client):
    answer = sign_up(client, time_zone="Asia/Calcutta")
    assert (answer.status_code, answer.url) == (302, reverse("front_door"))
    user = User.objects.get()
    assert (user.email, user.name, user.time_zone) == (
        "ada@berg.example",
        "Ada Berg",
        "Asia/Calcutta",
    )
    assert who(client) == user
    door = client.get("/")
    assert (door.status_code, door.url) == (302, "/new/"), "who is in no workspace makes one"


@pytest.mark.parametrize("told", ["", "Mars/Base", "../../etc/passwd", "x" * 500])
def test_a_browser_that_tells_no_zone_means_utc(client, told):
    assert sign_up(client, time_zone=told).status_code == 302
    assert User.objects.get().time_zone == "UTC"


def test_sign_up_asks_for_a_name_first(client):
    page = client.get(reverse("account_signup")).content.decode()
    places = [page.index(f'name="{name}"') for name in ("name", "email", "password1")]
    assert places == sorted(places)
    assert 'data-behaviour="time-zone"' in page
    assert "Your name" in sign_up(client, name=" ").content.decode()
    assert not User.objects.exists()


def test_a_name_is_one_line(client):
    refused = sign_up(client, name="Ada\r\nBcc: all@example.org")
    assert "One line, please." in refused.content.decode()
    assert not User.objects.exists()
    sign_up(client, name="  Ada   Berg ")
    assert User.objects.get().name == "Ada Berg"


def test_a_weak_password_is_refused_with_the_reason(client):
    answer = sign_up(client, password1="password1234")
    assert "too common" in answer.content.decode()
    assert not User.objects.exists()


def test_nobody_learns_who_has_an_account_where_addresses_are_confirmed(client, sam, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    answer = sign_up(client, email=sam.email.upper())
    assert answer.status_code == 302
    assert User.objects.filter(email__iexact=sam.email).count() == 1
    assert mail.outbox[-1].subject == "You have a Sprintboard account already"
    assert not who(client).is_authenticated


def test_where_addresses_are_confirmed_a_code_by_mail_opens_the_account(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    sign_up(client)
    assert not who(client).is_authenticated
    code, told = mail.outbox[-1].subject.split(" ", 1)
    assert told == "confirms your address for Sprintboard"
    client.post(reverse("account_email_verification_sent"), {"code": code})
    assert who(client).email == "ada@berg.example"


def test_sign_up_can_be_closed(client, settings):
    settings.SPRINTBOARD_SIGNUP = False
    sign_up(client)
    assert not User.objects.exists()
    assert client.get(reverse("account_signup")).status_code == 200


def test_an_address_has_no_capitals(client, sam):
    data = {"login": sam.email.upper(), "password": PASSWORD}
    answer = client.post(reverse("account_login"), data)
    assert (answer.status_code, answer.url) == (302, "/")
    assert who(client) == sam


def test_a_wrong_password_says_neither_which_was_wrong(client, sam):
    pages = [
        client.post(reverse("account_login"), {"login": login, "password": "no, not this one"})
        for login in (sam.email, "nobody@northwind.example")
    ]
    errors = [re.findall(r"do not belong together", page.content.decode()) for page in pages]
    assert errors[0] == errors[1] != []


def test_guessing_a_password_is_slowed_down(client, sam):
    def guess(password):
        return client.post(reverse("account_login"), {"login": sam.email, "password": password})

    for n in range(5):
        guess(f"wrong number {n}")
    page = guess(PASSWORD).content.decode()
    assert "Too many tries" in page
    assert not who(client).is_authenticated, "even the right one has to wait"


def test_a_deactivated_person_does_not_get_in(client, sam):
    sam.is_active = False
    sam.save()
    client.post(reverse("account_login"), {"login": sam.email, "password": PASSWORD})
    assert not who(client).is_authenticated


# By code ---------------------------------------------------------------------------------------


def code_for(client, address):
    client.post(reverse("account_request_login_code"), {"email": address})
    found = re.search(r"^[A-Z0-9]{3,}(-[A-Z0-9]+)?$", mail.outbox[-1].body, re.MULTILINE)
    return found.group() if found else None


def test_a_code_by_mail_signs_in(client, sam):
    code = code_for(client, sam.email)
    letter = mail.outbox[-1]
    assert letter.to == [sam.email]
    assert letter.subject == f"{code} is your code for Sprintboard"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    answer = client.post(reverse("account_confirm_login_code"), {"code": code})
    assert answer.status_code == 302
    assert who(client) == sam


def test_a_wrong_code_does_not_and_three_end_it(client, sam):
    code = code_for(client, sam.email)
    for _ in range(3):
        client.post(reverse("account_confirm_login_code"), {"code": "WRNG-CODE"})
    client.post(reverse("account_confirm_login_code"), {"code": code})
    assert not who(client).is_authenticated


def test_a_code_works_in_the_window_that_asked_for_it_alone(client, sam):
    code = code_for(client, sam.email)
    other = Client()
    other.post(reverse("account_confirm_login_code"), {"code": code})
    assert not who(other).is_authenticated


def test_asking_a_code_for_a_stranger_looks_the_same(sam):
    answers = [
        Client().post(reverse("account_request_login_code"), {"email": address})
        for address in (sam.email, "nobody@example.org")
    ]
    assert [(a.status_code, a.url) for a in answers] == [
        (302, reverse("account_confirm_login_code"))
    ] * 2
    assert mail.outbox[-1].subject == "There is no Sprintboard account with this address"


def test_codes_lie_in_the_mail_folder_when_there_is_no_server(client, sam, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    client.post(reverse("account_request_login_code"), {"email": sam.email})
    (letter,) = tmp_path.iterdir()
    assert "is your code for Sprintboard" in letter.read_text()


class NoServer(locmem.EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")


@pytest.fixture
def no_mail(settings):
    settings.EMAIL_BACKEND = f"{NoServer.__module__}.NoServer"
    import sys

    sys.modules.setdefault(NoServer.__module__, sys.modules[__name__])


def test_without_a_mail_server_a_code_is_a_503_that_says_so(client, sam, no_mail, caplog):
    answer = client.post(reverse("account_request_login_code"), {"email": sam.email})
    assert answer.status_code == 503
    assert "The mail did not leave" in answer.content.decode()


def test_without_a_mail_server_sign_up_and_password_still_work(client, sam, no_mail, caplog):
    assert sign_up(client).status_code == 302
    assert who(client).email == "ada@berg.example"


# Passwords -------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_link_to_our_own_address(client, sam, settings):
    settings.SITE_URL = "https://board.example.org"
    settings.ALLOWED_HOSTS = ["evil.example", "testserver"]
    client.post(reverse("account_reset_password"), {"email": sam.email}, HTTP_HOST="evil.example")
    letter = mail.outbox[-1].body
    assert "evil.example" not in letter
    path = re.search(r"https://board\.example\.org(/accounts/\S+)", letter).group(1)

    page = client.get(path, follow=True)
    new = "another good long one"
    answer = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert answer.status_code == 302
    sam.refresh_from_db()
    assert sam.check_password(new)
    assert mail.outbox[-1].subject == "Your Sprintboard password was changed"
    assert "works once" in letter
    again = Client().get(path, follow=True)
    assert 'name="password1"' not in again.content.decode()


def test_no_mail_of_the_account_speaks_with_another_voice():
    """Every mail that allauth can send has our words: ours come before its own."""
    from pathlib import Path

    import allauth
    from django.conf import settings
    from django.template.loader import get_template

    theirs = Path(allauth.__file__).parent / "templates" / "account" / "email"
    ours = settings.BASE_DIR / "templates" / "account" / "email"
    unused = {
        # by switch: we reset by link, and sign-up confirms as any address does
        "password_reset_code_message.txt",
        "password_reset_code_subject.txt",
        # allauth no longer sends it
        "password_reset_message.txt",
        # they include the ones without _signup
        "email_confirmation_signup_message.txt",
        "email_confirmation_signup_subject.txt",
    }
    names = {path.name for path in theirs.glob("*.txt")} - unused
    assert len(names) > 15
    for name in names:
        template = get_template(f"account/email/{name}")
        assert template.origin.name.startswith(str(ours)), name


# Leaving ---------------------------------------------------------------------------------------


def test_signing_out_takes_a_click_not_a_link(client_of, northwind):
    client = client_of(northwind.sam)
    client.get(reverse("account_logout"))
    assert who(client).is_authenticated
    client.post(reverse("account_logout"))
    assert not who(client).is_authenticated


def test_many_other_tries_do_not_make_the_first_forgotten():
    """The counts of tries are kept in the cache; by default that holds 300 entries."""
    cache.set("try:mia", 5)
    for number in range(2_000):
        cache.set(f"try:{number}", 1)
    assert cache.get("try:mia") == 5


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://testserver/w/northwind/board/?only=mine", "/w/northwind/board/%3Fonly%3Dmine"),
        ("http://elsewhere.test/w/northwind/board/", "/"),
        ("http://[", "/"),
    ],
)
def test_a_fragment_leads_the_whole_window_to_the_sign_in_page(client, db, page, back):
    response = client.get(
        "/w/northwind/board/columns/", headers={"HX-Request": "true", "HX-Current-URL": page}
    )
    assert response.status_code == 200
    assert response.content == b""
    assert response["HX-Redirect"] == f"/accounts/login/?next={back}"


def test_a_page_leads_to_the_sign_in_page_and_back(client, db):
    response = client.get("/w/northwind/board/")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/w/northwind/board/"
