"""The command asked in this process, and what is looked at afterwards: status, message, files."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

from tests.conftest import without_compiling
from tokembed.cli import app

DONE, FAILED, ASKED_WRONGLY, SOME_SKIPPED, INTERRUPTED = 0, 1, 2, 3, 130


def asked(*args: str | Path) -> tuple[int, str]:
    """The command in this process: its exit status and what it says on stderr."""
    with redirect_stderr(io.StringIO()) as stderr:
        status = app([str(arg) for arg in args], standalone_mode=False)
    return status or DONE, without_compiling(stderr.getvalue().encode()).decode()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(stderr: str | bytes) -> str:
    """The message, which must be all there is: one line, no traceback."""
    message = without_compiling(stderr if isinstance(stderr, bytes) else stderr.encode()).decode()
    assert message.startswith("tokembed: "), message
    assert message.count("\n") == 1, message
    return message
