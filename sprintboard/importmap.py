"""The import map: bare names of ES modules to their hashed addresses.

Manifest storage renames files but not the imports inside them. Our modules therefore import bare
names ("htmx", "sprintboard/drawer"), and this map, printed once per page, says where they are.
Every file in `static/js/` is in it: a new behaviour is one new file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache

from django.conf import settings
from django.templatetags.static import static

#: What `main` imports at once, beside htmx; the page asks for it before it reads `main`.
CORE = ("behaviour", "dialog", "drawer", "keys", "menu", "submit", "theme", "toast")


@cache
def addresses() -> dict[str, str]:
    """Return the address of each module, by its bare name; read once per process."""
    modules = sorted(path.stem for path in (settings.BASE_DIR / "static" / "js").glob("*.js"))
    return {
        "htmx": static("vendor/htmx/htmx.esm.min.js"),
        "sortablejs": static("vendor/sortablejs/sortable.core.esm.js"),
        **{f"sprintboard/{name}": static(f"js/{name}.js") for name in modules},
    }


@cache
def importmap_json() -> str:
    """Return the text of the import map, exactly as the page holds it.

    Addresses are made by us from file names, so no character in them can close the script.
    """
    return json.dumps({"imports": addresses()}, separators=(",", ":"), sort_keys=True)


@cache
def importmap_hash() -> str:
    """Return the source expression that lets this one inline text pass the page's policy."""
    digest = hashlib.sha256(importmap_json().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def preloads(*names: str) -> list[str]:
    """Return the addresses of these modules: fetched side by side instead of one by one."""
    return [addresses()[f"sprintboard/{name}"] for name in names]
