"""How similar texts are under each embedder, and how high that is among random pairs of sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.percentiles import percentile

if TYPE_CHECKING:
    from tokembed.compare.word_rows import EmbedderRow, TextRows
    from tokembed.types import Encoding, Sparse

SENTENCES = Path(__file__).parent.parent / "assets" / "reference-sentences"
N_PAIRS = 2_000
SEED = 0
FEWEST_PAIRS = 100
"""With fewer random pairs that have a cosine there is no percentile."""
MOST_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Similarity:
    """Two texts under one embedder.

    Attributes:
        cosine: None where one of the texts has no vector.
        percentile: how many percent of random pairs of sentences have a lower one, 0..100; None where too few have any.
        n_with_vector: of each of the two texts, how many of its words have a vector.
        n_words: how many words each has.
    """

    embedder: str
    tokenizer: str
    cosine: float | None
    percentile: float | None
    n_with_vector: tuple[int, int]
    n_words: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts, by their places, under each embedder."""

    first: int
    second: int
    similarities: tuple[Similarity, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The pair of texts whose highest and lowest percentile are farthest apart."""

    first: int
    second: int
    high: Similarity
    low: Similarity


def reference_sentences() -> list[str]:
    """The 128 sentences, 64 in Korean and 64 in English, in order."""
    files = [SENTENCES / "korean.txt", SENTENCES / "english.txt"]
    return [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]


def text_pairs(
    embedders: Sequence[TextRows],
    encodings: Callable[[str], Sequence[Encoding]],
    references: Callable[[str], Sequence[Encoding]],
    rows: Sequence[Sequence[EmbedderRow]],
) -> list[TextPair]:
    """Each pair of texts under each embedder, in order.

    Args:
        encodings: the texts cut by the tokenizer of that name.
        references: the reference sentences cut by it.
        rows: of each text what each embedder has for its words.
    """
    cosines = [embedder.text_cosines(encodings(embedder.tokenizer)) for embedder in embedders]
    samples = [reference_sample(embedder.reference_cosines(references(embedder.tokenizer))) for embedder in embedders]
    return [
        TextPair(
            first,
            second,
            tuple(
                _similarity(float(cosine[first, second]), sample, one, other)
                for cosine, sample, one, other in zip(cosines, samples, rows[first], rows[second], strict=True)
            ),
        )
        for first, second in combinations(range(len(rows)), 2)
    ]


def _similarity(cosine: float, sample: NDArray[np.float64], one: EmbedderRow, other: EmbedderRow) -> Similarity:
    is_there = not np.isnan(cosine)
    has_percentile = is_there and len(sample) >= FEWEST_PAIRS
    return Similarity(
        one.embedder,
        one.tokenizer,
        cosine if is_there else None,
        percentile(cosine, sample) if has_percentile else None,
        (one.n_with_vector, other.n_with_vector),
        (len(one.words), len(other.words)),
    )


def disagreement(pairs: Sequence[TextPair]) -> Disagreement | None:
    """Where the embedders disagree most, by percentile; None where no two of them have one for the same pair."""
    found = []
    for pair in pairs:
        ranked = sorted(
            (one for one in pair.similarities if one.percentile is not None), key=lambda one: one.percentile or 0.0
        )
        if len(ranked) > 1:
            found.append(Disagreement(pair.first, pair.second, ranked[-1], ranked[0]))
    return max(found, key=lambda one: (one.high.percentile or 0.0) - (one.low.percentile or 0.0), default=None)


def cosine_matrix(vectors: NDArray[np.float32] | Sparse) -> NDArray[np.float64]:
    """The cosines of all pairs of rows, (n, n), each in -1..1; nan where one is all zeros.

    Args:
        vectors: (n, dim), dense or sparse.
    """
    wide = vectors.astype(np.float64)
    products = wide @ wide.T
    dense: NDArray[np.float64] = products if isinstance(products, np.ndarray) else products.toarray()
    squares = np.diag(dense)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines: NDArray[np.float64] = dense / np.sqrt(np.outer(squares, squares))
    return np.clip(cosines, -1, 1)


def reference_sample(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cosines of N_PAIRS random pairs of different sentences, in ascending order, those without one left out.

    Args:
        cosines: of all pairs, (n_sentences, n_sentences).
    """
    n_sentences = len(cosines)
    draw = np.random.default_rng(SEED)
    first = draw.integers(0, n_sentences, N_PAIRS)
    second = (first + draw.integers(1, n_sentences, N_PAIRS)) % n_sentences
    drawn = cosines[first, second]
    return np.sort(drawn[~np.isnan(drawn)])
