"""What tests of the command line share: the command, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import tokembed

settings.register_profile("tokembed", deadline=None, derandomize=True)  # a slow machine is no failure
settings.load_profile("tokembed")

COMMAND = (sys.executable, "-m", "tokembed")
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose Hugging Face cache is empty and who is offline."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "LC_"))}
    return {
        **kept,
        "PYTHONPATH": str(Path(tokembed.__file__).parents[1]),  # the package these tests import, wherever they run
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "HF_HOME": str(tmp_path / "no-hub-cache"),
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture
def run(tmp_path: Path, shell: dict[str, str]) -> Run:
    """`run("tokenize", "a.txt", input=None)` in tmp_path: status as `returncode`, stdout and stderr as bytes."""

    def run_tokembed(*args: str | bytes, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:  # noqa: A002
        return subprocess.run(
            [*COMMAND, *args],
            input=b"" if input is None else input,
            capture_output=True,
            cwd=tmp_path,
            env=shell,
            timeout=120,
        )

    return run_tokembed
