"""Comments as plain forms: each works on a page of its own, and in place where there is htmx."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity.changes import Stale
from notifications.inbox.actions import follow as say_whether_to_follow
from people.access import MemberRequest, member_required
from people.models import Membership

from . import actions, mentions, policy
from .forms import CommentForm, EditForm, FollowForm, NameForm
from .models import Comment
from .reading import COMPOSER_IDS, Said, Thread, thread
from .subjects import Subject, kind_of, subject_named


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def comments(request: MemberRequest, kind: str, key: str) -> HttpResponse:
    """Show what was said about a thing, page by page; say something about it."""
    subject = _find_subject(request.member, kind, key)
    if request.method != "POST":
        return _show(request, thread(subject, request.member, before=_before(request)))
    if not policy.can_comment(request.member, subject):
        raise PermissionDenied
    form = CommentForm(request.POST, auto_id=COMPOSER_IDS)
    if form.is_valid():
        try:
            said = actions.add_comment(subject, by=request.member, text=form.cleaned_data["text"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _added(request, subject, said)
    return _show(request, thread(subject, request.member, form=form), status=422)


def _added(request: MemberRequest, subject: Subject, said: Comment) -> HttpResponse:
    if request.htmx:
        return _show(
            request, thread(subject, request.member), arrived=True, not_told=_not_told(said)
        )
    messages.success(request, _("Your comment is there."))
    if unheard := _not_told(said):
        messages.warning(request, unheard)
    return redirect(f"{subject.get_absolute_url()}#comment-{said.pk}")


def _not_told(said: Comment) -> str:
    """Tell the author whom his words do not reach."""
    names = get_text_list([one.shown_name for one in said.not_told], _("and"))
    return _("%(names)s may not read this, and was not told.") % {"names": names} if names else ""


def _show(
    request: MemberRequest,
    shown: Thread,
    status: int = 200,
    *,
    arrived: bool = False,
    not_told: str = "",
) -> HttpResponse:
    if request.htmx and shown.is_newest:  # the form is swapped too: whoever writes goes on there
        shown.form.fields["text"].widget.attrs["autofocus"] = True
    context = {
        "thread": shown,
        "workspace": request.member.workspace,
        "arrived": arrived,
        "not_told": not_told,
        "swapped": bool(request.htmx),
        "continued": bool(request.htmx) and not shown.is_newest,
    }
    name = "conversation/page.html"
    if request.htmx:
        name = "conversation/_answer.html" if shown.is_newest else "conversation/_comments.html"
    return render(request, name, context, status=status)


@require_POST
@member_required
def follow(request: MemberRequest, kind: str, key: str) -> HttpResponse:
    """Let somebody hear of what is said about a thing, or have his peace."""
    subject = _find_subject(request.member, kind, key)
    form = FollowForm(request.POST)
    if not form.is_valid():
        return _show(request, thread(subject, request.member), status=422)
    wants = form.cleaned_data["wants"] == "yes"
    say_whether_to_follow(request.member, cast(models.Model, subject), wants=wants)
    if request.htmx:
        context = {"thread": thread(subject, request.member), "focused": True}
        return render(request, "conversation/_follow.html", context)
    yes, no = _("You hear of what is said here."), _("You hear only where somebody mentions you.")
    messages.success(request, yes if wants else no)
    return redirect(f"{subject.get_absolute_url()}#comments")


@require_safe
@member_required
def mentionable(request: MemberRequest) -> HttpResponse:
    """List whom the reader can mention, for the list that opens at an @."""
    form = NameForm(request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    found, is_all = mentions.choices(request.member, typed)
    context = {"form": form, "choices": [] if form.errors else found, "is_all": is_all}
    return render(
        request, "conversation/mentionable.html", context, status=400 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def comment_edit(request: MemberRequest, kind: str, key: str, pk: int) -> HttpResponse:
    """Let somebody say better what he said."""
    subject = _find_subject(request.member, kind, key)
    said = _find_comment(subject, request.member, pk)
    if not policy.can_edit(request.member, said.comment):
        raise PermissionDenied
    if request.method != "POST":
        if "leave" in request.GET:
            return _comment(request, subject, said)
        form = EditForm(initial={"text": said.comment.text, "version": said.comment.version})
        return _edit_page(request, subject, said, form)
    form = EditForm(request.POST)
    if form.is_valid():
        try:
            actions.edit_comment(
                said.comment,
                by=request.member,
                version=form.cleaned_data["version"] or 0,
                text=form.cleaned_data["text"],
            )
        except Stale:
            return _edit_conflict(request, subject, pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _changed(request, subject, pk, _("Your comment is changed."))
    return _edit_page(request, subject, said, form, status=422)


def _edit_conflict(request: MemberRequest, subject: Subject, pk: int) -> HttpResponse:
    """Show what was typed beside what is there now: saving again is then a choice."""
    said = _find_comment(subject, request.member, pk)
    typed = request.POST.copy()
    typed["version"] = str(said.comment.version)
    return _edit_page(request, subject, said, EditForm(typed), status=409, conflict=True)


def _edit_page(
    request: MemberRequest,
    subject: Subject,
    said: Said,
    form: EditForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {"subject": subject, "said": said, "form": form, **more}
    name = "conversation/edit.html#editing" if request.htmx else "conversation/edit.html"
    return render(request, name, context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def comment_remove(request: MemberRequest, kind: str, key: str, pk: int) -> HttpResponse:
    """Say what removing means, and take the words away."""
    subject = _find_subject(request.member, kind, key)
    said = _find_comment(subject, request.member, pk)
    if not policy.can_remove(request.member, said.comment):
        raise PermissionDenied
    if request.method == "POST":
        with suppress(ValidationError):  # somebody was first: it is removed
            actions.remove_comment(said.comment, by=request.member)
        return _changed(request, subject, pk, _("The comment is removed."))
    if "leave" in request.GET:
        return _comment(request, subject, said)
    name = "conversation/remove.html#removing" if request.htmx else "conversation/remove.html"
    return render(request, name, {"subject": subject, "said": said})


def _changed(request: MemberRequest, subject: Subject, pk: int, text: str) -> HttpResponse:
    if request.htmx:
        return _comment(request, subject, _find_comment(subject, request.member, pk))
    messages.success(request, text)
    return redirect(f"{subject.get_absolute_url()}#comment-{pk}")


def _comment(request: MemberRequest, subject: Subject, said: Said) -> HttpResponse:
    """Answer with one comment as it is read."""
    if not request.htmx:
        return redirect(f"{subject.get_absolute_url()}#comment-{said.comment.pk}")
    return render(request, "conversation/_comment.html", {"said": said, "focused": True})


def _find_subject(member: Membership, kind: str, key: str) -> Subject:
    """Return what is talked about. Raises Http404, whether it is foreign or was never."""
    found = subject_named(kind, key, member)
    if found is None:
        raise Http404
    return found


def _find_comment(subject: Subject, member: Membership, pk: int) -> Said:
    found = (
        Comment.objects.visible_to(member)
        .about(subject)
        .select_related("author", "removed_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    found.workspace = member.workspace
    return Said(found, member, kind_of(subject).name, subject.key)


def _before(request: MemberRequest) -> int | None:
    """Return before which comment to read; what is no number means the newest."""
    wanted = request.GET.get("before", "")
    return int(wanted) if wanted.isdecimal() and len(wanted) <= 18 else None
