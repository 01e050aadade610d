"""That the benchmark measures what it says, tried small; nothing here asserts a time."""

from __future__ import annotations

from types import SimpleNamespace

from backlog.models import Sprint, Task
from benchmarks import asking, report
from benchmarks.world import Size, build
from live import door
from people.models import Workspace
from tests.arranging import arranging


def test_the_world_holds_what_its_size_says_and_its_people_are_signed_in(db):
    with arranging():
        built = build(Size("tiny", cards=12, backlog=5, closed_sprints=2, people=4, listeners=3))

    tasks = Task.objects.filter(workspace=built.pk)
    assert tasks.filter(sprint=built.sprint).count() == 12
    assert tasks.backlog().count() == 5
    assert Sprint.objects.filter(workspace=built.pk).closed().count() == 2
    assert len(built.cards) == 3  # a quarter of the cards in each of four columns
    assert len(built.sessions) == 7
    seats = [door.admit(session, "tiny") for session in built.sessions]
    assert all(seats)
    assert [seat.member.is_marketer for seat in seats].count(True) == 2
    assert Workspace.objects.get(pk=built.pk).key == "TI"


def test_two_programs_are_asked_by_turns_and_compared_by_their_medians():
    asked = []

    def program(name: str, cpu: float, seconds: float):
        used = iter(range(100))
        server = SimpleNamespace(cpu=lambda: next(used) * cpu)

        def ask():
            asked.append(name)
            return asking.Answer(200, {}, b"", seconds)

        return server, ask

    pair = asking.side_by_side(
        program("ours", 2.0, 0.03), program("bare", 0.5, 0.01), rounds=3, each=2
    )

    assert asked == ["ours", "bare", *(["ours"] * 2 + ["bare"] * 2) * 3]
    assert (round(pair.ours), round(pair.bare), round(pair.ratio)) == (30, 10, 3)
    assert pair.cpu_ratio == 4


def test_the_tables_replace_those_of_before_and_nothing_else(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text(f"Above\n{report.BEGIN}\nold\n{report.END}\nBelow\n")
    section = report.Section("Pages", ("what", "ms"), [("board", "12")])

    report.write([section], document)

    text = document.read_text()
    assert text.startswith("Above\n")
    assert text.endswith("\nBelow\n")
    assert "old" not in text
    assert "### Pages\n\n| what | ms |\n| --- | --: |\n| board | 12 |" in text


def test_the_tables_of_the_docs_have_their_place():
    text = report.DOCUMENT.read_text()
    assert text.count(report.BEGIN) == text.count(report.END) == 1
