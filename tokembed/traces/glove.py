"""How `glove` learns a word: its row of co-occurrences, how each cell is weighed, and how far training is off it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, translation
from tokembed.embedders.glove import GloveEmbedder
from tokembed.embedders.glove_training import Parts
from tokembed.errors import counted
from tokembed.kernels.cooccurrence import count_rows, distance_weights, keep
from tokembed.traces.learned import Learned, vectors_step
from tokembed.traces.steps import Row, Step, Trace

MOST_CELLS = 20
_COUNTED = ("neighbor", "X", "f(X)", "ln X")
_FITTED = ("w . c", "b + b", "error")


def trace(learned: Learned) -> Trace:
    """The co-occurrence row of each word of the text, the largest cells first, and the vectors.

    Source: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equations 8 and 9.
    """
    embedder: GloveEmbedder = learned.embedder
    words = [token for token in learned.counts() if token in embedder.terms]
    if learned.corpus is None:
        steps = [Step("co-occurrences", "a model does not keep them; give the FILES to count them in")]
    else:
        rows = _counted_rows(learned.corpus, embedder, words)
        steps = [_row(embedder, word, *cells, learned.parts) for word, cells in zip(words, rows, strict=True)]
    return Trace("glove", learned.text, (*steps, vectors_step(learned, embedder)))


def _counted_rows(
    corpus: Corpus, embedder: GloveEmbedder, words: list[str]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """The columns of each word's cells, and X in them."""
    weights, scale = distance_weights(embedder.window)
    labels = translation(corpus.vocab, embedder.terms).astype(np.int32)[corpus.ids]
    kept = keep(labels, corpus.starts, np.empty(0, np.int32), len(embedder.terms))
    for word in words:
        rows = count_rows(kept, np.array([embedder.terms.ids[word]], np.int32), weights)
        yield rows.columns, rows.sums / scale


def _row(
    embedder: GloveEmbedder, word: str, columns: NDArray[np.int32], counts: NDArray[np.float64], parts: Parts | None
) -> Step:
    largest = np.argsort(-counts, kind="stable")[:MOST_CELLS]
    cells = [(int(columns[cell]), float(counts[cell])) for cell in largest]
    rows = tuple(_cell(embedder, embedder.terms.ids[word], column, x, parts) for column, x in cells)
    rule = (
        f"X = sum of 1 / distance, up to {counted(embedder.window, 'word')} to each side; "
        f"f(X) = min(1, (X / {embedder.x_max:g})^{embedder.alpha:g})"
    )
    rule += (
        "; error = w . c + b + b - ln X"
        if parts is not None
        else "; a model keeps the sums w + c alone, so the error of a cell is not known"
    )
    if len(counts) > len(rows):
        rule += f"; the largest {len(rows)} of {counted(len(counts), 'cell')}"
    columns_shown = _COUNTED + (_FITTED if parts is not None else ())
    return Step(f"row of {word!r}", rule, columns_shown, rows)


def _cell(embedder: GloveEmbedder, row: int, column: int, x: float, parts: Parts | None) -> Row:
    logarithm = float(np.log(x))
    known: Row = (embedder.terms[column], x, min(1.0, (x / embedder.x_max) ** embedder.alpha), logarithm)
    if parts is None:
        return known
    dot = float(parts.words[row].astype(np.float64) @ parts.contexts[column].astype(np.float64))
    biases = float(parts.word_biases[row]) + float(parts.context_biases[column])
    return (*known, dot, biases, dot + biases - logarithm)
