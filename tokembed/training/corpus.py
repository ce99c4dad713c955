"""All texts as one corpus whose ids lie in a temporary file: a corpus far larger than memory can be trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput
from tokembed.inputs.batches import Batch
from tokembed.tokens.open_vocabulary import OpenVocabulary
from tokembed.tokens.pipeline import in_order
from tokembed.tokens.rows import rows_of
from tokembed.tokens.writing import with_bulk
from tokembed.types import Tokenizer


@contextmanager
def corpus_on_disk(
    batches: Iterable[Batch],
    tokenizer: Tokenizer,
    *,
    named: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[tuple[Corpus, TokenCounts]]:
    """The texts cut by all cores, and what was counted on the way; the file is gone afterwards.

    Args:
        named: keep the texts' ids, in memory.
        progress: told how many texts each batch had.

    Raises:
        BadInput: the folder for temporary files, which TMPDIR names, has no room.
    """
    counts, lengths, names = TokenCounts(), [np.zeros(1, np.int64)], list[str]()
    words = OpenVocabulary() if tokenizer.vocab is None else None
    with TemporaryFile(prefix="tokembed-") as file:
        for batch, corpus, counted in in_order(with_bulk(batches), lambda item: _cut(*item, tokenizer)):
            _append(file, corpus.ids if words is None else words.numbers(corpus))
            lengths.append(corpus.lengths())
            counts += counted
            if named:
                names += batch.ids()
            progress(len(batch))
        file.flush()
        starts = np.cumsum(np.concatenate(lengths))
        vocab = words.vocab() if words is not None else tokenizer.vocab
        assert vocab is not None  # a tokenizer has one of its own, or its words do
        yield Corpus(_mapped(file, int(starts[-1])), starts, vocab, names), counts


def _cut(batch: Batch, is_bulk: bool, tokenizer: Tokenizer) -> tuple[Batch, Corpus, TokenCounts]:
    corpus = rows_of(batch, tokenizer, None, is_bulk=is_bulk).corpus
    counts = TokenCounts()
    counts.add_corpus(batch.texts(), corpus, tokenizer)
    return batch, corpus, counts


def _append(file: IO[bytes], ids: NDArray[np.int32]) -> None:
    try:
        file.write(ids.data)
    except OSError as error:
        raise BadInput(
            f"temporary files must have room for the texts' ids, {file.tell() / 1e6:,.1f} MB and more, "
            f"found: {error.strerror or error}; set TMPDIR to a folder with more"
        ) from error


def _mapped(file: IO[bytes], n_tokens: int) -> NDArray[np.int32]:
    return np.memmap(file, np.int32, "r", shape=(n_tokens,)) if n_tokens else np.empty(0, np.int32)
