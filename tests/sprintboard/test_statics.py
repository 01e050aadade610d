"""The import map, the one stylesheet, and what a first visit costs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.template import Context, Template

from sprintboard import importmap, statics

CSS = settings.BASE_DIR / "static" / "css"
JS = settings.BASE_DIR / "static" / "js"


def test_the_policy_names_exactly_the_text_of_the_import_map():
    page = Template("{% importmap %}").render(Context())
    text = re.search(r'<script type="importmap">(.*?)</script>', page).group(1)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert importmap.importmap_hash() == f"'sha256-{digest}'"


def test_every_module_is_in_the_map():
    names = {f"sprintboard/{path.stem}" for path in JS.glob("*.js")}

    assert names | {"htmx", "sortablejs"} == set(importmap.addresses())


def test_modules_import_bare_names_that_the_map_knows():
    known = importmap.addresses()
    for path in JS.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r'^import (?:[^"]* from )?"([^"]+)"', source, re.MULTILINE):
            assert name in known, f"{path.name} imports {name}"


def test_the_page_asks_early_for_what_main_imports():
    main = (JS / "main.js").read_text(encoding="utf-8")
    imported = set(re.findall(r'^import (?:[^"]* from )?"sprintboard/(\w+)"', main, re.MULTILINE))

    assert imported == set(importmap.CORE)


def test_app_css_holds_every_part_once_and_no_import_is_left():
    whole = statics.with_imports((CSS / "app.css").read_text(encoding="utf-8"), CSS)

    assert not statics.IMPORT.search(whole)
    for path in [*CSS.glob("*.css"), *CSS.glob("components/*.css")]:
        if path.name != "app.css":
            assert whole.count(path.read_text(encoding="utf-8")) == 1, path.name


def test_what_is_sent_has_no_comments_and_loses_nothing_else():
    whole = statics.with_imports((CSS / "app.css").read_text(encoding="utf-8"), CSS)
    sent = statics.lean(whole)

    assert "/*" in whole
    assert "/*" not in sent
    words = re.sub(r"/\*.*?\*/", " ", whole, flags=re.DOTALL).split()
    assert sent.split() == words
    assert not re.search(r"""(["'])[^"'\n]*/\*""", whole)  # a comment's beginning in a string


def test_only_the_file_beside_the_entry_has_addresses_in_it():
    for path in CSS.glob("components/*.css"):
        assert "url(" not in path.read_text(encoding="utf-8"), path.name


def test_components_use_tokens_and_write_no_colour_of_their_own():
    raw = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*\{)|rgba?\(|hsla?\(")
    for path in CSS.glob("components/*.css"):
        source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = {hit for hit in raw.findall(source) if hit != "#000"}  # a mask is not a colour
        assert not found, f"{path.name}: {found}"


MODULES = settings.BASE_DIR / "node_modules"
LIBRARIES = {
    "htmx": MODULES / "htmx.org" / "dist" / "htmx.esm.min.js",
    "sortablejs": MODULES / "sortablejs" / "modular" / "sortable.core.esm.js",
}
TEMPLATES = settings.BASE_DIR / "templates"


def loaded_with(*names: str) -> set[Path]:
    """Return the files of these modules and of all that they import as they are loaded."""
    found: set[Path] = set()
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        path = LIBRARIES.get(name) or JS / f"{name.removeprefix('sprintboard/')}.js"
        if path not in found:
            found.add(path)
            source = "" if name in LIBRARIES else path.read_text(encoding="utf-8")
            wanted += re.findall(r'^import (?:[^"]* from )?"([^"]+)"', source, re.MULTILINE)
    return found


def behaviours(*templates: str) -> set[str]:
    """Return which modules the elements of these templates ask for when they are there."""
    words: set[str] = set()
    for name in templates:
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        for value in re.findall(r'data-behaviour="([^"]*)"', source):
            words |= set(re.sub(r"{%.*?%}", " ", value).split())
    return words


def zipped(paths: set[Path]) -> int:
    """Return the bytes of the stylesheet and these; gzip is the larger of the two encodings."""
    whole = statics.lean(statics.with_imports((CSS / "app.css").read_text(encoding="utf-8"), CSS))
    return sum(
        len(gzip.compress(part))
        for part in [whole.encode(), *(path.read_bytes() for path in paths)]
    )


def test_a_first_visit_stays_small():
    """The budget is 120 KB with the page itself, fonts aside."""
    assert zipped(loaded_with("main", *importmap.CORE)) < 50_000


def test_a_first_visit_of_the_board_stays_small():
    """Who may move cards loads the dragging too."""
    names = behaviours("backlog/board.html")
    assert {"board", "live-board", "drag"} <= names
    assert zipped(loaded_with("main", *importmap.CORE, *names)) < 95_000


def test_the_board_asks_early_for_what_its_first_key_needs():
    source = (TEMPLATES / "backlog" / "board.html").read_text(encoding="utf-8")
    [hints] = re.findall(r'{% preload ((?:"[\w-]+" ?)+)%}', source)
    needed = loaded_with("bell", "board-view", "board", "live-board")
    core = loaded_with("main")

    assert {JS / f"{name}.js" for name in re.findall(r'"([\w-]+)"', hints)} == needed - core
