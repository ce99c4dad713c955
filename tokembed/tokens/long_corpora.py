"""Long texts of a corpus refused, cut off or cut into windows: the same as one by one, in arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.tokens.long_texts import Cuts, Limit
from tokembed.types import Frame, Text, Tokenizer


@dataclass(frozen=True, slots=True)
class Rows:
    """A corpus of which no text is longer than allowed.

    Attributes:
        corpus: the rows, as texts without names.
        texts: which text of the given corpus each row is of, int64 (n_rows,).
        numbers: which row of its text each is, from 0, int32 (n_rows,).
        cuts: what was cut.
    """

    corpus: Corpus
    texts: NDArray[np.int64]
    numbers: NDArray[np.int32]
    cuts: Cuts


def cut_long(
    corpus: Corpus,
    tokenizer: Tokenizer,
    limit: Limit,
    *,
    text_at: Callable[[int], Text],
    n_unk_chars: bool = False,
) -> Rows:
    """The corpus in rows within the limit; the same corpus where no text is long.

    Args:
        corpus: what the tokenizer made of the texts.
        text_at: the text at a place, such as `texts.__getitem__`; asked for where one must be looked at.
        n_unk_chars: count them in every row, once a text is long.

    Raises:
        BadInput: a text is long, and `limit.on_long` is "error".
        BadUsage: the limit leaves no room beside the tokenizer's frame.
    """
    step, lengths = limit.room(tokenizer.frame) - limit.stride, corpus.lengths()
    long = np.flatnonzero(lengths > limit.max_tokens)
    if not len(long):
        cuts = Cuts(corpus.n_texts, corpus.n_tokens)
        return Rows(corpus, np.arange(corpus.n_texts), np.zeros(corpus.n_texts, np.int32), cuts)
    first, n_tokens_first = text_at(int(long[0])), int(lengths[long[0]])
    if limit.on_long == "error":
        raise limit.refusal(first.id, n_tokens_first)
    n_rows = np.ones(corpus.n_texts, np.int64)
    if limit.on_long == "window":
        n_rows[long] += -((limit.max_tokens - lengths[long]) // step)  # rounded up
    texts = np.repeat(np.arange(corpus.n_texts), n_rows)
    numbers = np.arange(len(texts)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    rows = _rows(corpus, texts, numbers * step, limit.max_tokens, tokenizer.frame)
    if n_unk_chars:
        rows = replace(rows, n_unk_chars=_n_unk_chars(corpus, rows, texts, tokenizer, limit, text_at))
    n_tokens_cut = corpus.n_tokens - rows.n_tokens if limit.on_long == "truncate" else 0
    n_rows_long = int(n_rows[long].sum())
    cuts = Cuts(corpus.n_texts, corpus.n_tokens, len(long), n_tokens_cut, n_rows_long, first, n_tokens_first)
    return Rows(rows, texts, numbers.astype(np.int32), cuts)


def _rows(corpus: Corpus, texts: NDArray[np.int64], first: NDArray[np.int64], max_tokens: int, frame: Frame) -> Corpus:
    """The rows that begin with the token `first` of the text's own."""
    lengths = corpus.lengths()[texts]
    is_long = lengths > max_tokens
    lengths = np.minimum(lengths - first, max_tokens)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    # Where the frame of a part will be, tokens around the part are taken along, and then overwritten.
    places = np.repeat(corpus.starts[texts] + first - starts[:-1], lengths)
    places += np.arange(len(places))
    ids, offsets = corpus.ids[places], None if corpus.offsets is None else corpus.offsets[places]
    before, behind = frame
    begin, end = starts[:-1][is_long], starts[1:][is_long]
    for place, token_id in enumerate(before):
        ids[begin + place] = token_id
        if offsets is not None:
            offsets[begin + place] = offsets[begin + len(before), :1]
    for place, token_id in enumerate(reversed(behind), start=1):
        ids[end - place] = token_id
        if offsets is not None:
            offsets[end - place] = offsets[end - len(behind) - 1, 1:]
    return Corpus(ids, starts, corpus.vocab, offsets=offsets)


def _n_unk_chars(
    corpus: Corpus,
    rows: Corpus,
    texts: NDArray[np.int64],
    tokenizer: Tokenizer,
    limit: Limit,
    text_at: Callable[[int], Text],
) -> NDArray[np.int32]:
    """Code points under unknown tokens in each row; the single-text path counts those that are not known."""
    n_unk, counts = _n_unk(rows), np.zeros(len(texts), np.int32)
    unknown = np.flatnonzero(n_unk)
    if corpus.n_unk_chars is not None:
        has_all = n_unk[unknown] == _n_unk(corpus)[texts[unknown]]
        counts[unknown[has_all]] = corpus.n_unk_chars[texts[unknown[has_all]]]
        unknown = unknown[~has_all]
    for place in np.unique(texts[unknown]).tolist():
        text = text_at(place)
        encodings = limit.encodings(tokenizer.encode(text.text), tokenizer.frame, text.id)
        first = np.searchsorted(texts, place)
        counts[first : first + len(encodings)] = [encoding.n_unk_chars for encoding in encodings]
    return counts


def _n_unk(corpus: Corpus) -> NDArray[np.int64]:
    """How many tokens of each text are unknown, (n_texts,)."""
    unknown_id = corpus.vocab.unknown_id
    tokens = np.flatnonzero(corpus.ids == unknown_id) if unknown_id is not None else np.empty(0, np.int64)
    return np.bincount(np.searchsorted(corpus.starts, tokens, side="right") - 1, minlength=corpus.n_texts)
