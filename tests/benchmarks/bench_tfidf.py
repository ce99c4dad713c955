"""TF-IDF from a file to a matrix against scikit-learn: seconds and peak memory, the numbers of both compared.

    pip install -e '.[test]'
    python tests/benchmarks/bench_tfidf.py path/to/shared/data

English and Korean Wikipedia, gzip, a text a line, cut at white space. Every round is a fresh process and the tools take
turns; medians are printed. In the time is all from opening the file on; imports and loading compiled code, for which a
megabyte of the word "a" is read first, are not, and stand in a column of their own. scikit-learn has its vocabulary as
strings in the end, tokembed makes them when they are asked for: "with strings" asks. A minute on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from one_round import peak_megabytes, warm_up_file
from printing import load, print_table

TARGET = 4.0
Run = Callable[[Path], tuple[Any, Any]]
"""Makes a matrix and the terms of its columns."""


def tokembed(*, strings: bool) -> Run:
    """The texts as blocks of bytes, through the kernels."""
    from tokembed import registry
    from tokembed.corpus import concatenate
    from tokembed.inputs.texts import read_batches
    from tokembed.tokens.rows import batch_block
    from tokembed.vocab import Vocab

    def run(path: Path) -> tuple[Any, Any]:
        tokenizer, vocab = registry.tokenizer("whitespace"), Vocab()
        corpora = [tokenizer.encode_batch(batch_block(batch), vocab) for batch in read_batches([path])]
        corpus = concatenate(corpora, vocab)
        embedder = registry.embedder("tfidf").fit(corpus)
        if strings:
            _ = embedder.terms.ids
        return embedder.text_vectors(corpus), embedder.terms  # type: ignore[union-attr]

    return run


def scikit_learn() -> Run:
    """The texts as strings, through TfidfVectorizer."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    def run(path: Path) -> tuple[Any, Any]:
        open_text = gzip.open if path.suffix == ".gz" else open
        vectorizer = TfidfVectorizer(analyzer=str.split, dtype=np.float32)
        with open_text(path, "rt", encoding="utf-8", newline="\n") as file:
            return vectorizer.fit_transform(file), vectorizer.get_feature_names_out()

    return run


TOOLS: dict[str, Callable[[], Run]] = {
    "tokembed": lambda: tokembed(strings=False),
    "tokembed with strings": lambda: tokembed(strings=True),
    "scikit-learn": scikit_learn,
}


def main() -> None:
    """Print the table, or what one round measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with enwiki_dev.txt.gz and kowiki_dev.txt.gz")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=3, metavar=("TOOL", "PATH", "KEEP"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(*args.one)))
        return
    print(f"scikit-learn {version('scikit-learn')}, numpy {np.__version__}; medians of {args.rounds} rounds; {load()}")
    with tempfile.TemporaryDirectory(prefix="bench_tfidf_") as folder:
        for name in ("enwiki_dev.txt.gz", "kowiki_dev.txt.gz"):
            found = rounds(args.data / name, Path(folder), args.rounds)
            print_file(name, found, {tool: np.load(Path(folder) / f"{tool}.npy") for tool in TOOLS})


def rounds(path: Path, folder: Path, n_rounds: int) -> dict[str, dict[str, float]]:
    """The medians of each tool."""
    tools, found = list(TOOLS), {tool: list[dict[str, float]]() for tool in TOOLS}
    for number in range(n_rounds):
        for tool in tools[number % len(tools) :] + tools[: number % len(tools)]:
            keep = str(folder / f"{tool}.npy")
            command = [sys.executable, __file__, str(folder), "--one", tool, str(path), keep]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[tool].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        tool: {what: statistics.median(one[what] for one in ones) for what in ones[0]} for tool, ones in found.items()
    }


def one(tool: str, path: str, keep: str) -> dict[str, float]:
    """How long it took; kept is a number a text, which tells how all its weights are."""
    began = time.perf_counter()
    run = TOOLS[tool]()
    run(warm_up_file(Path(keep).parent))
    ready = time.perf_counter()
    matrix, terms = run(Path(path))
    seconds, peak = time.perf_counter() - ready, peak_megabytes()
    codes = np.array([crc32(term.encode()) / 2**32 for term in terms])
    np.save(keep, matrix @ codes)
    return {"seconds": seconds, "ready": ready - began, "peak": peak}


def print_file(name: str, found: dict[str, dict[str, float]], kept: dict[str, Any]) -> None:
    """A row a tool, and whether the target is reached."""
    ours, theirs = found["tokembed"]["seconds"], found["scikit-learn"]["seconds"]
    rows = [[name, "seconds", "scikit-learn takes", "same", "made ready in", "peak MB", "load"]]
    for tool, measured in found.items():
        same = "yes" if np.allclose(kept[tool], kept["scikit-learn"], atol=1e-5) else "NO"
        times = f"{theirs / measured['seconds']:.1f} x"
        rest = [f"{measured['ready']:.2f}", f"{measured['peak']:.0f}", load().removeprefix("load ")]
        rows.append([tool, f"{measured['seconds']:.3f}", times, same, *rest])
    print_table(rows)
    print(f"target: {TARGET:.0f} x: {'reached' if theirs / ours >= TARGET else 'MISSED'} ({theirs / ours:.1f} x)")


if __name__ == "__main__":
    main()
