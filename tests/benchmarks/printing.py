"""Plain text that can be pasted into a note: aligned tables, and what they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("numpy", "numba", "llvmlite", "pyarrow", "regex", "ftfy"),
    *("tokenizers", "nanotoken", "tokie", "iree-tokenizer", "instant-clip-tokenizer", "blingfire"),
)


def print_machine(n_threads: int, packages: Sequence[str] = PACKAGES) -> None:
    """The processor, its load, and the versions of the packages."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    print(f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, {n_threads} used; {load()}")
    print(f"Python {platform.python_version()}, {', '.join(map(_version, packages))}", flush=True)


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} MISSING"


def load() -> str:
    """How busy the machine is, of which timings know nothing."""
    return "load {:.1f} {:.1f} {:.1f}".format(*os.getloadavg())


def print_table(rows: list[list[str]]) -> None:
    """Columns side by side, the first to the left and the others to the right; a shorter row runs on."""
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(len(row[column]) for row in full) for column in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        print("  ".join([first, *others]).rstrip(), flush=True)
