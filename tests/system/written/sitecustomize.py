"""Put on PYTHONPATH by test_written.py: keeps the name of every file that is opened for writing."""

import os
import sys
from pathlib import Path

_LOG = os.open(os.environ["TEST_WRITTEN"], os.O_WRONLY | os.O_APPEND)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link"}

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))


def _note(event: str, arguments: tuple) -> None:
    opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
    if (opened or event in _CHANGES) and not isinstance(arguments[0], int):
        os.write(_LOG, os.fsencode(os.path.abspath(os.fsdecode(arguments[0]))) + b"\n")  # noqa: PTH100


sys.addaudithook(_note)
