"""Reading files of word vectors against other programs: the whole file -> words and a float32 matrix in memory.

    pip install -e . polars pandas
    python tests/benchmarks/bench_vector_files.py

400,000 words of 50 random numbers, in GloVe's text with five decimals as the published files have them, in word2vec's
binary form, and as a fastText model with 200,000 buckets. Every round is a fresh process, in which what a program loads
at its first call is counted, its import is not; tools take turns, and what is printed is the median. The words and
numbers of all are compared. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from printing import load, print_table

N_WORDS, DIM, N_BUCKETS = 400_000, 50, 200_000
PACKAGES = ("numpy", "numba", "gensim", "pyarrow", "polars", "pandas")
TARGET = ("glove", "gensim", 4.0)  # form, peer, at least so many times as fast
Read = Callable[[str], tuple[list[str], Any]]


def tokembed_reader() -> Read:
    from tokembed.convert import read_vectors

    def read(path: str) -> tuple[list[str], Any]:
        vectors = read_vectors(path)
        return vectors.terms.tokens, vectors.matrix

    return read


def gensim_reader(form: str) -> Read:
    from gensim.models import KeyedVectors
    from gensim.models.fasttext import load_facebook_vectors

    def read(path: str) -> tuple[list[str], Any]:
        if form == "fasttext":
            peer = load_facebook_vectors(path)
        else:
            peer = KeyedVectors.load_word2vec_format(path, binary=form == "word2vec-binary", no_header=form == "glove")
        return peer.index_to_key, peer.vectors

    return read


def pyarrow_reader() -> Read:
    from pyarrow import csv

    def read(path: str) -> tuple[list[str], Any]:
        names = [str(column) for column in range(DIM + 1)]
        parse = csv.ParseOptions(delimiter=" ", quote_char=False)
        types = dict.fromkeys(names[1:], "float32") | {"0": "string"}
        convert = csv.ConvertOptions(column_types=types)
        table = csv.read_csv(path, csv.ReadOptions(column_names=names), parse, convert)
        return table["0"].to_pylist(), np.stack([table[name].to_numpy() for name in names[1:]], axis=1)

    return read


def polars_reader() -> Read:
    import polars

    def read(path: str) -> tuple[list[str], Any]:
        types = [polars.String, *[polars.Float32] * DIM]
        table = polars.read_csv(path, separator=" ", has_header=False, quote_char=None, schema_overrides=types)
        return table.to_series(0).to_list(), table[:, 1:].to_numpy()

    return read


def pandas_reader() -> Read:
    import pandas

    def read(path: str) -> tuple[list[str], Any]:
        types = {0: str} | dict.fromkeys(range(1, DIM + 1), np.float32)
        table = pandas.read_csv(path, sep=" ", header=None, quoting=3, dtype=types, na_filter=False)
        return table[0].tolist(), table.iloc[:, 1:].to_numpy()

    return read


READERS: dict[str, dict[str, Callable[[], Read]]] = {
    form: {"tokembed": tokembed_reader, "gensim": lambda form=form: gensim_reader(form)}
    for form in ("glove", "word2vec-binary", "fasttext")
}
READERS["glove"] |= {"pyarrow": pyarrow_reader, "polars": polars_reader, "pandas": pandas_reader}


def main() -> None:
    """Print the table, or what one round measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forms", nargs="+", default=list(READERS), choices=READERS)
    parser.add_argument("--one", nargs=3, metavar=("FORM", "TOOL", "PATH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one_round(*args.one)))
        return
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if find_spec(name))
    print(f"medians of {args.rounds} rounds; {load()}; Python {platform.python_version()}, {versions}")
    with tempfile.TemporaryDirectory(prefix="bench_vector_files_") as folder:
        for form in args.forms:
            path = make(form, Path(folder) / "vectors")
            print_form(form, path, rounds(form, path, args.rounds))


def one_round(form: str, tool: str, path: str) -> dict[str, Any]:
    """How long it took, and what came out."""
    read = READERS[form][tool]()
    began = time.perf_counter()
    words, matrix = read(path)
    seconds = time.perf_counter() - began
    numbers = np.ascontiguousarray(matrix, np.float32)
    digest = sha256("\n".join(words).encode() + numbers.tobytes()).hexdigest()
    return {"seconds": seconds, "digest": digest}


def make(form: str, path: Path) -> Path:
    """The file."""
    from tokembed.convert import write_vectors
    from tokembed.ngrams import with_ngrams
    from tokembed.vectors import WordVectors
    from tokembed.vocab import Vocab

    rng = np.random.default_rng(0)
    words = [f"{'단어' * (k % 2)}{k}" for k in range(N_WORDS)]
    matrix = rng.normal(0, 0.6, (N_WORDS, DIM)).astype(np.float32)
    if form == "glove":
        rows = zip(words, matrix.tolist(), strict=True)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{word} {' '.join(f'{value:.5f}' for value in row)}\n" for word, row in rows)
        return path
    ngrams = None
    if form == "fasttext":
        buckets = rng.normal(0, 0.6, (N_BUCKETS, DIM)).astype(np.float32)
        matrix, ngrams = with_ngrams(words, matrix, buckets, min_n=3, max_n=6)
    write_vectors(path, WordVectors(Vocab(words), matrix, None, ngrams), form=form)
    return path


def rounds(form: str, path: Path, n_rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What the rounds of every tool gave, none where it is missing; in every round another one begins."""
    tools = list(READERS[form])
    found: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for number in range(n_rounds):
        for tool in tools[number % len(tools) :] + tools[: number % len(tools)]:
            command = [sys.executable, __file__, "--one", form, tool, str(path)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0:
                found[tool].append(json.loads(done.stdout.splitlines()[-1]))
            elif not number:
                print(f"{tool}: {done.stderr.strip().splitlines()[-1]}")
    return found


def print_form(form: str, path: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    """A row a tool: seconds, MB a second, how many times as fast tokembed is, whether the result is the same."""
    medians = {tool: statistics.median(one["seconds"] for one in ones) for tool, ones in found.items() if ones}
    ours, n_bytes = found["tokembed"][0]["digest"], path.stat().st_size
    rows = [[f"{form}, {n_bytes / 1e6:.0f} MB", "seconds", "MB/s", "tokembed is", "same"]]
    for tool, seconds in medians.items():
        same = "yes" if found[tool][0]["digest"] == ours else "NO"
        ratio = f"{seconds / medians['tokembed']:.1f} x"
        rows.append([tool, f"{seconds:.2f}", f"{n_bytes / 1e6 / seconds:.0f}", ratio, same])
    print_table(rows)
    target_form, peer, least = TARGET
    if form == target_form and peer in medians:
        ratio = medians[peer] / medians["tokembed"]
        print(f"target: {least:.0f} x {peer}: {'reached' if ratio >= least else 'MISSED'} ({ratio:.1f} x)")


if __name__ == "__main__":
    main()
