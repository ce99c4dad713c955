"""Texts become vectors of a model that reads them in order: cut, read and written at once, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.inputs.batches import Batch
from tokembed.text_vectors import exports
from tokembed.text_vectors.kept_parts import KeptParts
from tokembed.text_vectors.word_level import WordCounts, word_rows
from tokembed.tokens.long_corpora import Rows, cut_long
from tokembed.tokens.long_texts import Cuts, Limit
from tokembed.tokens.pipeline import in_order
from tokembed.tokens.rows import all_rows, rows_of, text_at
from tokembed.tokens.writing import with_bulk
from tokembed.types import ContextualEmbedder, Tokenizer
from tokembed.vocab import Vocab

_NUMBERS_AT_ONCE = 1 << 25
"""In the vectors that are held: 128 MiB."""


@dataclass(slots=True)
class ContextLeftOut:
    """What was counted while vectors were made.

    Attributes:
        n_empty: texts without a token of their own: their vectors are those of the special tokens, or zeros.
        n_other: tokens that a model trained here has no row for, all read as one unknown token.
    """

    tokens: TokenCounts = field(default_factory=TokenCounts)
    cuts: Cuts = field(default_factory=Cuts)
    n_empty: int = 0
    n_other: int = 0
    words: WordCounts = field(default_factory=WordCounts)

    def record(self) -> dict[str, int]:
        """The counts by name."""
        return {
            **self.tokens.record(),
            "texts_without_tokens": self.n_empty,
            "tokens_read_as_unknown": self.n_other,
            "texts_too_long": self.cuts.n_long,
            "tokens_cut_off": self.cuts.n_tokens_cut,
            **self.words.record(),
        }


@dataclass(frozen=True, slots=True)
class Piece:
    """Some texts and the rows that the model reads of them; `corpus` has the texts' ids."""

    corpus: Corpus
    rows: Rows


@dataclass(frozen=True, slots=True)
class Reader:
    """A model, the tokenizer its texts are cut by, and what becomes of a text that is too long for it.

    Attributes:
        kept: where finished parts are kept until all are written; None keeps none.
    """

    embedder: ContextualEmbedder
    tokenizer: Tokenizer
    limit: Limit | None = None
    kept: KeptParts | None = None

    def pieces(
        self, batches: Iterable[Batch], left_out: ContextLeftOut, *, offsets: bool, progress: Callable[[int], object]
    ) -> Iterator[Piece]:
        """Each batch cut, with what is left out counted.

        Raises:
            BadInput: a text is too long, and the limit refuses such.
        """

        def cut(item: tuple[Batch, bool]) -> tuple[Piece, TokenCounts]:
            batch, is_bulk = item
            texts, counts = batch.texts(), TokenCounts()
            if offsets:
                corpus = self.tokenizer.encode_batch(texts, self.tokenizer.vocab or Vocab(), offsets=True)
            else:
                corpus = rows_of(batch, self.tokenizer, None, is_bulk=is_bulk).corpus
            counts.add_corpus(texts, corpus, self.tokenizer)
            rows = all_rows(corpus)
            if self.limit is not None:
                rows = cut_long(corpus, self.tokenizer, self.limit, text_at=text_at(batch))
            return Piece(corpus.named(batch.ids()), rows), counts

        for piece, counts in in_order(with_bulk(batches), cut):
            left_out.tokens += counts
            left_out.cuts += piece.rows.cuts
            yield from self._parts(piece, left_out)
            progress(piece.corpus.n_texts)

    def of_corpus(self, corpora: Iterable[Corpus], left_out: ContextLeftOut) -> Iterator[Piece]:
        """Texts that are cut already, for a model without a limit."""
        for corpus in corpora:
            yield from self._parts(Piece(corpus, all_rows(corpus)), left_out)

    def _parts(self, piece: Piece, left_out: ContextLeftOut) -> Iterator[Piece]:
        """The piece in parts of a bounded number of tokens, or of one text."""
        n_frame = sum(map(len, self.tokenizer.frame))
        left_out.n_empty += int((piece.corpus.lengths() <= n_frame).sum())
        left_out.n_other += int((~self.embedder.has_row(piece.corpus)).sum())
        n_texts = piece.corpus.n_texts
        row_of = np.searchsorted(piece.rows.texts, np.arange(n_texts + 1))  # the first row of each text
        ends = piece.rows.corpus.starts[row_of]
        for first, last in runs(ends, self._n_tokens):
            rows = slice(int(row_of[first]), int(row_of[last]))
            yield Piece(
                texts_of(piece.corpus, first, last),
                Rows(
                    texts_of(piece.rows.corpus, rows.start, rows.stop),
                    piece.rows.texts[rows] - first,
                    piece.rows.numbers[rows],
                    Cuts(),
                ),
            )

    @property
    def _n_tokens(self) -> int:
        return max(1, _NUMBERS_AT_ONCE // self.embedder.dim)

    def text_vectors(self, piece: Piece, pool: str) -> NDArray[np.float32]:
        """One vector a text, (n_texts, text_dim): the mean of its rows', where it has several."""
        embedder, corpus = self.embedder, piece.rows.corpus
        rows = np.concatenate(
            [np.empty((0, embedder.text_dim), np.float32)]
            + [
                embedder.pooled(part, embedder.token_vectors(part), pool)
                for first, last in runs(corpus.starts, self._n_tokens)
                for part in [texts_of(corpus, first, last)]
            ]
        )
        if len(rows) == piece.corpus.n_texts:
            return rows
        first = np.searchsorted(piece.rows.texts, np.arange(piece.corpus.n_texts))
        sums = np.add.reduceat(rows, first, axis=0, dtype=np.float64)
        return np.asarray(sums / np.bincount(piece.rows.texts)[:, None], np.float32)

    def token_rows(self, piece: Piece, vectors: NDArray[np.float32], *, only_known: bool = False) -> exports.TokenRows:
        """The tokens of the texts that the model has read; of several rows the frame stands once around all.

        Args:
            only_known: leave out tokens that it, or its tokenizer, does not know.
        """
        n_before, n_behind = map(len, self.tokenizer.frame)
        corpus, texts, numbers = piece.rows.corpus, piece.rows.texts, piece.rows.numbers
        row = np.repeat(np.arange(corpus.n_texts), corpus.lengths())
        place = np.arange(corpus.n_tokens) - corpus.starts[row]
        from_end = corpus.lengths()[row] - place
        is_last = np.append(texts[1:] != texts[:-1], True)
        is_kept = ((numbers[row] == 0) | (place >= n_before)) & (is_last[row] | (from_end > n_behind))
        if only_known:
            is_kept &= self.embedder.has_row(corpus) & (corpus.ids != corpus.vocab.unknown_id)
        text_of = texts[row[is_kept]]
        starts = np.searchsorted(text_of, np.arange(piece.corpus.n_texts + 1))
        assert corpus.offsets is not None  # they were asked for
        return exports.TokenRows(
            text_ids=[piece.corpus.text_ids[text] for text in text_of.tolist()],
            positions=np.arange(len(text_of)) - starts[text_of],
            tokens=[corpus.vocab[token_id] for token_id in corpus.ids[is_kept].tolist()],
            offsets=corpus.offsets[is_kept],
            vectors=vectors[is_kept],
            starts=starts.astype(np.int64),
        )


def write_text_vectors(
    path: Path, pieces: Iterable[Piece], reader: Reader, pool: str, record: exports.Record, *, ids: bool
) -> None:
    """Write one row a text."""
    with exports.text_vectors(path, reader.embedder.text_dim, record, ids=ids) as write:
        for number, piece in enumerate(pieces):
            write(piece.corpus.text_ids, _made(reader, number, piece, lambda _, p=piece: reader.text_vectors(p, pool)))  # type: ignore[misc]


def write_token_vectors(path: Path, pieces: Iterable[Piece], reader: Reader, record: exports.Record) -> None:
    """Write one row a token, special ones included; the texts must have offsets."""
    with exports.token_vectors(path, reader.embedder.dim, record) as write:
        for number, piece in enumerate(pieces):
            write(reader.token_rows(piece, _made(reader, number, piece, reader.embedder.token_vectors)))


def write_word_vectors(
    path: Path, pieces: Iterable[Piece], reader: Reader, left_out: ContextLeftOut, record: exports.Record
) -> None:
    """Write one row a word, the mean of its tokens that the model knows; the texts must have offsets."""
    with exports.token_vectors(path, reader.embedder.dim, record, unit="word") as write:
        for number, piece in enumerate(pieces):
            vectors = _made(reader, number, piece, reader.embedder.token_vectors)
            rows = reader.token_rows(piece, vectors, only_known=True)
            write(left_out.words.counted(word_rows(rows, piece.corpus)))


def _made(
    reader: Reader, number: int, piece: Piece, make: Callable[[Corpus], NDArray[np.float32]]
) -> NDArray[np.float32]:
    corpus = piece.rows.corpus
    return make(corpus) if reader.kept is None else reader.kept.vectors(number, corpus, make)


def runs(starts: NDArray[np.int64], n_tokens: int) -> Iterator[tuple[int, int]]:
    """Texts that begin at `starts` in runs of at most so many tokens, or of one text.

    >>> list(runs(np.array([0, 3, 5, 12, 13]), 6))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, n_texts = 0, len(starts) - 1
    while first < n_texts:
        last = int(np.searchsorted(starts, starts[first] + n_tokens, side="right")) - 1
        last = min(max(last, first + 1), n_texts)
        yield first, last
        first = last


def texts_of(corpus: Corpus, first: int, last: int) -> Corpus:
    """The texts from place `first` up to, not including, place `last`."""
    begin, end = corpus.starts[first], corpus.starts[last]
    return replace(
        corpus,
        ids=np.asarray(corpus.ids[begin:end]),
        starts=corpus.starts[first : last + 1] - begin,
        text_ids=corpus.text_ids[first:last],
        offsets=None if corpus.offsets is None else corpus.offsets[begin:end],
        n_unk_chars=None,
        texts=None if corpus.texts is None else corpus.texts[first:last],
    )
