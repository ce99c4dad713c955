"""Texts become vectors in a file: cut, looked up and written at the same time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput, BadUsage
from tokembed.inputs.batches import Batch
from tokembed.text_vectors import exports, sif
from tokembed.text_vectors.coverage import VectorCoverage, covered
from tokembed.text_vectors.pooling import Pooled, TokenVectors, pooled, token_vectors
from tokembed.text_vectors.word_level import WordCounts, word_rows
from tokembed.tokens.pipeline import in_order
from tokembed.tokens.rows import rows_of
from tokembed.tokens.writing import with_bulk
from tokembed.types import Kind, Oov, Pool, TextEmbedder, Tokenizer
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Sparse

_TEXTS_AT_ONCE = 1 << 14

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Pooling:
    """How a text's vector is made of its tokens'."""

    pool: Pool = "mean"
    oov: Oov = "skip"


@dataclass(slots=True)
class LeftOut:
    """What was counted while vectors were made."""

    tokens: TokenCounts = field(default_factory=TokenCounts)
    vectors: VectorCoverage = field(default_factory=VectorCoverage)
    words: WordCounts = field(default_factory=WordCounts)

    def record(self) -> dict[str, int]:
        """The counts by name."""
        return {**self.tokens.record(), **self.vectors.record(), **self.words.record()}


def corpora(
    batches: Iterable[Batch], tokenizer: Tokenizer, left_out: LeftOut, *, offsets: bool = False, progress: Progress
) -> Iterator[Corpus]:
    """Each batch as a corpus with the texts' ids; what is unknown is counted.

    Args:
        offsets: of each token; the texts are then cut one by one.
    """

    def cut(item: tuple[Batch, bool]) -> tuple[Corpus, TokenCounts]:
        batch, is_bulk = item
        texts, counts = batch.texts(), TokenCounts()
        if offsets:
            corpus = tokenizer.encode_batch(texts, tokenizer.vocab or Vocab(), offsets=True)
        else:
            corpus = rows_of(batch, tokenizer, None, is_bulk=is_bulk).corpus
        counts.add_corpus(texts, corpus, tokenizer)
        return corpus.named(batch.ids()), counts

    for corpus, counts in in_order(with_bulk(batches), cut):
        left_out.tokens += counts
        yield corpus
        progress(corpus.n_texts)


def parts(corpus: Corpus) -> Iterator[Corpus]:
    """A corpus in pieces of some texts each, in order."""
    for first in range(0, corpus.n_texts, _TEXTS_AT_ONCE):
        last = min(first + _TEXTS_AT_ONCE, corpus.n_texts)
        begin, end = corpus.starts[first], corpus.starts[last]
        yield replace(
            corpus,
            ids=np.asarray(corpus.ids[begin:end]),
            starts=corpus.starts[first : last + 1] - begin,
            text_ids=corpus.text_ids[first:last],
        )


def write_text_vectors(
    path: Path,
    pieces: Iterable[Corpus],
    words: WordVectors,
    pooling: Pooling,
    left_out: LeftOut,
    record: exports.Record,
    *,
    ids: bool,
) -> None:
    """Write one dense row a text.

    Args:
        pieces: the texts, block by block.
        left_out: what has no vector is counted there.
        record: what made them, asked for at the end.

    Raises:
        BadUsage: `sif` is asked for, and the words have no counts.
        BadInput: a token has no vector, under `oov` error; or there are too few texts for `sif`.
    """
    weights = None
    if pooling.pool == "sif":
        if words.counts is None:
            raise BadUsage("--pool sif must know how often each word occurs, these vectors have no counts; use mean")
        weights = sif.weights_of(words.terms, words.counts)

    def rows() -> Iterator[tuple[Corpus, Pooled]]:
        for corpus in pieces:
            tokens = token_vectors(corpus, words)
            _check_oov(corpus, tokens, pooling.oov)
            found = pooled(corpus, tokens, pool=pooling.pool, zeros=pooling.oov == "zero", weights=weights)
            left_out.vectors += covered(corpus, tokens, found, words.terms)
            yield corpus, found

    with exports.text_vectors(path, words.dim, record, ids=ids) as write:
        if weights is None:
            for corpus, found in rows():
                write(corpus.text_ids, found.vectors)
        else:
            _write_without_common(write, rows(), words.dim)


def _write_without_common(write: exports.WriteTexts, rows: Iterable[tuple[Corpus, Pooled]], dim: int) -> None:
    """Write vectors with what they all have in common taken out, which only the last of them tells."""
    common, names, n_texts = sif.CommonComponent(dim), list[list[str]](), 0
    with TemporaryFile(prefix="tokembed-") as file:
        for corpus, found in rows:
            common.add(found.vectors)
            file.write(np.ascontiguousarray(found.vectors).data)
            names.append(list(corpus.text_ids))
            n_texts += corpus.n_texts
        if n_texts < 2:
            raise BadInput(f"--pool sif takes out what all texts have in common, so give two or more, found {n_texts}")
        direction = common.direction()
        file.seek(0)
        for text_ids in names:
            block = np.frombuffer(file.read(len(text_ids) * dim * 4), np.float32).reshape(-1, dim)
            write(text_ids, sif.without(block, direction))


def write_token_vectors(
    path: Path,
    pieces: Iterable[Corpus],
    words: WordVectors,
    oov: Oov,
    left_out: LeftOut,
    record: exports.Record,
    *,
    unit: str = "token",
) -> None:
    """Write one row a token; one without a vector has none under `oov` skip, and zeros under zero.

    Args:
        pieces: the texts with offsets, block by block.
        unit: "word" makes rows of words of those.

    Raises:
        BadInput: a token has no vector, under `oov` error.
    """
    with exports.token_vectors(path, words.dim, record, unit=unit) as write:
        for corpus in pieces:
            tokens = token_vectors(corpus, words)
            _check_oov(corpus, tokens, oov)
            left_out.vectors += covered(corpus, tokens, None, words.terms)
            rows = _token_rows(corpus, tokens, keeps_all=oov == "zero")
            write(rows if unit == "token" else left_out.words.counted(word_rows(rows, corpus)))


def _token_rows(corpus: Corpus, tokens: TokenVectors, *, keeps_all: bool) -> exports.TokenRows:
    is_kept = (tokens.kind[tokens.places] != Kind.NONE) | keeps_all
    text_of = np.repeat(np.arange(corpus.n_texts), corpus.lengths())
    positions = np.arange(corpus.n_tokens) - corpus.starts[text_of]
    assert corpus.offsets is not None  # they were asked for
    return exports.TokenRows(
        text_ids=[corpus.text_ids[text] for text in text_of[is_kept].tolist()],
        positions=positions[is_kept],
        tokens=[corpus.vocab[token_id] for token_id in corpus.ids[is_kept].tolist()],
        offsets=corpus.offsets[is_kept],
        vectors=tokens.vectors[tokens.places[is_kept]],
        starts=np.concatenate([[0], np.cumsum(is_kept)])[corpus.starts],
    )


def _check_oov(corpus: Corpus, tokens: TokenVectors, oov: Oov) -> None:
    if oov != "error":
        return
    missing = np.flatnonzero(tokens.kind[tokens.places] == Kind.NONE)
    if len(missing):
        text = int(np.searchsorted(corpus.starts, missing[0], side="right")) - 1
        token = corpus.vocab[int(corpus.ids[missing[0]])]
        raise BadInput(
            f"every token must have a vector under --oov error, {token!r} in {corpus.text_ids[text]} has none; "
            "use --oov skip or zero"
        )


def write_sparse_vectors(
    path: Path,
    pieces: Iterable[Corpus],
    embedder: TextEmbedder,
    left_out: LeftOut,
    record: Callable[[], dict[str, Any]],
    *,
    ids: bool,
) -> None:
    """Write one sparse row a text; they are held until all are there."""
    rows: list[Sparse] = []
    names: list[str] = []
    for corpus in pieces:
        block = embedder.text_vectors(corpus)
        left_out.vectors.texts_without_vector += int((np.diff(block.indptr) == 0).sum())
        rows.append(block)
        names += corpus.text_ids
    if not rows:
        raise BadInput("there must be a text to make a vector of, found none")
    exports.write_sparse(path, rows, names, embedder.terms, record, ids=ids)
