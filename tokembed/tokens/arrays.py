"""Tokens as flat arrays of ids that training programs map into memory: `x.npy`, `x.npy.starts.npy`, `x.npy.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

import tokembed
from tokembed.array_files import ArrayFile
from tokembed.inputs.batches import Batch
from tokembed.tokens.formats import RECORD, STARTS, WINDOWS, WORDS, Cutting, Format, Made, endings
from tokembed.tokens.long_corpora import Rows
from tokembed.tokens.open_vocabulary import OpenVocabulary
from tokembed.tokens.rows import UnknownTokens, rows_of, unknown_of
from tokembed.types import Tokenizer
from tokembed.writers import beside, together

SHORT_VOCABULARY = 1 << 16
"""The most entries a vocabulary may have for its ids to take two bytes each."""
_IDS_AT_ONCE = 1 << 20


@contextmanager
def arrays(path: Path, cutting: Cutting, record: Callable[[], dict[str, Any]]) -> Iterator[Format]:
    """What writes batches as one run of ids, and where each row begins in it.

    `path` has the ids, uint16 where the vocabulary has at most SHORT_VOCABULARY entries, else int32, (n_tokens,);
    `.starts.npy` beside it the rows' borders, int64 (n_rows + 1,); `.json` what made them. With windows,
    `.windows.npy` has each row's text and its number in it, int64 (n_rows, 2), both from 0. The ids of a tokenizer
    without a vocabulary of its own are lines of `.vocab.txt`, from 0 and the most frequent first.
    """
    ((name, tokenizer),) = cutting.tokenizers.items()
    is_open = tokenizer.vocab is None
    names = endings("npy", cutting)
    outdated = [beside(path, ending) for ending in (WINDOWS, WORDS)]
    with together([path, *(beside(path, ending) for ending in names)], outdated=outdated) as (ids_file, *others):
        files = dict(zip(names, others, strict=True))
        with ExitStack() as opened:
            if is_open:
                unranked = opened.enter_context(TemporaryFile(dir=path.absolute().parent))
                ids: _Words | _Ids = _Words(unranked, ids_file, files[WORDS])
            else:
                ids = _Ids(ids_file, tokenizer)
            rows = _Rows(files)

            def write(part: _Part) -> None:
                ids.write(part)
                rows.write(part)

            yield Format(lambda batch, is_bulk: _made(batch, name, tokenizer, cutting, ids.dtype, is_bulk), write)
            ids.finish()
            rows.finish()
        told = {"tokembed": tokembed.__version__, "tokenizer": {"name": name, **cutting.settings}}
        told |= _limit_record(cutting) | {"ids": ids.record()} | rows.record() | {"inputs": record()}
        files[RECORD].write(json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class _Part:
    """A batch's rows, and their ids in the type they are written in."""

    n_texts: int
    rows: Rows
    ids: NDArray[Any]
    unknown: UnknownTokens


def _made(batch: Batch, name: str, tokenizer: Tokenizer, cutting: Cutting, dtype: DTypeLike, is_bulk: bool) -> Made:
    rows = rows_of(batch, tokenizer, cutting.limit, is_bulk=is_bulk)
    ids = rows.corpus.ids.astype(dtype, copy=False)
    return Made(_Part(len(batch), rows, ids, unknown_of(batch, rows, tokenizer)), {name: rows.cuts})


class _Ids:
    """Ids of a vocabulary that is known."""

    def __init__(self, file: IO[bytes], tokenizer: Tokenizer) -> None:
        self._n_entries = len(tokenizer.vocab or ())
        self.dtype = _id_type(self._n_entries)
        self._file = ArrayFile(file, self.dtype)

    def write(self, part: _Part) -> None:
        self._file.write(part.ids)

    def finish(self) -> None:
        self._file.finish()

    def record(self) -> dict[str, Any]:
        return {"type": self.dtype.name, "vocabulary": self._n_entries}


class _Words:
    """Ids of words that are numbered as they come, and anew by frequency once all have come."""

    dtype = np.dtype(np.int32)

    def __init__(self, unranked: IO[bytes], file: IO[bytes], words_file: IO[bytes]) -> None:
        self._unranked = unranked
        self._file = file
        self._words_file = words_file
        self._words = OpenVocabulary()

    def write(self, part: _Part) -> None:
        self._unranked.write(self._words.numbers(part.rows.corpus).data)

    def finish(self) -> None:
        ranks = self._words.ranks().astype(_id_type(len(self._words)))
        array = ArrayFile(self._file, ranks.dtype)
        self._unranked.seek(0)
        while numbers := self._unranked.read(_IDS_AT_ONCE * self.dtype.itemsize):
            array.write(ranks[np.frombuffer(numbers, self.dtype)])
        array.finish()
        self._words_file.write(self._words.lines())

    def record(self) -> dict[str, Any]:
        return {"type": _id_type(len(self._words)).name, "vocabulary": len(self._words)}


class _Rows:
    """Where the rows begin, which texts they are windows of, and what they hold."""

    def __init__(self, files: Mapping[str, IO[bytes]]) -> None:
        self._starts = ArrayFile(files[STARTS], np.int64)
        self._starts.write(np.zeros(1, np.int64))
        self._windows = ArrayFile(files[WINDOWS], np.int64, columns=2) if WINDOWS in files else None
        self._counts = {"texts": 0, "rows": 0, "tokens": 0, "unknown_tokens": 0, "unknown_characters": 0}

    def write(self, part: _Part) -> None:
        corpus, counts = part.rows.corpus, self._counts
        self._starts.write(corpus.starts[1:] + counts["tokens"])
        if self._windows:
            self._windows.write(np.column_stack([part.rows.texts + counts["texts"], part.rows.numbers]))
        counts["texts"] += part.n_texts
        counts["rows"] += corpus.n_texts
        counts["tokens"] += corpus.n_tokens
        counts["unknown_tokens"] += int(part.unknown.tokens.sum())
        counts["unknown_characters"] += int(part.unknown.characters.sum())

    def finish(self) -> None:
        self._starts.finish()
        if self._windows:
            self._windows.finish()

    def record(self) -> dict[str, Any]:
        return dict(self._counts)


def _id_type(n_entries: int) -> np.dtype[Any]:
    return np.dtype(np.uint16 if n_entries <= SHORT_VOCABULARY else np.int32)


def _limit_record(cutting: Cutting) -> dict[str, Any]:
    if cutting.limit is None:
        return {}
    return {
        "max_tokens": cutting.limit.max_tokens,
        "on_long": cutting.limit.on_long,
        "stride": cutting.limit.stride,
    }
