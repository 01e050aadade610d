"""The jobs of reviews: bells that may ring twice, late, or for what is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifications import actions as outbox
from reviews import actions, jobs
from reviews.models import Review
from tests.factories import make_sprint

NOW = datetime(2026, 12, 10, 11, 0, tzinfo=UTC)


@pytest.fixture
def sprint(northwind, time_machine):
    time_machine.move_to(NOW, tick=False)
    return make_sprint(northwind.workspace, state="active", started_at=NOW)


def test_bells_ring_jobs_that_exist():
    assert actions.DRAFT.name == jobs.draft.name


def test_closing_rings_the_draft_only_once_it_is_saved(
    northwind, sprint, monkeypatch, django_capture_on_commit_callbacks
):
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(type(actions.DRAFT), "delay", lambda self, *args: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        review = actions.close_sprint(sprint, by=northwind.mia)
        assert asked == []
    assert (review.pk,) in asked


def test_drafting_twice_and_drafting_nothing_do_no_harm(northwind, sprint):
    review = actions.close_sprint(sprint, by=northwind.mia)
    for review_id in (review.pk, review.pk, review.pk + 1):
        jobs.draft(review_id)
    review.refresh_from_db()
    assert review.drafted_at == NOW
    assert review.version == 2


def test_the_sweep_closes_and_drafts_what_a_night_without_jobs_left(
    northwind, sprint, time_machine
):
    time_machine.move_to(sprint.ends_at + timedelta(hours=30), tick=False)
    jobs.sweep()
    review = Review.objects.get()
    assert review.is_drafted
    assert not review.is_published


def test_a_lost_ring_of_the_draft_is_found_by_the_sweep(northwind, sprint, monkeypatch):
    def broken(self, *args):
        raise ConnectionError

    monkeypatch.setattr(type(outbox.DELIVER), "delay", broken)
    review = actions.close_sprint(sprint, by=northwind.mia)
    jobs.sweep()
    review.refresh_from_db()
    assert review.is_drafted
