"""Static files: what is collected, and one stylesheet out of many.

The styles live in one file per component, because that is how they are read and changed. A browser
should fetch one file: forty small ones cost forty requests on HTTP/1.1 and compress badly, and
`@import` delays the first paint by a round trip. So collectstatic replaces the imports in `app.css`
by the files they name, without comments and indentation (a quarter of what is sent), before names
get their hashes. There is no other build step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage

ENTRY = "css/app.css"
IMPORT = re.compile(r'^@import url\("([\w/.-]+)"\);$', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
BETWEEN_LINES = re.compile(r"\s*\n\s*")


class StaticFiles(StaticFilesConfig):
    """Collects only what a page loads; htmx also ships extensions, sources and editor files."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("ext", "editors", "scripts", "skills", "htmax*", "*.d.ts", "*-italic.woff2"),
        *("htmx.js", "htmx.min.js*", "htmx.esm.js", "htmx-[24]*.js", "django-htmx.js"),
        *("sortable.esm.js", "sortable.complete.esm.js"),
        "components",  # they are in app.css
        *("rest_framework", "redoc", "swagger-ui-standalone-preset.js", "oauth2-redirect.*"),
        "swagger-ui-*.map",  # not the one that its stylesheet names
    ]


def with_imports(entry: str, folder: Path) -> str:
    """Return a stylesheet with the files that it imports put in the place of the imports.

    Addresses inside an imported file must be relative to `folder` (only fonts.css has any).
    """
    return IMPORT.sub(lambda match: (folder / match[1]).read_text(encoding="utf-8"), entry)


def lean(styles: str) -> str:
    """Return styles without comments and indentation; no string of ours holds either."""
    return BETWEEN_LINES.sub("\n", COMMENT.sub("", styles))


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names with hashes, compressed copies, and `app.css` in one piece."""

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Put the stylesheet together, then hash and compress as usual."""
        if ENTRY in paths and not dry_run:
            source, name = paths[ENTRY]
            entry = Path(source.path(name))
            whole = lean(with_imports(entry.read_text(encoding="utf-8"), entry.parent))
            Path(self.path(ENTRY)).write_text(whole, encoding="utf-8")
            # the parents read the source again: let it be what was just written
            paths = {**paths, ENTRY: (self, ENTRY)}
        yield from super().post_process(paths, dry_run, **options)
