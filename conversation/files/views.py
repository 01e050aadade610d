"""Files as plain forms and plain addresses. What is sent is named here and sent by the server.

No thread of Django's reads a file to anybody: `SEND` names it, and sprintboard/server/sending.py
takes that header out of the answer and sends the bytes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.changes import Busy
from activity.databases import is_full
from conversation.models import Attachment
from conversation.subjects import Subject, kind_labelled, subject_named, subject_of
from people.access import MemberRequest, member_required
from people.models import Membership

from . import actions, policy, store
from .forms import FilesForm
from .kinds import served_type
from .naming import clean_name
from .reading import shelf

SEND: Final = "X-Sprintboard-Send"
# The gate takes more than 1 MB for who may hang files on a thing, and for nobody else
WELCOME: Final = "X-Sprintboard-Upload"
_WALL: Final = "sandbox; default-src 'none'"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """Why one file was not kept."""

    status: int
    code: str
    text: str


# Showing and adding ---------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def files(request: MemberRequest, kind: str, key: str) -> HttpResponse:
    """Show what hangs on a thing; hang files on it. Each that is refused says why by itself."""
    subject = _find_subject(request.member, kind, key)
    may_add = policy.can_add(request.member, subject)
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        return _add(request, subject)
    answer = _show(request, subject)
    if may_add:
        answer[WELCOME] = "1"
    return answer


def _add(request: MemberRequest, subject: Subject) -> HttpResponse:
    form = FilesForm(request.POST, request.FILES)
    if not form.is_valid():
        missing = Refusal(422, "required", str(form.errors["files"][0]))
        return _answer(request, subject, 0, [missing])
    chosen = form.cleaned_data["files"]
    refused = [no for one in chosen if (no := _take(request.member, subject, one))]
    return _answer(request, subject, len(chosen) - len(refused), refused)


def _take(member: Membership, subject: Subject, one: UploadedFile[bytes]) -> Refusal | None:
    """Keep one file, or say why not."""
    name = one.name or ""
    try:
        actions.add_file(subject, by=member, name=name, content=one)
    except ValidationError as error:
        code = error.code or ""
        return Refusal(413 if code == "quota" else 422, code, str(error.messages[0]))
    except Busy:
        text = _("%(name)s was not saved: somebody else was changing something. Try it again.")
        return Refusal(503, "busy", text % {"name": clean_name(name)})
    except OSError as error:
        if not is_full(error):
            raise
        logger.critical("The storage is full: %s", error)
        text = _("The storage is full, %(name)s was not saved.")
        return Refusal(507, "storage_full", text % {"name": clean_name(name)})
    return None


def _answer(
    request: MemberRequest, subject: Subject, added: int, refused: list[Refusal]
) -> HttpResponse:
    status = max((no.status for no in refused), default=201)
    if request.accepts("application/json") and not request.accepts("text/html"):
        error = {"code": refused[0].code, "message": refused[0].text} if refused else None
        return JsonResponse({"added": added, "error": error}, status=status)
    if refused:
        return _show(request, subject, refused=[no.text for no in refused], status=status)
    told = ngettext("The file is there.", "%(count)s files are there.", added) % {"count": added}
    messages.success(request, told)
    return redirect(_section_of(subject))


def _show(
    request: MemberRequest, subject: Subject, refused: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    context = {
        "shelf": shelf(subject, request.member),
        "workspace": request.member.workspace,
        "refused": refused,
    }
    name = "conversation/_file_list.html" if request.htmx else "conversation/files.html"
    return render(request, name, context, status=status)


# Taking away and bringing back ----------------------------------------------------------------


@require_POST
@member_required
def file_remove(request: MemberRequest, storage: UUID) -> HttpResponse:
    """Take a file away; the sentence that says so has the way back in it."""
    found = _find(request.member, storage)
    if not policy.can_remove(request.member, found.file):
        raise PermissionDenied
    with suppress(ValidationError):  # somebody was first: it is removed
        actions.remove_file(found.file, by=request.member)
    told = _("%(name)s is removed.") % {"name": found.file.name}
    undo = reverse("file_restore", args=[request.member.workspace.slug, storage])
    if request.htmx:
        answer = _show(request, found.subject)
        answer["HX-Trigger"] = json.dumps({"toast": {"text": told, "undo": undo}})
        return answer
    messages.success(request, told, extra_tags=f"undo:{undo}")
    return redirect(_section_of(found.subject))


@require_POST
@member_required
def file_restore(request: MemberRequest, storage: UUID) -> HttpResponse:
    """Bring a removed file back."""
    found = _find(request.member, storage, removed=True)
    if not policy.can_restore(request.member, found.file) and found.file.removed_at:
        raise PermissionDenied
    try:
        actions.restore_file(found.file, by=request.member)
    except ValidationError as error:
        messages.error(request, str(error.messages[0]))
    else:
        messages.success(request, _("%(name)s is back.") % {"name": found.file.name})
    return redirect(_section_of(found.subject))


# Sending --------------------------------------------------------------------------------------


@require_safe
@member_required
def file(request: MemberRequest, storage: UUID) -> HttpResponse:
    """Name a file for the server to send: to be saved, never to be shown by a browser."""
    found = _find(request.member, storage).file
    answer = _sent(request, store.path_of(storage), served_type(found.content_type), f"{storage}")
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
@member_required
def file_preview(request: MemberRequest, storage: UUID) -> HttpResponse:
    """Name the small picture that we have drawn ourselves; pages show it."""
    found = _find(request.member, storage).file
    if not found.has_preview:
        raise Http404
    answer = _sent(request, store.picture_of(storage), "image/webp", f"{storage}-preview")
    answer["Content-Disposition"] = "inline"
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _sent(request: MemberRequest, path: Path, content_type: str, tag: str) -> HttpResponse:
    """Return the answer without its bytes. What is at an address never changes: so says its tag."""
    if not path.is_file():
        logger.error("The file %s is missing.", path.name)
        raise Http404
    etag = f'"{tag}"'
    if etag in request.headers.get("If-None-Match", ""):
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(content_type=content_type)
        answer[SEND] = path.relative_to(store.root().parent).as_posix()
    answer["ETag"] = etag
    answer["Content-Security-Policy"] = _WALL
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


# Finding --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A file and what it hangs on."""

    file: Attachment
    subject: Subject


def _find_subject(member: Membership, kind: str, key: str) -> Subject:
    """Return what files hang on. Raises Http404, whether it is foreign or was never."""
    found = subject_named(kind, key, member)
    if found is None:
        raise Http404
    return found


def _find(member: Membership, storage: UUID, *, removed: bool = False) -> Found:
    """Return a file on a thing that the member may read. Raises Http404 for any other."""
    rows = Attachment.objects.visible_to(member)
    attachment = (rows if removed else rows.standing()).filter(storage=storage).first()
    if attachment is None:
        raise Http404
    attachment.workspace = member.workspace
    there = subject_of(member.workspace, attachment.subject_type, attachment.subject_id)
    subject = kind_labelled(attachment.subject_type).find(there.key, member) if there else None
    if subject is None:
        raise Http404
    return Found(attachment, subject)


def _section_of(subject: Subject) -> str:
    return f"{subject.get_absolute_url()}#files"
