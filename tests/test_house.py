"""The rules of the house (CONTRIBUTING.md), and a planted violation that proves each one bites."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "activity",
    "people",
    "live",
    "notifications",
    "conversation",
    "campaigns",
    "backlog",
    "requests_intake",
    "reviews",
)
ROOMS = {
    "__init__",
    "actions",
    "admin",
    "api",
    "apps",
    "forms",
    "jobs",
    "mails",
    "metrics",
    "migrations",
    "models",
    "policy",
    "serializers",
    "templatetags",
    "urls",
    "views",
}
# A module that is no room of its own says here what it is for
EXTRA_ROOMS = {
    "activity": {
        "bounds": "what a day and an address may be",
        "breaker": "keeps a server that does not answer from holding up callers",
        "changes": "change(): the one way to write",
        "clock": "the one clock",
        "databases": "what an error of the database means to people",
        "counters": "what a process counts for /metrics",
        "doorbell": "the one place that rings a job",
        "lines": "texts of many rows in one value",
        "memory": "what is kept until a workspace changes",
        "compiled": "reads whose SQL is kept",
        "text": "what people may type, for every form",
    },
    "people": {
        "access": "the door of every page in a workspace",
        "tallies": "where allauth keeps its counts of tries",
        "adapters": "allauth in this house",
        "faces": "initials and hues, pure functions",
        "invitations": "the links of invitations, and whom they are for",
        "middleware": "the reader's zone and language",
        "sign_in_forms": "allauth's forms with our words",
        "working_days": "when working days are over, pure functions",
        "zones": "time zones as people choose them",
    },
    "live": {
        "bell": "rings the readers after a commit",
        "door": "who may listen",
        "hub": "fan-out in memory",
        "presence": "who looks at a board, in memory",
        "reader": "the one reader of the log in a process",
        "stream": "server-sent events over plain ASGI",
    },
    "notifications": {
        "inbox": "what people are told in the app, how they want to be, and the mails that follow",
        "senders": "how a mail leaves",
        "showing": "how a mail fared, in words",
    },
    "conversation": {
        "files": "files that hang on things: taken in, kept, sent and thrown away",
        "markdown": "words of people to clean HTML",
        "mentions": "who is meant by @ and a name",
        "reading": "what a thread shows",
        "subjects": "what people may talk about, as higher apps say it",
        "telling": "who hears of what was said",
    },
    "backlog": {
        "blocking_forms": "the forms of impediments and of waits",
        "board": "the read of the board and its memoised cards",
        "burndown": "what is left of a sprint day by day, from the log",
        "burndown_chart": "the burndown as a drawing",
        "changes": "what changed on the board since a number",
        "column_forms": "the columns of a board as rows of a form",
        "hanging": "what blocks a task and what it waits for, as pages show it",
        "listing": "what the backlog page reads: filters, orders, pages",
        "now": "what was done lately, is in work and comes next",
        "ordering": "places between neighbours, pure functions",
        "planning": "what the planning page reads",
        "planning_forms": "the forms of planning",
        "searching": "tasks by the words of their titles",
        "property_forms": "the form of one property, edited where it stands",
        "subjects": "tasks, for those who talk about them",
    },
    "requests_intake": {
        "answer_clock": "working hours, pure functions",
        "demand": "what the deals behind a request are worth, pure functions",
        "likeness": "which titles say the same, pure functions",
        "reading": "what pages read of requests",
        "subjects": "requests, for those who talk about them",
        "suggestions": "words to begin an answer with, pure functions",
        "tracker": "the five steps of a request, pure functions",
    },
    "reviews": {
        "editing": "what the editor shows",
        "facts": "the frozen facts: typed, versioned JSON",
        "listing": "what the archive shows",
        "mailing": "who gets a review, and how far it has come",
        "reading": "what a review page shows",
        "showing": "facts for templates",
        "trends": "numbers over many reviews",
        "wording": "facts to draft words, pure functions",
    },
}


@dataclass(frozen=True)
class Found:
    """A place that breaks a rule."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


Rule = Callable[[str, ast.Module], Iterator[Found]]


def dotted(node: ast.AST) -> str:
    """Return "timezone.now" of such an expression, as far as it is names."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


# Rules for Python ------------------------------------------------------------------------------

WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
}
MAY_WRITE = {
    ("conversation/files/pictures.py", "save"): "a small picture into a file",
    ("activity/changes.py", "bulk_create"): "change() itself writes the log",
    ("activity/changes.py", "update"): "change() itself counts",
    ("people/models.py", "save"): "create_user, as Django expects it of a user manager",
}
NO_ROWS = {"digest", "hashlib", "environ", "vars()"}  # what else has a method of that name


def writes_only_in_actions(path: str, tree: ast.Module) -> Iterator[Found]:
    """Only verbs write."""
    parts = Path(path).parts
    if "actions" in parts or parts[-1] == "actions.py" or "migrations" in parts:
        return
    for call in calls(tree):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
            continue
        if (path, call.func.attr) in MAY_WRITE or ast.unparse(call.func.value) in NO_ROWS:
            continue
        yield Found(path, call.lineno, f"writes ({ast.unparse(call.func)}) outside actions")


CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
CLOCKS |= {f"datetime.{name}" for name in CLOCKS} | {"timezone.localdate", "localdate", "time.time"}


MAY_TELL_TIME = {
    "activity/clock.py": "the clock itself",
    "sprintboard/broker.py": "ages of files, which the file system's clock stamped",
    "sprintboard/server/probe.py": "the age of a file",
    "sprintboard/sessions.py": "Django gives a session its end by its own clock",
}


def one_clock(path: str, tree: ast.Module) -> Iterator[Found]:
    """Rules, due times and leases ask activity.clock."""
    if path in MAY_TELL_TIME:
        return
    for node in ast.walk(tree):
        bare_localtime = (
            isinstance(node, ast.Call)
            and dotted(node.func) == "timezone.localtime"
            and not node.args
        )
        if bare_localtime or (isinstance(node, ast.Attribute) and dotted(node) in CLOCKS):
            yield Found(path, node.lineno, "tells the time without activity.clock")


def no_schedule_in_messages(path: str, tree: ast.Module) -> Iterator[Found]:
    """Due times live in rows."""
    for call in calls(tree):
        named = {keyword.arg for keyword in call.keywords}
        if named & {"countdown", "eta"}:
            yield Found(path, call.lineno, "a due time in a message")
        if dotted(call.func) == "self.retry":
            yield Found(path, call.lineno, "a retry in a message")


def one_doorbell(path: str, tree: ast.Module) -> Iterator[Found]:
    """Jobs are rung after commit, behind a breaker."""
    if path == "activity/doorbell.py":
        return
    for call in calls(tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"delay", "apply_async"}:
            yield Found(path, call.lineno, "rings a job past activity.doorbell")


SAFE_HERE = {
    "sprintboard/templatetags/ui.py": "a package's icons, the import map, clean Markdown",
    "backlog/board.py": "cards, which a template has rendered",
}


def nothing_is_declared_safe(path: str, tree: ast.Module) -> Iterator[Found]:
    """Words of people are escaped; three drawings of our own and stored clean HTML are not."""
    for node in ast.walk(tree):
        names = [node.id] if isinstance(node, ast.Name) else []
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
        if path not in SAFE_HERE and {"mark_safe", "SafeText"} & set(names):
            yield Found(path, node.lineno, "mark_safe")
        if (
            path not in SAFE_HERE
            and isinstance(node, ast.Call)
            and dotted(node.func) == "SafeString"
        ):
            yield Found(path, node.lineno, "SafeString of one's own making")
        formats = isinstance(node, ast.Call) and dotted(node.func).endswith("format_html")
        if formats and node.args and isinstance(node.args[0], ast.JoinedStr):
            yield Found(path, node.lineno, "format_html of an f-string")


def forms_name_their_fields(path: str, tree: ast.Module) -> Iterator[Found]:
    """A new column of a model never becomes an input by itself."""
    for meta in ast.walk(tree):
        if not isinstance(meta, ast.ClassDef) or meta.name != "Meta":
            continue
        for line in meta.body:
            if not isinstance(line, ast.Assign):
                continue
            (target,) = line.targets
            names_all = isinstance(line.value, ast.Constant) and line.value.value == "__all__"
            if dotted(target) == "exclude" or (dotted(target) == "fields" and names_all):
                yield Found(path, line.lineno, "a form that takes whatever the model has")


MAY_LACK_A_TOKEN = {
    "notifications/inbox/views.py": "mail programs unsubscribe by a signed address (RFC 8058)",
}


def tokens_everywhere(path: str, tree: ast.Module) -> Iterator[Found]:
    """No form is exempt from its token."""
    if path in MAY_LACK_A_TOKEN:
        return
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        if "csrf_exempt" in [*names, dotted(node).rpartition(".")[2]]:
            yield Found(path, node.lineno, "csrf_exempt")


def jobs_call_actions(path: str, tree: ast.Module) -> Iterator[Found]:
    """A job takes an id, finds its row and calls one action."""
    if not path.endswith("/jobs.py"):
        return
    for job in tree.body:
        if not isinstance(job, ast.FunctionDef):
            if not isinstance(job, ast.Import | ast.ImportFrom | ast.Expr):
                yield Found(path, job.lineno, "a jobs.py holds jobs")
            continue
        asked = [dotted(call.func) for call in calls(ast.Module(job.body, []))]
        if sum(name.startswith("actions.") for name in asked) != 1:
            yield Found(path, job.lineno, f"{job.name} calls not exactly one action")
        for loop in ast.walk(job):
            if isinstance(loop, ast.For | ast.While | ast.Try | ast.With):
                yield Found(path, loop.lineno, f"{job.name} does what an action should do")


PYTHON_RULES: list[Rule] = [
    writes_only_in_actions,
    one_clock,
    no_schedule_in_messages,
    one_doorbell,
    nothing_is_declared_safe,
    forms_name_their_fields,
    tokens_everywhere,
    jobs_call_actions,
]


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in (*APPS, "sprintboard"):
        for file in sorted((ROOT / app).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if "/migrations/" not in path:
                yield path, ast.parse(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_the_program_keeps_the_rule(rule):
    found = [str(place) for path, tree in sources() for place in rule(path, tree)]
    assert not found, "\n" + "\n".join(found)


PLANTED = [
    (writes_only_in_actions, "backlog/views.py", "Task.objects.filter(pk=1).update(title='x')"),
    (writes_only_in_actions, "backlog/models.py", "task.save()"),
    (writes_only_in_actions, "reviews/forms.py", "form.instance.delete()"),
    (writes_only_in_actions, "reviews/jobs.py", "Review.objects.bulk_create([])"),
    (one_clock, "backlog/views.py", "when = timezone.now()"),
    (one_clock, "backlog/models.py", "at = DateTimeField(default=timezone.now)"),
    (one_clock, "backlog/views.py", "when = datetime.datetime.now(UTC)"),
    (one_clock, "backlog/views.py", "when = date.today()"),
    (one_clock, "backlog/views.py", "when = timezone.localtime()"),
    (no_schedule_in_messages, "reviews/actions.py", "draft.s(1, countdown=60)"),
    (no_schedule_in_messages, "reviews/actions.py", "sign(eta=tomorrow)"),
    (no_schedule_in_messages, "reviews/jobs.py", "self.retry()"),
    (one_doorbell, "reviews/actions.py", "jobs.draft.delay(1)"),
    (one_doorbell, "reviews/actions.py", "jobs.draft.apply_async((1,))"),
    (nothing_is_declared_safe, "backlog/forms.py", "from x import mark_safe"),
    (nothing_is_declared_safe, "backlog/forms.py", "html = mark_safe('<b>')"),
    (nothing_is_declared_safe, "backlog/forms.py", "html = SafeString(title)"),
    (nothing_is_declared_safe, "backlog/board.py", "format_html(f'<b>{title}</b>')"),
    (forms_name_their_fields, "backlog/forms.py", "class Meta:\n    fields = '__all__'"),
    (forms_name_their_fields, "backlog/forms.py", "class Meta:\n    exclude = ['x']"),
    (tokens_everywhere, "backlog/views.py", "from x import csrf_exempt"),
    (tokens_everywhere, "backlog/views.py", "view = decorators.csrf_exempt(view)"),
    (jobs_call_actions, "reviews/jobs.py", "def draft(pk):\n    mail.send(pk)"),
    (
        jobs_call_actions,
        "reviews/jobs.py",
        "def draft():\n    for x in y:\n        actions.draft(x)",
    ),
    (jobs_call_actions, "reviews/jobs.py", "class Draft:\n    pass"),
]


@pytest.mark.parametrize(("rule", "path", "source"), PLANTED)
def test_the_rule_bites(rule, path, source):
    assert list(rule(path, ast.parse(source)))


def test_every_rule_has_been_seen_to_bite():
    assert {rule for rule, _path, _source in PLANTED} == set(PYTHON_RULES)


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (writes_only_in_actions, "backlog/actions/tasks.py", "task.save()"),
        (writes_only_in_actions, "backlog/actions.py", "task.save()"),
        (one_clock, "backlog/views.py", "when = timezone.localtime(record.at)"),
        (one_clock, "backlog/views.py", "when = clock.now()"),
        (jobs_call_actions, "reviews/jobs.py", "def draft(pk):\n    actions.draft(pk)"),
        (jobs_call_actions, "reviews/views.py", "class Draft:\n    pass"),
    ],
)
def test_the_rule_leaves_others_alone(rule, path, source):
    assert not list(rule(path, ast.parse(source)))


def test_no_exception_outlives_its_reason():
    hits = {
        (path, call.func.attr)
        for path, tree in sources()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
    }
    assert set(MAY_WRITE) <= hits
    places = {*SAFE_HERE, *MAY_TELL_TIME, *MAY_LACK_A_TOKEN}
    assert all((ROOT / path).is_file() for path in places)


# Rooms -----------------------------------------------------------------------------------------


def modules(app: Path) -> set[str]:
    return {
        entry.stem
        for entry in app.iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and (entry / "__init__.py").is_file())
    }


@pytest.mark.parametrize("app", APPS)
def test_every_module_is_a_known_room(app):
    unknown = modules(ROOT / app) - ROOMS - set(EXTRA_ROOMS.get(app, {}))
    assert not unknown, f"{app}: what is {unknown} for? A room, or a line in EXTRA_ROOMS"


@pytest.mark.parametrize("app", APPS)
def test_every_extra_room_exists(app):
    assert set(EXTRA_ROOMS.get(app, {})) <= modules(ROOT / app)


def test_an_unknown_room_would_be_found(tmp_path):
    (tmp_path / "utils.py").write_text("")
    assert modules(tmp_path) - ROOMS == {"utils"}


def test_every_app_is_listed():
    present = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert present - {"sprintboard"} == set(APPS)


# Rules for templates ---------------------------------------------------------------------------

TEMPLATE_RULES = {
    "|safe": r"\|\s*safe(seq)?\b",
    "autoescape off": r"{%\s*autoescape\s+off",
    "inline style": r"<[^>]*\sstyle\s*=",
    "style element": r"<style\b",
    "script without src": r"<script\b(?![^>]*\ssrc=)",
    "event attribute": r"<[^>]*\son[a-z]+\s*=",
    "hx-on": r"\bhx-on\b",
    "javascript: or js:": r"""["']\s*(js|javascript):""",
    "hx-vars": r"\bhx-vars\b",
    "filter in hx-trigger": r"""hx-trigger(:inherited)?=["'][^"']*\[""",
}
IN_TEMPLATES = {
    name: re.compile(pattern, re.IGNORECASE) for name, pattern in TEMPLATE_RULES.items()
}


def broken_in(text: str, *, html: bool = True) -> list[str]:
    """Return the rules that a template breaks."""
    bare = re.sub(r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", "", text, flags=re.DOTALL)
    rules = IN_TEMPLATES if html else {"|safe": IN_TEMPLATES["|safe"]}
    return [name for name, pattern in rules.items() if pattern.search(bare)]


def test_templates_keep_to_the_policy():
    files = [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    assert len(files) > 30
    found = {
        path.relative_to(ROOT).as_posix(): broken
        for path in files
        if (broken := broken_in(path.read_text(encoding="utf-8"), html=path.suffix == ".html"))
    }
    assert not found


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("|safe", "{{ task.title|safe }}"),
        ("|safe", "{{ titles | safeseq }}"),
        ("autoescape off", "{% autoescape off %}{{ x }}{% endautoescape %}"),
        ("inline style", '<p class="a" style="color: red">'),
        ("style element", "<style>p {}</style>"),
        ("script without src", "<script>go()</script>"),
        ("script without src", '<script type="module">go()</script>'),
        ("event attribute", '<button type="button" onclick="go()">'),
        ("event attribute", '<img src="x" onerror=go()>'),
        ("hx-on", '<p hx-on:click="go()">'),
        ("javascript: or js:", "<p hx-vals='js:{a: 1}'>"),
        ("javascript: or js:", '<a href="javascript:go()">'),
        ("hx-vars", '<p hx-vars="a">'),
        ("filter in hx-trigger", '<p hx-trigger="click[ctrlKey]">'),
    ],
)
def test_a_template_that_breaks_the_policy_is_found(rule, text):
    assert rule in broken_in(text)


def test_every_rule_for_templates_has_been_seen_to_bite():
    marks = test_a_template_that_breaks_the_policy_is_found.pytestmark
    assert {case[0] for case in marks[0].args[1]} == set(TEMPLATE_RULES)


@pytest.mark.parametrize(
    "text",
    [
        "<script src=\"{% static 'boot.js' %}\"></script>",
        "{% comment %}Never |safe.{% endcomment %}",
        '<p data-on="x" class="style" title="on time = soon">',
        '<link rel="stylesheet" href="{% static \'css/app.css\' %}">',
    ],
)
def test_a_proper_template_is_left_alone(text):
    assert broken_in(text) == []


# Direction -------------------------------------------------------------------------------------


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(program), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_lower_apps_never_import_higher_ones(tmp_path):
    """The contract holds for the program, and breaks for a copy with one planted import."""
    for app in (*APPS, "sprintboard"):
        shutil.copytree(
            ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    kept = lint_imports(tmp_path)
    assert kept.returncode == 0, kept.stdout

    with (tmp_path / "people" / "policy.py").open("a") as file:
        file.write("\nfrom backlog import metrics\n")
    broken = lint_imports(tmp_path)
    assert broken.returncode == 1
    assert "people is not allowed to import backlog" in broken.stdout
