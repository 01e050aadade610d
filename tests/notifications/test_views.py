from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import clock
from notifications import actions
from notifications.mails import Mail, mail_kind
from notifications.models import OutboxItem, OutboxState
from tests.arranging import arranging
from tests.factories import make_member

OUTBOX = "/w/northwind/outbox/"


@mail_kind("tests.outbox", "A letter")
def letter(item: OutboxItem) -> Mail:
    return Mail(subject="Dear reader", text="Hello.", html="<p>Hello.</p>")


def put(world, state=OutboxState.FAILED, *, count=1, **fields) -> list[OutboxItem]:
    values = {
        "kind": "tests.outbox",
        "recipient": world.sam,
        "subject": "Dear reader",
        "last_error": "The mail server said: 550 no such mailbox",
        "attempts": 1,
        **fields,
    }
    before = OutboxItem.objects.count()
    with arranging():
        return [
            OutboxItem.objects.create(
                workspace=world.workspace, state=state, dedupe_key=f"tests:{before + n}", **values
            )
            for n in range(count)
        ]


def test_it_shows_what_failed_with_its_reason_and_a_way_to_send_it_again(northwind, client_of):
    [item] = put(northwind)
    page = client_of(northwind.mia).get(OUTBOX).content.decode()
    for words in ("Sam", "A letter", "Dear reader", "550 no such mailbox. Tried once."):
        assert words in page
    assert f'action="{OUTBOX}{item.pk}/again/"' in page


def test_what_may_have_arrived_is_asked_about_before_it_is_sent_again(northwind, client_of):
    [item] = put(northwind, OutboxState.UNCERTAIN, last_error="The line broke.")
    mia = client_of(northwind.mia)
    page = mia.get(OUTBOX).content.decode()
    assert "May have arrived" in page
    assert f'href="{OUTBOX}{item.pk}/again/"' in page
    assert '/again/" method' not in page
    question = mia.get(f"{OUTBOX}{item.pk}/again/").content.decode()
    assert "the same mail is there twice" in question


def test_sending_again_queues_it_and_says_so(northwind, client_of):
    [item] = put(northwind, OutboxState.UNCERTAIN)
    answer = client_of(northwind.grace).post(f"{OUTBOX}{item.pk}/again/", follow=True)
    item.refresh_from_db()
    assert (item.state, item.attempts, item.last_error) == (OutboxState.QUEUED, 0, "")
    assert "On its way to Sam again." in answer.content.decode()


def test_a_second_click_sends_nothing_and_says_why(northwind, client_of):
    [item] = put(northwind, OutboxState.SENT)
    answer = client_of(northwind.mia).post(f"{OUTBOX}{item.pk}/again/", follow=True)
    item.refresh_from_db()
    assert item.state == OutboxState.SENT
    assert "not waiting for a decision any more" in answer.content.decode()
    assert client_of(northwind.mia).get(f"{OUTBOX}{item.pk}/again/").status_code == 302


def test_what_is_tried_again_by_itself_has_no_button(northwind, client_of):
    put(northwind, OutboxState.QUEUED, last_error="The mail server did not answer.")
    page = client_of(northwind.mia).get(OUTBOX).content.decode()
    assert "Will be tried again" in page
    assert "/again/" not in page


def test_what_waits_for_its_first_try_or_has_left_is_not_there(northwind, client_of):
    for state in (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.SENT, OutboxState.CANCELLED):
        put(northwind, state, attempts=0, subject=f"Subject {state}")
    page = client_of(northwind.mia).get(OUTBOX).content.decode()
    assert "All mail has arrived" in page
    assert "Subject" not in page


def test_it_is_a_place_in_the_side_bar_only_while_something_is_there(northwind, client_of):
    mia, grace, sam = (client_of(northwind.people[name]) for name in ("mia", "grace", "sam"))
    link = f'href="{OUTBOX}"'
    assert link not in mia.get("/w/northwind/").content.decode()
    put(northwind, count=2)
    for client in (mia, grace):
        assert link in client.get("/w/northwind/").content.decode()
    assert link not in sam.get("/w/northwind/").content.decode()


def test_an_admin_of_sales_sees_that_it_failed_but_no_subject(northwind, client_of):
    put(northwind)
    admin = make_member(northwind.workspace, "Olga Admin", "sales", is_admin=True)
    page = client_of(admin).get(OUTBOX).content.decode()
    assert "550 no such mailbox" in page
    assert "Dear reader" not in page


def test_another_workspace_shows_nothing_of_it(northwind, fjord, client_of):
    [item] = put(northwind)
    ola = client_of(next(iter(fjord.people.values())))
    assert "Dear reader" not in ola.get("/w/fjord/outbox/").content.decode()
    assert ola.post(f"/w/fjord/outbox/{item.pk}/again/").status_code == 404


def test_older_rows_are_on_the_next_page(northwind, client_of):
    rows = put(northwind, count=51)
    mia = client_of(northwind.mia)
    first = mia.get(OUTBOX).content.decode()
    assert f"{OUTBOX}{rows[0].pk}/again/" not in first
    assert f'href="{OUTBOX}?before={rows[1].pk}"' in first
    second = mia.get(OUTBOX, {"before": rows[1].pk}).content.decode()
    assert f"{OUTBOX}{rows[0].pk}/again/" in second
    assert f"{OUTBOX}{rows[1].pk}/again/" not in second
    assert mia.get(OUTBOX, {"before": "x"}).status_code == 400


def test_a_pause_is_said(northwind, client_of):
    actions.pause()
    assert "Mail is paused" in client_of(northwind.mia).get(OUTBOX).content.decode()


def test_it_reads_the_same_few_rows_however_much_failed(northwind, client_of):
    mia = client_of(northwind.mia)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert mia.get(OUTBOX).status_code == 200
        return len(seen)

    put(northwind, count=5)
    put(northwind, OutboxState.QUEUED, count=5)
    few = queries()
    put(northwind, count=100)
    put(northwind, OutboxState.QUEUED, count=95)
    assert queries() == few


def test_the_subject_is_kept_with_the_outcome(northwind):
    [item] = put(northwind, OutboxState.QUEUED, subject="", not_before=clock.now())
    actions.deliver(item, send=lambda message: None)
    item.refresh_from_db()
    assert (item.state, item.subject) == (OutboxState.SENT, "Dear reader")
