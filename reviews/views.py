"""The pages of reviews: the archive, one review, its editor and its mail, and closing a sprint."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activity import clock
from activity.changes import Stale
from activity.forms import PageForm, strange_address
from backlog.models import Sprint, Task
from backlog.policy import can_close_sprint
from notifications.actions import send_again
from people.access import MemberRequest, member_required
from people.models import Membership
from people.zones import city_of

from . import actions, mails, policy, reading, wording
from .editing import picks_of
from .forms import WORDS, CloseForm, PublishForm, ReviewForm
from .listing import listing
from .mailing import journey_of, journeys_of, mornings_in_words, recipients_of
from .models import Delivery, Review
from .showing import goal_in_words, show

# A mail is a foreign page on its own address: its inline styles work there, and nothing else does
MAIL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)


def _review(member: Membership, number: int) -> Review:
    """Fetch a review that this member may read; for Sales a draft does not exist."""
    reviews = Review.objects.visible_to(member).select_related(
        "sprint", "edited_by", "published_by"
    )
    review = get_object_or_404(reviews, sprint__number=number)
    review.workspace = review.sprint.workspace = member.workspace
    return review


def _looked_after(member: Membership, number: int) -> Review:
    """Fetch a review for somebody who sees to it that it goes out."""
    review = _review(member, number)
    if not policy.can_look_after(member, review):
        raise PermissionDenied
    return review


def _address(name: str, review: Review) -> str:
    return reverse(name, args=[review.workspace.slug, review.sprint.number])


# Reading --------------------------------------------------------------------------------------


@require_safe
@member_required
def archive(request: MemberRequest) -> HttpResponse:
    """List the reviews, the latest first, with how the numbers moved."""
    asked = PageForm(request.GET)
    if not asked.is_valid():
        messages.warning(request, strange_address(asked))
    found = listing(request.member, asked.cleaned_data.get("before"))
    older = f"?before={found.older}" if found.older else ""
    newer = "" if found.is_first_page else reverse("reviews", args=[request.member.workspace.slug])
    return render(
        request,
        "reviews/archive.html",
        {"listing": found, "older": older, "newer": newer},
        status=HTTPStatus.BAD_REQUEST if asked.errors else HTTPStatus.OK,
    )


@require_safe
@member_required
def page(request: MemberRequest, number: int) -> HttpResponse:
    """Show one review. That a member has opened it is noted once."""
    review = _review(request.member, number)
    if request.htmx or not (review.is_drafted or review.is_published):
        return _still_drafting(request, review)
    if _is_opened(request):
        actions.mark_read(review, by=request.member)
    shown = reading.page(review, request.member)
    points = shown.points
    context = {
        "review": review,
        "page": shown,
        "shown": show(shown, request.member),
        "can_look_after": policy.can_look_after(request.member, review),
        "went_total": points.done_of_committed + points.unplanned_done + points.carried,
        "went_label": _("%(done)d planned points done, %(unplanned)d unplanned, %(left)d not done")
        % {
            "done": points.done_of_committed,
            "unplanned": points.unplanned_done,
            "left": points.carried,
        },
    }
    return render(request, "reviews/page.html", context)


def _is_opened(request: MemberRequest) -> bool:
    """Tell a person who opens a page from a browser that looks ahead."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose and "prerender" not in purpose


def _still_drafting(request: MemberRequest, review: Review) -> HttpResponse:
    """Say that the words are on their way. The page asks again, and is told when they are there."""
    if request.htmx:
        news = {"HX-Refresh": "true"} if review.is_drafted else {}
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=news)
    return render(request, "reviews/drafting.html", {"review": review})


# Editing --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def edit(request: MemberRequest, number: int) -> HttpResponse:
    """Edit the words, and choose what stands in the mail and what nobody reads."""
    review = _looked_after(request.member, number)
    if not review.is_published and not policy.can_edit_review(request.member, review):
        raise PermissionDenied
    if request.method == "POST":
        return _save(request, review) or _saved(request, review)
    if review.is_published:
        return redirect(_address("review_publish", review))
    if request.htmx or not review.is_drafted:
        return _still_drafting(request, review)
    initial = {name: getattr(review, name) for name in ("verdict", "version", "marks", *WORDS)}
    return _editor(request, review, ReviewForm(initial=initial))


def _saved(request: MemberRequest, review: Review) -> HttpResponse:
    if request.POST.get("then") == "publish":
        return redirect(_address("review_publish", review))
    messages.success(request, _("Saved."))
    return redirect(_address("review_edit", review))


@require_POST
@member_required
def redraft(request: MemberRequest, number: int) -> HttpResponse:
    """Put the drafted words back into the form; nothing is saved before somebody saves."""
    review = _looked_after(request.member, number)
    if not policy.can_edit_review(request.member, review):
        raise PermissionDenied
    with override("en"):  # stored words have one language, as when they were drafted
        drafted = wording.draft(review.frozen)
    typed = request.POST.copy()
    for name in WORDS:
        typed[name] = getattr(drafted, name)
    form = ReviewForm(typed, items=review.frozen.item_ids)
    return _editor(request, review, form, redrafted=True)


@require_POST
@member_required
def send_test(request: MemberRequest, number: int) -> HttpResponse:
    """Save what was typed, if anything was, and mail the review to whoever asks."""
    review = _looked_after(request.member, number)
    if "subject" in request.POST:
        problem = _save(request, review)
        if problem is not None:
            return problem
    try:
        actions.send_test(review, by=request.member)
    except ValidationError as error:
        messages.warning(request, str(error.messages[0]))
    else:
        sentence = _("On its way to %(address)s.") % {"address": request.member.user.email}
        messages.success(request, sentence)
    back = "review_edit" if policy.can_edit_review(request.member, review) else "review_publish"
    return redirect(_address(back, review))


def _save(request: MemberRequest, review: Review) -> HttpResponse | None:
    """Save the posted words; return the editor with what was typed when that cannot be done."""
    form = ReviewForm(request.POST, items=review.frozen.item_ids)
    if not form.is_valid():
        return _editor(request, review, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    version = form.cleaned_data["version"]
    try:
        actions.edit_review(review, by=request.member, version=version, **form.changes())
    except Stale:
        return _conflict(request, _review(request.member, review.sprint.number), form)
    except ValidationError as error:
        form.add_error(None, error)
        published = getattr(error, "code", "") == "published"
        status = HTTPStatus.CONFLICT if published else HTTPStatus.UNPROCESSABLE_ENTITY
        return _editor(request, review, form, status=status)
    return None


def _conflict(request: MemberRequest, current: Review, form: ReviewForm) -> HttpResponse:
    """Show both: what was typed, in the form, and what somebody else has saved, under it."""
    mine = form.changes()
    theirs = {
        name: current.get_verdict_display() if name == "verdict" else getattr(current, name)
        for name in ("verdict", *WORDS)
        if getattr(current, name) != mine[name]
    }
    typed = request.POST.copy()
    typed["version"] = str(current.version)
    again = ReviewForm(typed, items=current.frozen.item_ids)
    return _editor(
        request,
        current,
        again,
        status=HTTPStatus.CONFLICT,
        conflict=True,
        theirs=theirs,
        marks_differ=mine["marks"] != current.marks,
    )


def _editor(
    request: MemberRequest,
    review: Review,
    form: ReviewForm,
    status: int = HTTPStatus.OK,
    **extra: Any,
) -> HttpResponse:
    readers = recipients_of(reading.recipients(review), clock.now())
    context = {
        "review": review,
        "form": form,
        "groups": picks_of(review.frozen, form.marks),
        "measured": goal_in_words(review.frozen.goal),
        "recipients": readers,
        "preview_as": readers[0].member if readers else request.member,
        "goes_out_at": review.goes_out_at,
        **extra,
    }
    return render(request, "reviews/edit.html", context, status=status)


# Publishing -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def publish(request: MemberRequest, number: int) -> HttpResponse:
    """Say what publishing does, do it once, and afterwards show how each mail fared."""
    review = _looked_after(request.member, number)
    asks_whether_drafted = request.htmx and request.method != "POST"
    if asks_whether_drafted or not (review.is_drafted or review.is_published):
        return _still_drafting(request, review)
    form = PublishForm(request.POST or None, initial={"version": review.version})
    if request.method != "POST":
        return _publish_page(request, review, form)
    if not form.is_valid():
        return _publish_page(request, review, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        review = actions.publish_review(review, by=request.member, **form.cleaned_data)
    except (Stale, ValidationError) as error:
        return _not_published(request, _review(request.member, number), error)
    if form.cleaned_data["send"] == "morning":
        sentence = _("Published. The mails leave at 08:00 of each reader’s own day.")
    else:
        count = review.deliveries.count()
        sentence = ngettext(
            "Published. %(n)d mail is on its way.",
            "Published. %(n)d mails are on their way.",
            count,
        ) % {"n": count}
    messages.success(request, sentence)
    return redirect(_address("review_publish", review))


def _not_published(
    request: MemberRequest, review: Review, error: Stale | ValidationError
) -> HttpResponse:
    """Show how things stand now, and why nothing was done."""
    if isinstance(error, Stale):
        why = _("Somebody changed the words since you opened this page. Look at them once more.")
    else:
        why = str(error.messages[0])
    messages.warning(request, why)
    form = PublishForm(initial={"version": review.version})
    return _publish_page(request, review, form, HTTPStatus.CONFLICT)


def _publish_page(
    request: MemberRequest, review: Review, form: PublishForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    context: dict[str, Any] = {
        "review": review,
        "form": form,
        "can_edit": policy.can_edit_review(request.member, review),
        "can_send_again": policy.can_look_after(request.member, review),
    }
    if review.is_published:
        read_by = set(review.readings.values_list("member_id", flat=True))
        context["journeys"] = journeys_of(review, review.deliveries.with_journey(), read_by)
    else:
        now = clock.now()
        readers = recipients_of(reading.recipients(review), now)
        context["recipients"] = readers
        context["asleep"] = sum(one.is_asleep for one in readers)
        context["morning_sentence"] = mornings_in_words(readers, now)
    return render(request, "reviews/publish.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def again(request: MemberRequest, number: int, pk: int) -> HttpResponse:
    """Ask before a mail that may have arrived is sent once more; a POST sends it."""
    review = _looked_after(request.member, number)
    delivery = get_object_or_404(review.deliveries.with_journey(), pk=pk)
    if request.method == "POST":
        return _send_again(request, review, delivery)
    if not delivery.item.can_be_sent_again:
        return redirect(_address("review_publish", review))
    journey = journey_of(review, delivery, read_by=set())
    return render(request, "reviews/again.html", {"review": review, "journey": journey})


def _send_again(request: MemberRequest, review: Review, delivery: Delivery) -> HttpResponse:
    name = delivery.recipient.first_name
    try:
        send_again(delivery.item, by=request.member)
    except ValidationError as error:
        messages.warning(request, str(error.messages[0]))
    else:
        messages.success(request, _("On its way to %(name)s again.") % {"name": name})
    return redirect(_address("review_publish", review))


@require_safe
@member_required
def mail(request: MemberRequest, number: int) -> HttpResponse:
    """Show the mail as one reader would get it, on its own address under its own policy."""
    review = _looked_after(request.member, number)
    if not review.is_drafted:
        raise Http404
    message = mails.preview(review, _reader(request, review))
    if request.GET.get("format") == "text":
        text = f"{message.subject}\n\n{message.text}"
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    else:
        # links leave the frame: no page of ours may be shown inside it
        html = message.html.replace("<head>", '<head><base target="_blank">', 1)
        response = HttpResponse(html)
    response["Content-Security-Policy"] = MAIL_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _reader(request: MemberRequest, review: Review) -> Membership:
    """Return who is meant by `?as=`: somebody who gets the mail, or the person who looks."""
    wanted = request.GET.get("as", str(request.member.pk))
    for member in (request.member, *reading.recipients(review)):
        if str(member.pk) == wanted:
            return member
    raise Http404


# Closing a sprint -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def close(request: MemberRequest, number: int) -> HttpResponse:
    """Say what the sprint comes to and what moves on; a POST closes it."""
    sprint = get_object_or_404(Sprint.objects.visible_to(request.member), number=number)
    sprint.workspace = request.member.workspace
    if not can_close_sprint(request.member, sprint):
        raise PermissionDenied
    is_post = request.method == "POST"
    if not sprint.is_active:
        return _not_running(request, sprint, HTTPStatus.CONFLICT if is_post else HTTPStatus.OK)
    following = Sprint.objects.visible_to(request.member).planned().first()
    if not is_post:
        initial = {"version": sprint.version, "goal_actual": sprint.goal_actual}
        return _close_page(request, sprint, CloseForm(initial=initial, following=following))
    form = CloseForm(request.POST, following=following)
    if not form.is_valid():
        return _close_page(request, sprint, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        actions.close_sprint(sprint, by=request.member, **form.cleaned_data)
    except (Stale, ValidationError):
        return _not_closed(request, sprint, following)
    messages.success(request, _("Sprint %(n)d is closed.") % {"n": number})
    return redirect("review_edit", request.member.workspace.slug, number)


def _not_closed(request: MemberRequest, sprint: Sprint, following: Sprint | None) -> HttpResponse:
    """Say that somebody else was quicker: closed it, or changed its goal or dates."""
    sprint.refresh_from_db()
    if not sprint.is_active:
        return _not_running(request, sprint, HTTPStatus.CONFLICT)
    messages.warning(
        request, _("Somebody changed this sprint since you opened the page. Look at it once more.")
    )
    typed = request.POST.copy()
    typed["version"] = str(sprint.version)
    form = CloseForm(typed, following=following)
    return _close_page(request, sprint, form, HTTPStatus.CONFLICT)


def _not_running(request: MemberRequest, sprint: Sprint, status: int) -> HttpResponse:
    return render(request, "reviews/close_not.html", {"sprint": sprint}, status=status)


def _close_page(
    request: MemberRequest, sprint: Sprint, form: CloseForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    tasks = list(
        Task.objects.current()
        .filter(sprint=sprint)
        .ranked()
        .select_related("column", "assignee", "workspace")
    )
    done = [task for task in tasks if task.column.is_done]
    context = {
        "sprint": sprint,
        "form": form,
        "done": done,
        "unfinished": [task for task in tasks if not task.column.is_done],
        "done_points": sum(task.points or 0 for task in done if not task.is_unplanned),
        "is_early": clock.now() < sprint.ends_at,
        "measure": sprint.goal_measure or _("The goal’s measure"),
        "city": city_of(sprint.workspace.time_zone),
    }
    return render(request, "reviews/close.html", context, status=status)
