"""Vectors judged by what they are used for: a logistic regression that tells labels from text vectors.

The texts are split once, by the seed: 80 % to learn from, 20 % held out, each label in the same share in both. All
vectors are judged on the same held-out texts.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.errors import BadInput, BadUsage, NotAtHand, counted
from tokembed.evaluate.judge import Coverage
from tokembed.evaluate.scores import Score, share
from tokembed.inputs.columns import TABLES, table_values
from tokembed.inputs.opening import without_compression
from tokembed.inputs.reading import Reading
from tokembed.surrogates import well_formed
from tokembed.text_vectors import pooling
from tokembed.text_vectors.context import texts_of
from tokembed.tokens.long_corpora import Rows, cut_long
from tokembed.tokens.long_texts import Limit
from tokembed.tokens.rows import all_rows
from tokembed.types import ContextualEmbedder, StaticEmbedder, Text, TextEmbedder, Tokenizer
from tokembed.vocab import Vocab

try:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler
except ImportError as error:
    raise NotAtHand(
        "labelled texts need the package 'scikit-learn'; install it with: pip install 'tokembed[evaluate]'"
    ) from error

if TYPE_CHECKING:
    from tokembed.types import Sparse
    from tokembed.vectors import WordVectors

    Vectors = NDArray[np.float32] | Sparse

HELD_OUT = 0.2
SEED = 0
MOST_STEPS = 1_000
_TEXTS_AT_ONCE = 1 << 12


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and the label of each."""

    texts: list[str]
    labels: list[str]


@dataclass(frozen=True, slots=True)
class Task:
    """Labelled texts cut into tokens: those to learn from, and those that are held out."""

    train: Corpus
    held_out: Corpus
    train_labels: list[str]
    held_out_labels: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often the label of a held-out text was told.

    Attributes:
        majority: how often it is told by always saying the label that most of the others have, 0..1.
        coverage: of all texts, how many have a vector.
        token_share: how many of their tokens have one, or are known to a model that reads the text, 0..1; None where
            texts have vectors and tokens have none.
        converged: whether the regression had, after 1,000 steps.
        n_cut: texts that were cut off, as the model takes no more of one.
    """

    accuracy: Score
    majority: float
    coverage: Coverage
    token_share: float | None
    n_train: int
    n_held_out: int
    n_labels: int
    converged: bool
    n_cut: int = 0


def read_labelled(source: str, *, column: str | None, label: str, reading: Reading | None = None) -> Labelled:
    """The texts of one column of a table and their labels from another; rows without a label are left out, and told.

    Args:
        reading: the encoding and what to do with rows that cannot be read.

    Raises:
        BadUsage: the file is no table.
        BadInput: it cannot be read, has no such columns, or holds no labelled text.
    """
    suffix = Path(without_compression(source)).suffix.lower()
    if suffix not in TABLES:
        raise BadUsage(f"labelled texts must stand in a table ({', '.join(TABLES)}), got {source!r}")
    reading = replace(reading or Reading(), column=column, others=(label,), n_skipped=0)
    rows = [(_as_text(text), _as_text(found)) for _, _, text, (found,) in table_values(source, suffix, reading)]
    kept = [row for row in rows if row[1]]
    if not kept:
        raise BadInput(f"{source} must hold labelled texts, found none with a label in the column {label!r}")
    if reading.n_skipped:
        reading.notice(f"{source}: left out as it cannot be read: {counted(reading.n_skipped, 'row')}")
    if len(kept) < len(rows):
        n_left_out = counted(len(rows) - len(kept), "row")
        reading.notice(f"{source}: left out as it has no label in the column {label!r}: {n_left_out}")
    return Labelled([text for text, _ in kept], [found for _, found in kept])


def _as_text(value: Any) -> str:
    return "" if value is None else well_formed(str(value))


def split_task(labelled: Labelled, tokenizer: Tokenizer, *, seed: int = SEED) -> Task:
    """The texts cut into tokens and split in two by the seed, which does not depend on the tokenizer.

    Raises:
        BadInput: there is one label only, or too few texts of one.
    """
    n_texts = len(labelled.texts)
    _check_labels(Counter(labelled.labels), ceil(HELD_OUT * n_texts))
    places = train_test_split(range(n_texts), test_size=HELD_OUT, random_state=seed, stratify=labelled.labels)
    vocab = tokenizer.vocab or Vocab()
    train, held_out = (tokenizer.encode_batch([labelled.texts[place] for place in part], vocab) for part in places)
    train_labels, held_out_labels = ([labelled.labels[place] for place in part] for part in places)
    return Task(train, held_out, train_labels, held_out_labels)


def _check_labels(counts: Counter[str], n_held_out: int) -> None:
    if len(counts) < 2:
        raise BadInput(f"there must be at least two labels, all texts have {next(iter(counts), '')!r}")
    label, fewest = counts.most_common()[-1]
    if fewest < 2:
        raise BadInput(f"each label must be on at least 2 texts, {label!r} is on 1; is it the column of the labels?")
    if n_held_out < len(counts):
        raise BadInput(
            f"the texts held out must be as many as the labels or more, they are {n_held_out} for {len(counts)} "
            "labels; give more texts"
        )


def judge_word_vectors(task: Task, vectors: WordVectors | StaticEmbedder) -> Verdict:
    """The verdict on the mean of each text's word vectors, every dimension scaled to mean 0 and deviation 1."""
    pooled = [pooling.mean(corpus, cast("StaticEmbedder", vectors)) for corpus in (task.train, task.held_out)]
    n_tokens = [part.n_with_vector.sum() for part in pooled]
    token_share = float(sum(n_tokens) / max(1, task.train.n_tokens + task.held_out.n_tokens))
    scaler = StandardScaler().fit(pooled[0].vectors)
    train, held_out = (scaler.transform(part.vectors) for part in pooled)
    return judge_rows(task, train, held_out, [part.n_with_vector > 0 for part in pooled], token_share)


def judge_in_context(task: Task, embedder: ContextualEmbedder, tokenizer: Tokenizer) -> Verdict:
    """The verdict on what a model that reads in order makes of each text, every dimension scaled as above.

    Args:
        tokenizer: what cut the texts; one that is longer than the model takes is cut off, and counted.
    """
    cut = [_within_window(corpus, embedder, tokenizer) for corpus in (task.train, task.held_out)]
    rows = [_in_context(part.corpus, embedder) for part in cut]
    scaler = StandardScaler().fit(rows[0])
    train, held_out = (scaler.transform(part) for part in rows)
    is_known = np.concatenate([_is_known(part.corpus, embedder) for part in cut])
    token_share = float(is_known.mean()) if len(is_known) else None
    verdict = judge_rows(task, train, held_out, [np.asarray(part.any(axis=1)) for part in rows], token_share)
    return replace(verdict, n_cut=sum(part.cuts.n_long for part in cut))


def _is_known(corpus: Corpus, embedder: ContextualEmbedder) -> NDArray[np.bool_]:
    """Which tokens neither the tokenizer nor the model reads as an unknown one, (n_tokens,)."""
    known: NDArray[np.bool_] = embedder.has_row(corpus) & (corpus.ids != corpus.vocab.unknown_id)
    return known


def _within_window(corpus: Corpus, embedder: ContextualEmbedder, tokenizer: Tokenizer) -> Rows:
    if embedder.max_tokens is None:
        return all_rows(corpus)
    return cut_long(corpus, tokenizer, Limit(embedder.max_tokens, "truncate"), text_at=lambda _: Text("", "", ""))


def _in_context(corpus: Corpus, embedder: ContextualEmbedder) -> NDArray[np.float32]:
    """One vector a text, (n_texts, text_dim); some texts at a time, to bound the memory."""
    blocks = [np.empty((0, embedder.text_dim), np.float32)]
    for first in range(0, corpus.n_texts, _TEXTS_AT_ONCE):
        part = texts_of(corpus, first, min(first + _TEXTS_AT_ONCE, corpus.n_texts))
        blocks.append(embedder.pooled(part, embedder.token_vectors(part), embedder.pools[0]))
    return np.concatenate(blocks)


def judge_text_embedder(task: Task, embedder: TextEmbedder) -> Verdict:
    """The verdict on the rows of an embedder that is fitted here, on the texts to learn from."""
    embedder.fit(task.train)
    rows = [embedder.text_vectors(corpus) for corpus in (task.train, task.held_out)]
    return judge_rows(task, rows[0], rows[1], [np.diff(part.indptr) > 0 for part in rows])


def judge_rows(
    task: Task,
    train: Vectors,
    held_out: Vectors,
    has_vector: Sequence[NDArray[np.bool_]],
    token_share: float | None = None,
) -> Verdict:
    """The verdict on one row a text, (n_train, dim) and (n_held_out, dim), dense or sparse.

    Args:
        has_vector: which texts have one, (n_train,) and (n_held_out,); the others are judged too, by their zeros.

    Source: scikit-learn's LogisticRegression, its defaults (L2, C = 1), at most 1,000 steps.
    """
    regression = LogisticRegression(max_iter=MOST_STEPS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        regression.fit(train, task.train_labels)
    truth = np.array(task.held_out_labels)
    n_right = int((regression.predict(held_out) == truth).sum())
    ((majority, _),) = Counter(task.train_labels).most_common(1)
    found = np.concatenate(has_vector)
    return Verdict(
        accuracy=share(n_right, len(truth)),
        majority=float((truth == majority).mean()),
        coverage=Coverage(int(found.sum()), len(found)),
        token_share=token_share,
        n_train=len(task.train_labels),
        n_held_out=len(truth),
        n_labels=len(regression.classes_),
        converged=not any(issubclass(warning.category, ConvergenceWarning) for warning in caught),
    )
