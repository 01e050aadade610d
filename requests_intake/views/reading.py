"""What everybody may read: the list of requests, and one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from activity import clock
from activity.forms import strange_address
from conversation.files.reading import shelf, with_files
from conversation.reading import thread
from people.access import MemberRequest, member_required
from people.models import Membership, Role
from requests_intake import policy, reading
from requests_intake.forms import FilterForm
from requests_intake.models import UNDECIDED, Request, RequestQuerySet, RequestState
from requests_intake.tracker import Work, tracker

PAGE = 25


@dataclass(frozen=True)
class Choice:
    """One way to narrow the list: its word, where it leads, and whether it is the one shown."""

    label: str
    url: str
    current: bool


@require_safe
@member_required
def request_list(request: MemberRequest) -> HttpResponse:
    """List requests, the newest first: a rep's own, or everybody's."""
    member = request.member
    reps = list(Membership.objects.visible_to(member).with_role(Role.SALES).by_name())
    form, status = FilterForm(request.GET, reps=reps), 200
    if not form.is_valid():
        messages.warning(request, strange_address(form))
        form, status = FilterForm({}, reps=reps), 400
        form.is_valid()
    state: str = form.cleaned_data.get("state", "")
    who = _who(form.cleaned_data.get("who", ""), member, reps)
    found = _in_state(Request.objects.visible_to(member), state)
    if who is not None:
        found = found.filter(requester=who)
    rows, newer, older = _page(
        found, form.cleaned_data.get("before"), form.cleaned_data.get("after")
    )
    address = reverse("requests", args=[member.workspace.slug])
    chosen = {"state": state, "who": str(who.pk) if who else "all"}
    return render(
        request,
        "requests_intake/list.html",
        {
            "workspace": member.workspace,
            "rows": [reading.track(row, member) for row in rows],
            "states": [
                Choice(str(label), _address(address, {**chosen, "state": value}), value == state)
                for value, label in FilterForm.STATES
            ],
            "state": state,
            "reps": reps,
            "who": who,
            "is_filtered": bool(state) or (who is not None and who.pk != member.pk),
            "can_submit": policy.can_submit(member),
            "newer": _address(address, {**chosen, "after": rows[0].number}) if newer else "",
            "older": _address(address, {**chosen, "before": rows[-1].number}) if older else "",
        },
        status=status,
    )


@require_safe
@member_required
def request_page(request: MemberRequest, key: str) -> HttpResponse:
    """Show one request: where it is, what was asked, the answer, and what came of it."""
    member = request.member
    asked, target = _with_target(key, member)
    standing = target or asked  # what was merged stands where its target does
    tracked = reading.track(standing, member)
    if target:  # but it was asked by its own rep, on its own day
        own = tracker(asked, member)[0]
        tracked = replace(tracked, steps=[own, *tracked.steps[1:]])
    work = Work(standing)
    decision = asked.decision
    said = decision or (asked.question if asked.is_asked else None)
    return render(
        request,
        "requests_intake/request.html",
        {
            "asked": asked,
            "target": target,
            "tracked": tracked,
            "decision": decision,
            "question": asked.question,
            "work": work,
            "links": [link for task in work.done for link in task.deliverables.all()],
            "my_backing": next((one for one in asked.backers if one.backer == member), None),
            "can_answer": policy.can_answer(member, asked),
            "can_reply": policy.can_reply(member, asked),
            "can_back": policy.can_back(member) and not asked.is_merged,
            "withdrawable": [one.pk for one in asked.backers if policy.can_withdraw(member, one)],
            "can_undo": said is not None
            and said.can_still_be_undone(clock.now())
            and policy.can_undo(member, said),
            "workspace": member.workspace,
            "thread": thread(asked, member),
            "shelf": shelf(asked, member),
        },
    )


def _with_target(key: str, member: Membership) -> tuple[Request, Request | None]:
    """Load a request to be shown, and with it the one that it was merged into."""
    named = Request.objects.named(key, member.workspace)
    both = Q(pk__in=named.values("pk")) | Q(pk__in=named.values("merged_into"))
    loaded = list(with_files(Request.objects.tracked_with_results().with_demand().filter(both)))
    # a request is merged into another one, never into itself; 017 is 17 to whoever typed it
    targets = {one.merged_into_id for one in loaded}
    asked = next((one for one in loaded if one.pk not in targets), None)
    if asked is None:
        raise Http404
    asked.workspace = member.workspace
    return asked, next((one for one in loaded if one.pk == asked.merged_into_id), None)


def _who(chosen: str, member: Membership, reps: list[Membership]) -> Membership | None:
    """Return whose requests to show: a rep sees his own until he chooses otherwise."""
    if chosen == "all" or (not chosen and not member.is_sales):
        return None
    if not chosen or chosen == "me":
        return member
    return next((rep for rep in reps if str(rep.pk) == chosen), None)


def _in_state(requests: RequestQuerySet, state: str) -> RequestQuerySet:
    if state == "waiting":
        return requests.filter(state__in=UNDECIDED)
    if state == "coming":
        return requests.said_yes_to().exclude(pk__in=requests.with_all_done().values("pk"))
    if state == "delivered":
        return requests.said_yes_to().with_all_done()
    if state == "declined":
        return requests.filter(state=RequestState.DECLINED)
    if state == "merged":
        return requests.filter(state=RequestState.MERGED)
    return requests


def _page(
    found: RequestQuerySet, before: int | None, after: int | None
) -> tuple[list[Request], bool, bool]:
    """Return one page by the number of a neighbour, and whether there is a newer and an older."""
    found = found.tracked().with_demand()
    if after is not None:
        nearest = found.filter(number__gt=after).order_by("number")[: PAGE + 1]
        rows = list(nearest)
        return rows[:PAGE][::-1], len(rows) > PAGE, bool(rows)
    if before is not None:
        found = found.filter(number__lt=before)
    rows = list(found.order_by("-number")[: PAGE + 1])
    return rows[:PAGE], before is not None and bool(rows), len(rows) > PAGE


def _address(address: str, values: dict[str, object]) -> str:
    return f"{address}?{urlencode(values)}"
