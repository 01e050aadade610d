"""Measure what docs/performance.md shows; `make bench` ends in this.

The servers are its own: PostgreSQL, Redis, the program in production mode, and the bare program.
Everything stays on loopback and ends by itself. `--quick` is for trying the benchmark itself out:
it measures less often and writes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import signal
import sys
import tempfile
from pathlib import Path

from scripts.services import (
    find_chromium,
    find_postgresql,
    find_redis,
    free_port,
    postgresql,
    redis_server,
)

from . import browser, pages, report, streams
from .servers import environment, run, serving

SIZES = [
    {"slug": "w200", "cards": 200, "backlog": 5_000, "listeners": 60},
    {"slug": "w40", "cards": 40, "backlog": 200},
    {"slug": "w500", "cards": 500, "backlog": 10},
    {"slug": "k1", "cards": 20, "backlog": 1_000},
    {"slug": "k100", "cards": 20, "backlog": 100_000},
]
PARTS = ("pages", "cold", "backlogs", "streams", "browser")


def main() -> int:
    """Measure; return the exit code."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions, nothing written")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone")
    asked = parser.parse_args()
    wanted = asked.only or list(PARTS)
    here = {
        "PostgreSQL": find_postgresql(),
        "Redis": find_redis(),
        "Chromium": find_chromium(),
    }
    if missing := [name for name, path in here.items() if not path]:
        print(f"Not here, and needed: {', '.join(missing)}.")
        return 1
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 10_000)), hard))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sprintboard-bench-")))
        database = stack.enter_context(postgresql(here["PostgreSQL"]))
        broker = stack.enter_context(redis_server(here["Redis"]))
        environ, log = environment(database, broker, folder / "home"), folder / "log"
        (folder / "home").mkdir()
        run(["manage.py", "collectstatic", "--noinput", "-v0"], environ, log)
        run(["manage.py", "migrate", "-v0"], environ, log)
        built = json.loads(run(["-m", "benchmarks.world", json.dumps(SIZES)], environ, log))
        worlds = {world["slug"]: world for world in built}
        rounds, each = (3, 5) if asked.quick else (20, 20)

        def start() -> contextlib.AbstractContextManager[pages.Server]:
            return serving("sprintboard.server", environ, log, "/healthz")

        sections: list[report.Section] = []
        if "cold" in wanted:
            sections.append(pages.cold(start, worlds, times=2 if asked.quick else 7))
        bare_environ = {**environ, "PORT": str(free_port())}
        with start() as program:
            if "pages" in wanted:
                with serving("benchmarks.bare", bare_environ, log) as bare:
                    sections.insert(
                        0, pages.measure(program, bare, worlds, rounds=rounds, each=each)
                    )
            if "backlogs" in wanted:
                sections.append(pages.backlogs(program, worlds, rounds=rounds, each=each // 2))
            if "browser" in wanted:
                times = 1 if asked.quick else 5
                sections += browser.measure(here["Chromium"], program, worlds, times=times)
        if "streams" in wanted:
            with start() as program:  # its memory is that of the streams
                counts = [100] if asked.quick else [500, 2_000]
                moves = 5 if asked.quick else 40
                sections.append(streams.measure(program, worlds["w200"], counts, moves=moves))
    whole = not asked.quick and not asked.only
    print(report.write(sections) if whole else "\n\n".join(map(str, sections)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
