"""Tokens read back from every format, by readers as simple as can be, and those that a tokenizer gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import tokembed
from tokembed.inputs.decoding import ErrorPolicy
from tokembed.tokens.formats import SUFFIXES
from tokembed.types import Tokenizer

FORMS = tuple(SUFFIXES)
FORMS_AND_NAMES = [(form, "bert") for form in FORMS] + [(form, "whitespace") for form in FORMS if form != "ids"]
POLICIES: tuple[ErrorPolicy, ...] = ("strict", "replace", "skip")
GOOD = [f"{number} 학교에 간다, unaffable 😀" for number in range(40)]


@cache
def tokenizer_of(name: str) -> Tokenizer:
    return tokembed.tokenizer(name)


def tokens_of(name: str, lines: Iterable[str]) -> list[list[str]]:
    return [list(tokenizer_of(name).encode(line).tokens) for line in lines]


def rows_written(path: Path, vocab: Sequence[str]) -> list[list[str]]:
    """The tokens of each row of a table or an array."""
    if path.suffix == ".npy":
        ids, starts = np.load(path).tolist(), np.load(f"{path}.starts.npy").tolist()
        assert (starts[0], starts[-1]) == (0, len(ids))
        rows = [ids[begin:end] for begin, end in pairwise(starts)]
    else:
        rows = pq.read_table(path).column("ids").to_pylist()
    return [[vocab[token_id] for token_id in row] for row in rows]


def tokens_written(path: Path, name: str) -> list[list[str]]:
    """The tokens of each row, in whatever format; the words of whitespace's ids stand beside them."""
    vocab = tokenizer_of(name).vocab
    if path.suffix in (".txt", ".ids"):
        rows = [line.split(" ") if line else [] for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        return rows if path.suffix == ".txt" else [[vocab[int(token_id)] for token_id in row] for row in rows]
    if path.suffix == ".jsonl":
        return [json.loads(line)["tokens"] for line in path.read_bytes().split(b"\n")[:-1]]
    words = Path(f"{path}.vocab.txt").read_text(encoding="utf-8").split("\n")[:-1] if vocab is None else list(vocab)
    return rows_written(path, words)
