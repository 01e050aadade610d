"""Files on pages and at addresses: what is answered, to whom, and what stays out of it."""

from __future__ import annotations

import errno

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.changes import Busy
from backlog import actions as backlog
from backlog.models import Task
from conversation import jobs
from conversation.files import actions, store
from conversation.files import views as file_views
from conversation.files.reading import shelf, with_files
from conversation.models import Attachment
from tests.arranging import arranging
from tests.factories import PNG, hang_file, hang_picture

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}
EXE = b"MZ" + b"\0" * 70


@pytest.fixture
def lena(northwind, client_of):
    return client_of(northwind.lena)


@pytest.fixture
def address(task):
    return reverse("files", args=["northwind", "task", task.key])


def upload(name="brief.txt", content=b"A brief"):
    return SimpleUploadedFile(name, content)


def test_files_hang_on_the_page_and_in_the_drawer(northwind, lena, task, address):
    answer = lena.post(address, {"files": [upload(), upload("dot.png", PNG)]})
    assert answer["Location"] == f"{task.get_absolute_url()}#files"
    for headers in ({}, HTMX):
        page = lena.get(task.get_absolute_url(), headers=headers).content.decode()
        assert "brief.txt" in page
        assert "dot.png" in page
        assert 'enctype="multipart/form-data"' in page
    past = lena.get(reverse("task_activity", args=["northwind", task.key])).content.decode()
    assert "added the file “dot.png”" in past


def test_files_hang_on_a_request_by_who_asked(northwind, asked, client_of):
    sam = client_of(northwind.sam)
    answer = sam.post(
        reverse("files", args=["northwind", "request", asked.key]), {"files": upload()}
    )
    page = sam.get(answer["Location"]).content.decode()
    assert "brief.txt" in page
    others = client_of(northwind.chiara).get(asked.get_absolute_url()).content.decode()
    assert "brief.txt" in others
    assert 'name="files"' not in others


def test_each_file_that_is_refused_says_why_and_the_others_are_kept(lena, address):
    several = [upload(), upload("x.png", EXE), upload("y.png", b"words"), upload("b.txt")]
    answer = lena.post(address, {"files": several})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "x.png is a program" in page
    assert "y.png is not what its name says" in page
    assert set(Attachment.objects.values_list("name", flat=True)) == {"brief.txt", "b.txt"}


def test_nothing_chosen_is_said(lena, address):
    answer = lena.post(address, {})
    assert answer.status_code == 422
    assert "Choose a file first." in answer.content.decode()


def test_row_70_a_hundred_files_at_once_are_refused(lena, address):
    several = [upload(f"{n}.txt") for n in range(100)]
    assert lena.post(address, {"files": several}).status_code == 400
    assert not Attachment.objects.exists()


def test_row_76_a_full_workspace_is_a_413(lena, address, settings):
    settings.FILES_QUOTA = 3
    answer = lena.post(address, {"files": upload()})
    assert answer.status_code == 413
    assert "Workspace quota 3 B used" in answer.content.decode()


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({"files": upload()}, 201, None),
        ({"files": upload("x.png", EXE)}, 422, "program"),
        ({"files": upload("x.txt", b"")}, 422, "empty"),
        ({}, 422, "required"),
    ],
)
def test_a_script_is_told_in_json(lena, address, files, status, code):
    answer = lena.post(address, files, headers=JSON)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert (error and error["code"]) == code


@pytest.mark.parametrize(
    ("fault", "status"),
    [(OSError(errno.ENOSPC, "full"), 507), (Busy("locked"), 503)],
)
def test_what_the_machine_cannot_do_now_is_said_of_the_file(
    lena, address, monkeypatch, fault, status
):
    def broken(*args):
        raise fault

    monkeypatch.setattr(actions, "_hang", broken)
    answer = lena.post(address, {"files": upload()})
    assert answer.status_code == status
    assert "brief.txt was not saved" in answer.content.decode()


def test_a_disk_that_is_full_before_the_form_is_read_is_a_507(lena, address, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("django.core.files.uploadhandler.MemoryFileUploadHandler.new_file", full)
    lena.raise_request_exception = False
    answer = lena.post(address, {"files": upload()})
    assert answer.status_code == 507
    assert "storage is full" in answer.content.decode()


def test_the_gate_learns_who_may_bring_more_than_a_megabyte(northwind, client_of, lena, address):
    assert lena.head(address)[file_views.WELCOME] == "1"
    assert file_views.WELCOME not in client_of(northwind.sam).head(address)
    assert file_views.WELCOME not in Client().head(address)


# Downloading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x.html", b"<script>alert(1)</script>", "application/octet-stream"),
        ("x.svg", b"<svg onload='alert(1)'/>", "application/octet-stream"),
        ("x.js", b"alert(1)", "application/octet-stream"),
        ("dot.png", PNG, "image/png"),
        ("brief.txt", b"A brief", "text/plain"),
    ],
)
def test_row_67_a_file_is_saved_and_never_shown(northwind, lena, task, name, content, kind):
    made = hang_file(task, northwind.lena, name, content)
    answer = lena.get(made.get_absolute_url())
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer[file_views.SEND] == f"files/{made.storage.hex[:2]}/{made.storage}"
    assert answer.content == b"", "the server sends it, no thread of Django's"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('say "hi".txt', r'attachment; filename="say \"hi\".txt"'),
        ("a\r\nSet-Cookie: x=1.txt", 'attachment; filename="a Set-Cookie: x=1.txt"'),
        (
            "Übersicht 日本.txt",
            "attachment; filename*=utf-8''%C3%9Cbersicht%20%E6%97%A5%E6%9C%AC.txt",
        ),
    ],
)
def test_row_69_a_name_never_splits_a_header(northwind, lena, task, name, header):
    made = hang_file(task, northwind.lena, name)
    assert lena.get(made.get_absolute_url())["Content-Disposition"] == header


def test_row_73_what_is_foreign_removed_or_never_was_is_not_there(
    northwind, fjord, task, lena, client_of
):
    made = hang_picture(task, northwind.lena)
    preview = reverse("file_preview", args=["northwind", made.storage])
    removal = reverse("file_remove", args=["northwind", made.storage])
    ola = client_of(fjord.ola)
    for url in (made.get_absolute_url(), preview):
        assert ola.get(url).status_code == 404
        assert ola.get(url.replace("northwind", "fjord")).status_code == 404
        assert lena.get(url).status_code == 200
    assert ola.post(removal.replace("northwind", "fjord")).status_code == 404
    archived = backlog.archive_task(task, by=northwind.lena, version=task.version)
    assert lena.get(made.get_absolute_url()).status_code == 200, "archived is not gone"
    assert archived.archived_at
    actions.remove_file(made, by=northwind.lena)
    for url in (made.get_absolute_url(), preview):
        assert lena.get(url).status_code == 404


def test_row_73_a_file_of_a_task_that_is_gone_is_gone(northwind, task, lena):
    made = hang_file(task, northwind.lena)
    with arranging():
        type(task).objects.filter(pk=task.pk).delete()
    assert lena.get(made.get_absolute_url()).status_code == 404


def test_row_74_there_is_no_way_to_a_file_without_being_a_member(northwind, task):
    made = hang_file(task, northwind.lena)
    answer = Client().get(made.get_absolute_url())
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_a_row_without_its_file_is_a_404_that_the_log_tells(northwind, task, lena, caplog):
    made = hang_file(task, northwind.lena)
    store.throw_away(made.storage)
    assert lena.get(made.get_absolute_url()).status_code == 404
    assert "is missing" in caplog.text


def test_a_small_picture_is_shown_from_its_own_address(northwind, task, lena):
    made = hang_picture(task, northwind.lena)
    url = reverse("file_preview", args=["northwind", made.storage])
    assert url in lena.get(task.get_absolute_url()).content.decode()
    answer = lena.get(url)
    assert answer["Content-Type"] == "image/webp"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer[file_views.SEND].endswith(".webp")
    again = lena.get(url, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert file_views.SEND not in again


def test_a_file_without_a_picture_has_no_address_of_one(northwind, task, lena):
    made = hang_file(task, northwind.lena)
    url = reverse("file_preview", args=["northwind", made.storage])
    assert lena.get(url).status_code == 404


@pytest.mark.parametrize(
    ("preview", "words"),
    [("too_large", "more than 25 million pixels"), ("failed", "no preview could be made")],
)
def test_why_there_is_no_small_picture_is_said(northwind, task, lena, preview, words):
    hang_picture(task, northwind.lena)
    with arranging():
        Attachment.objects.update(preview=preview)
    assert words in lena.get(task.get_absolute_url()).content.decode()


def test_the_list_asks_again_while_a_picture_is_made(northwind, task, lena, address):
    hang_file(task, northwind.lena, "dot.png", PNG)
    assert "delay:2s" in lena.get(address, headers=HTMX).content.decode()
    jobs.make_preview(Attachment.objects.get().pk)
    assert "delay:2s" not in lena.get(address, headers=HTMX).content.decode()


# Taking away ----------------------------------------------------------------------------------


def test_a_file_is_removed_with_a_way_back(northwind, task, lena):
    made = hang_file(task, northwind.lena)
    removal = reverse("file_remove", args=["northwind", made.storage])
    page = lena.post(removal, follow=True).content.decode()
    assert "brief.txt is removed." in page
    undo = reverse("file_restore", args=["northwind", made.storage])
    assert f'action="{undo}"' in page
    page = lena.post(undo, follow=True).content.decode()
    assert "brief.txt is back." in page
    answer = lena.post(removal, headers=HTMX)
    assert undo in answer["HX-Trigger"]
    assert "No files yet." in answer.content.decode()


def test_others_cannot_remove_it(northwind, task, client_of):
    made = hang_file(task, northwind.mia)
    removal = reverse("file_remove", args=["northwind", made.storage])
    assert client_of(northwind.sam).post(removal).status_code == 403
    actions.remove_file(made, by=northwind.mia)
    restoring = reverse("file_restore", args=["northwind", made.storage])
    assert client_of(northwind.sam).post(restoring).status_code == 403


def test_twenty_files_cost_no_more_queries_than_one(northwind, task, lena):
    costs = []
    for _ in range(2):
        hang_picture(task, northwind.lena)
        lena.get(task.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            lena.get(task.get_absolute_url())
        costs.append(len(queries))
        for _ in range(4):
            hang_file(task, northwind.mia)
    assert costs[0] == costs[1]


def test_files_that_come_with_their_task_are_those_of_their_own_query(northwind, task):
    for name in ('a "quoted" name.txt', "zwölf Zeilen, één regel.txt"):
        hang_file(task, northwind.mia, name=name)
    removed = hang_file(task, northwind.lena)
    actions.remove_file(removed, by=northwind.lena)
    picture = hang_picture(task, northwind.lena)
    with_them = with_files(Task.objects.select_related("workspace")).get(pk=task.pk)
    mia = northwind.mia
    there, asked = shelf(with_them, mia).files, shelf(task, mia).files
    assert [hung.file.name for hung in there] == [hung.file.name for hung in asked]
    assert there[-1].file == picture
    for one, other in zip(there, asked, strict=True):
        for said in ("size", "ending", "sign", "can_remove", "preview_address", "is_soon"):
            assert getattr(one, said) == getattr(other, said)
        for field in ("pk", "storage", "name", "uploaded_at", "preview", "workspace"):
            assert getattr(one.file, field) == getattr(other.file, field)
        assert one.file.uploaded_by.first_name == other.file.uploaded_by.first_name
