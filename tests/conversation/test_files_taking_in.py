"""What may hang on a thing: names, contents, sizes, numbers and room (docs/security.md, files)."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile

from activity.changes import change
from activity.models import Activity
from backlog import actions as backlog
from conversation.files import actions, policy, store
from conversation.files.kinds import inside_of, recognise, served_type
from conversation.files.naming import clean_name, extension_of, human
from conversation.models import Attachment
from tests.factories import PNG, hang_file

EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 60
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    return file.getvalue()


def code_of(raised: pytest.ExceptionInfo[ValidationError]) -> str:
    return raised.value.code


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../x.png", "x.png"),
        ("a/b", "b"),
        (r"C:\Users\mia\brief.pdf", "brief.pdf"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("a\x00b.txt", "ab.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("tab\tand\r\nbreak.txt", "tab and break.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("constant.txt", "constant.txt"),
        ("cafe\u0301.txt", "café.txt"),
        ("  spaced . txt. ", "spaced . txt"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("half\ud800.txt", "half.txt"),
    ],
)
def test_row_68_a_name_is_cleaned_for_its_readers(raw, shown):
    assert clean_name(raw) == shown


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.PNG", "png"), ("a.tar.gz", "gz"), ("a", ""), ("a.", ""), (".a", ""), ("a.b c", "")],
)
def test_the_extension_is_what_stands_behind_the_last_dot(name, extension):
    assert extension_of(name) == extension


def test_sizes_are_said_as_people_do():
    told = [human(size) for size in (12, 1024, 1536, 26_214_400, 2**30)]
    assert told == ["12 B", "1 KB", "1.5 KB", "25 MB", "1 GB"]


def test_row_68_nothing_that_was_typed_becomes_part_of_a_path(northwind, task):
    made = hang_file(task, northwind.lena, "../../evil.txt")
    path = store.path_of(made.storage)
    assert path.read_bytes() == b"A brief"
    assert path.relative_to(store.root()).as_posix() == f"{made.storage.hex[:2]}/{made.storage}"
    assert made.name == "evil.txt"


# Contents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x.png", PNG, "image/png"),
        ("x.GIF", GIF, "image/gif"),
        ("x.pdf", PDF, "application/pdf"),
        ("x.doc", OLE, "application/msword"),
        ("plan.zip", zipped(), "application/zip"),
        ("plan.pages", zipped(), "application/octet-stream"),
        ("x.csv", b"a,b\n1,2\n", "text/csv"),
        ("BMW.md", b"BM is also how a bitmap begins", "text/markdown"),
        ("x.txt", "\ufefftext".encode("utf-16-le"), "text/plain"),
        ("x.html", b"<script>alert(1)</script>", "text/html"),
        ("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
        ("x.js", b"alert(1)", "text/javascript"),
        ("README", b"read me", "text/plain"),
        ("x.indd", b"\x06\x06\xed\xf5", "application/octet-stream"),
    ],
)
def test_what_a_file_is_says_its_content(name, content, kind):
    assert recognise(name, content).content_type == kind


def test_office_documents_are_zips_that_their_name_tells_apart():
    assert recognise("x.docx", zipped()).content_type.endswith("wordprocessingml.document")
    assert recognise("x.xlsx", zipped()).content_type.endswith("spreadsheetml.sheet")


def test_a_picture_without_an_ending_gets_one():
    assert recognise("screenshot", PNG).name == "screenshot.png"


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("x.png", EXE, "program", "is a program"),
        ("x", EXE, "program", "is a program"),
        ("x.png", PDF, "contradiction", "inside is a file of the kind PDF"),
        ("x.png", b"words", "contradiction", "inside is text"),
        ("x.csv", zipped(), "contradiction", "a ZIP file or a document of an office program"),
        ("x.js", b"GIF89a\x00/*", "contradiction", "inside is"),
        ("x.pdf", OLE, "contradiction", "a document of Microsoft Office"),
        ("x.xyz", b"words", "unknown_kind", ".xyz files cannot"),
        ("x", b"\x00\x01\x02", "unknown_kind", "has no ending"),
    ],
)
def test_row_70_a_name_that_contradicts_its_content_is_refused(name, content, code, words):
    with pytest.raises(ValidationError, match=words) as raised:
        recognise(name, content)
    assert code_of(raised) == code


def test_row_67_a_polyglot_is_what_its_name_and_first_bytes_agree_on():
    polyglot = b"GIF89a/*" + b"\0" * 10 + b"*/=1;alert(1)"
    assert recognise("x.gif", polyglot).content_type == "image/gif"
    with pytest.raises(ValidationError):
        recognise("x.js", polyglot)


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "text/javascript", "text/xml", "text/css"]
)
def test_row_67_what_a_browser_could_run_is_sent_as_bytes(kind):
    assert served_type(kind) == "application/octet-stream"


def test_row_71_a_zip_is_never_opened():
    assert inside_of(b"PK\x03\x04" + b"\xff" * 100) == "zip"


# Sizes and numbers ----------------------------------------------------------------------------


class Claiming(ContentFile):
    """A file that is as large as it says."""

    def __init__(self, size: int) -> None:
        super().__init__(b"x")
        self.size = size


def test_row_70_an_empty_file_is_refused(northwind, task):
    with pytest.raises(ValidationError, match=r"x\.png is empty") as raised:
        hang_file(task, northwind.lena, "x.png", b"")
    assert code_of(raised) == "empty"


def test_row_70_a_byte_more_than_25_mb_is_refused_before_it_is_read(northwind, task):
    with pytest.raises(ValidationError, match="a file has at most 25 MB") as raised:
        actions.add_file(
            task, by=northwind.lena, name="x.txt", content=Claiming(actions.MOST_BYTES + 1)
        )
    assert code_of(raised) == "too_large"
    assert not store.root().exists()


def test_row_70_the_21st_file_of_a_task_is_refused(northwind, task, monkeypatch):
    monkeypatch.setattr(actions, "MOST_FILES", 2)
    first, _second = (hang_file(task, northwind.lena) for _ in range(2))
    with pytest.raises(ValidationError) as raised:
        hang_file(task, northwind.lena)
    assert code_of(raised) == "too_many"
    actions.remove_file(first, by=northwind.lena)
    hang_file(task, northwind.lena)
    with pytest.raises(ValidationError):
        actions.restore_file(first, by=northwind.lena)


def test_row_76_a_full_workspace_takes_no_more(northwind, fjord, task, settings):
    settings.FILES_QUOTA = 10
    kept = hang_file(task, northwind.lena, content=b"12345678")
    with pytest.raises(ValidationError, match="Workspace quota 10 B used") as raised:
        hang_file(task, northwind.lena, content=b"123")
    assert code_of(raised) == "quota"
    assert len(list(store.root().rglob("*-*"))) == 1, "the bytes of a refused file are gone"
    actions.remove_file(kept, by=northwind.lena)
    with pytest.raises(ValidationError, match="free after a day"):
        hang_file(task, northwind.lena, content=b"123")


def test_row_76_two_at_once_do_not_share_the_last_room(northwind, task, settings, monkeypatch):
    """Both looked before they wrote; the lock lets one of them have it."""
    settings.FILES_QUOTA = 10
    write = store.write

    def overtaken(storage, chunks):
        monkeypatch.setattr(store, "write", write)
        hang_file(task, northwind.mia, content=b"123456")
        write(storage, chunks)

    monkeypatch.setattr(store, "write", overtaken)
    with pytest.raises(ValidationError) as raised:
        hang_file(task, northwind.lena, content=b"12345")
    assert code_of(raised) == "quota"
    assert Attachment.objects.get().uploaded_by == northwind.mia
    assert len(list(store.root().rglob("*-*"))) == 1


# Verbs ----------------------------------------------------------------------------------------


def test_a_file_is_told_on_its_task(northwind, task):
    made = hang_file(task, northwind.lena)
    told = Activity.objects.about(task).get(verb="file_added")
    assert told.actor == northwind.lena
    assert told.data == {"key": task.key, "file": made.pk, "name": "brief.txt"}
    assert (made.size, made.content_type) == (7, "text/plain")


def test_no_change_is_open_while_a_file_is_written(northwind, task):
    with (
        change(northwind.workspace, by=northwind.lena),
        pytest.raises(RuntimeError, match="before the change"),
    ):
        hang_file(task, northwind.lena)


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketers_hang_files_on_tasks(northwind, task, who):
    with pytest.raises(PermissionDenied):
        hang_file(task, northwind.people[who])
    assert not store.root().exists()


def test_who_asks_and_marketing_hang_files_on_a_request(northwind, asked):
    may = {name for name, member in northwind.people.items() if policy.can_add(member, asked)}
    assert may == {"sam", "mia", "lena"}
    assert hang_file(asked, northwind.sam).subject_type == "requests_intake.request"


def test_nobody_hangs_files_on_an_archived_task_or_one_of_others(northwind, fjord, task):
    assert not policy.can_add(fjord.ola, task)
    archived = backlog.archive_task(task, by=northwind.lena, version=task.version)
    assert not policy.can_add(northwind.lena, archived)


@pytest.mark.parametrize("who", ["mia", "lena", "sam", "chiara", "grace"])
def test_a_file_is_removed_by_who_brought_it_and_by_admins(northwind, fjord, task, who):
    made = hang_file(task, northwind.lena)
    assert policy.can_remove(northwind.people[who], made) == (who in {"mia", "lena"})
    assert not policy.can_remove(fjord.ola, made)


def test_a_removed_file_can_be_brought_back(northwind, task):
    made = hang_file(task, northwind.lena)
    removed = actions.remove_file(made, by=northwind.mia)
    assert not Attachment.objects.standing().exists()
    with pytest.raises(PermissionDenied):
        actions.restore_file(removed, by=northwind.sam)
    actions.restore_file(removed, by=northwind.lena)
    assert Attachment.objects.standing().get().removed_by is None
    verbs = Activity.objects.about(task).values_list("verb", flat=True)
    assert {"file_removed", "file_restored"} <= set(verbs)


def test_removing_twice_is_said_and_changes_nothing(northwind, task):
    made = hang_file(task, northwind.lena)
    actions.remove_file(made, by=northwind.lena)
    seq = Activity.objects.latest("seq").seq
    with pytest.raises(ValidationError, match="not here any more"):
        actions.remove_file(made, by=northwind.lena)
    assert Activity.objects.latest("seq").seq == seq
