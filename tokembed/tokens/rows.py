"""A batch cut by one tokenizer, as arrays: one row a text, or a window of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, from_encodings
from tokembed.coverage import unknown_by_text
from tokembed.inputs.batches import Batch
from tokembed.inputs.blocks import Block, block_of
from tokembed.kernels.lines import split
from tokembed.tokens.long_corpora import Rows, cut_long
from tokembed.tokens.long_texts import Cuts, Limit
from tokembed.types import Encoding, Text, Tokenizer
from tokembed.vocab import Vocab


@dataclass(frozen=True, slots=True)
class UnknownTokens:
    """How many tokens of each row are unknown, and how many code points stand under them, int32 (n_rows,) each."""

    tokens: NDArray[np.int32]
    characters: NDArray[np.int32]


def batch_block(batch: Batch) -> Block:
    """The texts of a batch for the kernels."""
    return block_of(batch.strings) if batch.lines is None else Block(*split(batch.lines, len(batch)))


def rows_of(batch: Batch, tokenizer: Tokenizer, limit: Limit | None, *, is_bulk: bool) -> Rows:
    """The batch's rows; ids of a tokenizer without a vocabulary point into one of the batch's own.

    Args:
        is_bulk: the kernels are to cut it.

    Raises:
        BadInput: a text is too long, and the limit refuses such.
    """
    texts = batch_block(batch) if is_bulk else batch.texts()
    corpus = tokenizer.encode_batch(texts, Vocab())
    if limit is None:
        return all_rows(corpus)
    return cut_long(corpus, tokenizer, limit, text_at=text_at(batch), n_unk_chars=True)


def all_rows(corpus: Corpus) -> Rows:
    """Every text as one row."""
    cuts = Cuts(corpus.n_texts, corpus.n_tokens)
    return Rows(corpus, np.arange(corpus.n_texts), np.zeros(corpus.n_texts, np.int32), cuts)


def rows_of_encodings(batch: Batch, tokenizer: Tokenizer, limit: Limit | None) -> tuple[Rows, list[Encoding]]:
    """The batch's rows cut text by text, and the encoding of each row."""
    cuts, encodings, texts, numbers = Cuts(), list[Encoding](), list[int](), list[int]()
    for place, text in enumerate(batch.records()):
        encoding = tokenizer.encode(text.text)
        rows = [encoding] if limit is None else limit.encodings(encoding, tokenizer.frame, text.id)
        cuts.add(text, encoding, rows)
        encodings += rows
        texts += [place] * len(rows)
        numbers += range(len(rows))
    corpus = from_encodings(encodings, tokenizer.vocab or Vocab())
    return Rows(corpus, np.array(texts, np.int64), np.array(numbers, np.int32), cuts), encodings


def unknown_of(batch: Batch, rows: Rows, tokenizer: Tokenizer) -> UnknownTokens:
    """What the rows have of it; where the tokenizer did not count, texts with an unknown token are looked at."""
    find = text_at(batch)
    return UnknownTokens(*unknown_by_text(lambda row: find(int(rows.texts[row])).text, rows.corpus, tokenizer))


def text_at(batch: Batch) -> Callable[[int], Text]:
    """What finds the text at a place; all are made when the first is asked for."""
    found: list[Text] = []

    def text(place: int) -> Text:
        found.extend(() if found else batch.records())
        return found[place]

    return text
