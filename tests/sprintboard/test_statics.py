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
HTMX = MODULES / "htmx.org" / "dist" / "htmx.esm.min.js"
DRAGGING = MODULES / "sortablejs" / "modular" / "sortable.core.esm.js"
BOARD = ("board", "board-hold", "board-sums", "drag", "live", "live-board", "main")


def zipped(*paths: Path) -> int:
    """Return the bytes of the stylesheet, htmx and these; gzip is the larger of the two."""
    whole = statics.with_imports((CSS / "app.css").read_text(encoding="utf-8"), CSS)
    parts = [whole.encode(), *(path.read_bytes() for path in [HTMX, *paths])]
    return sum(len(gzip.compress(part)) for part in parts)


def test_a_first_visit_stays_small():
    """The budget is 120 KB with the page itself, fonts aside."""
    assert zipped(*(path for path in JS.glob("*.js") if path.stem != "drag")) < 60_000


def test_a_first_visit_of_the_board_stays_small():
    """Who may move cards loads the dragging too."""
    names = (*importmap.CORE, *BOARD)
    assert zipped(DRAGGING, *(JS / f"{name}.js" for name in names)) < 90_000
