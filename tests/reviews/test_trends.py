"""The lines above the archive of reviews."""

from __future__ import annotations

from reviews.trends import SprintNumbers, trends


def numbers(number, **values):
    values = {
        "committed": 60,
        "kept": 55,
        "done": 62,
        "answered": 12,
        "answered_in_time": 12,
        "delivered": 5,
        **values,
    }
    return SprintNumbers(number=number, **values)


def test_one_sprint_makes_no_line():
    assert trends([numbers(1)]) == []


def test_lines_run_from_the_oldest_to_the_latest_and_begin_at_zero():
    kept = trends([numbers(11, kept=0), numbers(12, kept=30), numbers(13, kept=60)])[0]

    assert kept.points == "4.0,34.0 50.0,19.7 96.0,5.4"
    assert (kept.last_x, kept.last_y) == (96.0, 5.4)
    assert kept.latest == "100 %"
    assert kept.description == "Sprints 11 to 13: 0 %, 50 %, 100 %"


def test_the_average_is_of_the_last_three_sprints():
    velocity = trends([numbers(n, done=done) for n, done in enumerate([10, 50, 60, 70])])[2]

    assert velocity.label == "Velocity"
    assert velocity.note == "average of the last 3: 60"


def test_a_sprint_without_answers_is_left_out_of_that_line():
    quiet = numbers(12, answered=0, answered_in_time=0)
    labels = [trend.label for trend in trends([numbers(11), quiet])]

    assert "Requests answered in time" not in labels
    assert "Velocity" in labels


def test_nothing_delivered_at_all_is_a_flat_line_on_the_floor():
    delivered = trends([numbers(1, delivered=0), numbers(2, delivered=0)])[-1]

    assert delivered.points == "4.0,34.0 96.0,34.0"
    assert delivered.note == "0 in 2 sprints"
