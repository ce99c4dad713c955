"""Vectors judged by word sets: similarity and analogies, under each way to treat a missing word.

    drop    a pair or a question with a missing word is left out
    zero    the pair scores 0; the question counts as answered wrongly
    mean    the pair scores the mean of the others; for questions the share then is that of `drop`

A word is looked for as it is, then in lower case, then by its n-grams. One whose vector is zeros has no direction and
is missing too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokembed.evaluate.scores import Score, share, spearman
from tokembed.evaluate.word_sets import Analogies, Pairs, WordSet
from tokembed.types import Kind
from tokembed.vectors import WordVectors

Way = Literal["drop", "zero", "mean"]
WAYS: tuple[Way, ...] = ("drop", "zero", "mean")
LEAST_COVERAGE = 0.5
"""Below it the words that are missing decide more than the vectors do."""
_QUESTIONS_AT_ONCE = 2048
_TERMS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a score was made of; numbers are of pairs, of questions or of texts.

    Attributes:
        n_found: those of which every word was found; of texts, those with a vector.
        n_all: all there are.
        n_by_ngrams: of those found, how many needed a vector made of n-grams.
        n_lower: of those found, how many needed a word put in lower case.
    """

    n_found: int
    n_all: int
    n_by_ngrams: int = 0
    n_lower: int = 0

    @property
    def share(self) -> float:
        return self.n_found / self.n_all

    @property
    def concludes(self) -> bool:
        """Whether enough was found for the score to say something about the vectors."""
        return self.share >= LEAST_COVERAGE


@dataclass(frozen=True, slots=True)
class Judgment:
    """A score on a word set, or on one of its sections, under one way to treat missing words."""

    way: Way
    score: Score
    coverage: Coverage
    section: str | None = None


def judge(
    word_set: WordSet, vectors: WordVectors, *, progress: Callable[[int], None] = lambda _: None
) -> list[Judgment]:
    """Spearman's correlation for pairs; for analogies the share answered rightly, over all and by section.

    Args:
        progress: told how many more questions were answered.
    """
    if isinstance(word_set, Pairs):
        return similarity(word_set, vectors)
    return analogies(word_set, vectors, progress=progress)


def similarity(pairs: Pairs, vectors: WordVectors) -> list[Judgment]:
    """How the cosines of the pairs rank beside people's scores, a judgment a way."""
    words = _Words(chain.from_iterable(pairs.words), vectors)
    places = words.places(pairs.words)  # (n_pairs, 2)
    found = words.found[places].all(axis=1)
    cosines = (words.units[places[:, 0]] * words.units[places[:, 1]]).sum(axis=1)  # (n_pairs,), 0 where not found
    people = np.array(pairs.scores)
    coverage = words.coverage(places, found)
    if not found.any():
        nothing = Score(None, None, "undefined: no pair has a vector for both words")
        return [Judgment(way, nothing, coverage) for way in WAYS]
    return [
        Judgment("drop", spearman(cosines[found], people[found]), coverage),
        Judgment("zero", spearman(cosines, people), coverage),
        Judgment("mean", spearman(np.where(found, cosines, cosines[found].mean()), people), coverage),
    ]


def analogies(
    questions: Analogies, vectors: WordVectors, *, progress: Callable[[int], None] = lambda _: None
) -> list[Judgment]:
    """The share of the questions answered rightly by 3CosAdd, a judgment a way, over all and then by section.

    The answer is the term whose vector is nearest b - a + c, all of unit length; a, b and c are no candidates. A
    question can be answered where a, b and c have a vector and the fourth word is a term.

    Source: Mikolov et al. 2013, "Linguistic Regularities in Continuous Space Word Representations"; Levy and Goldberg
        2014, "Linguistic Regularities in Sparse and Explicit Word Representations", equation 3 (3CosAdd).
    """
    listed = list(chain.from_iterable(questions.sections.values()))
    words = _Words(chain.from_iterable(listed), vectors)
    places = words.places(listed)  # (n_questions, 4)
    found = words.found[places].all(axis=1) & (words.rows[places[:, 3]] >= 0)
    answers = np.full(len(listed), -1)
    answers[found] = answer(words, places[found, :3], vectors, progress=progress)
    right = found & (answers == words.rows[places[:, 3]])
    bounds = np.cumsum([0, *map(len, questions.sections.values())]).tolist()
    parts = {None: slice(None)} | {
        section: slice(first, last)
        for section, first, last in zip(questions.sections, bounds, bounds[1:], strict=False)
    }
    return [
        Judgment(way, share(int(right[part].sum()), n_asked), coverage, section)
        for section, part in parts.items()
        for coverage in [words.coverage(places[part], found[part])]
        for way, n_asked in zip(WAYS, (coverage.n_found, coverage.n_all, coverage.n_found), strict=True)
    ]


class _Words:
    """The distinct words of a set as the vectors have them.

    Attributes:
        units: vectors of unit length, zeros for a word that is missing, float64 (n_words, dim).
        found: which words have a vector, bool (n_words,).
        rows: their places among the terms, -1 for a word that is none, int64 (n_words,).
    """

    def __init__(self, words: Iterable[str], vectors: WordVectors) -> None:
        self._place = {word: place for place, word in enumerate(dict.fromkeys(words))}
        ids = vectors.terms.ids
        keys = [next((form for form in (word, word.lower()) if form in ids), word) for word in self._place]
        looked_up = vectors.lookup(keys)
        lengths = np.linalg.norm(looked_up.vectors.astype(np.float64), axis=1)
        self.found = (looked_up.kind != Kind.NONE) & (lengths > 0)
        self.units = looked_up.vectors / np.where(self.found, lengths, 1)[:, None]
        self.rows = np.array([ids.get(key, -1) for key in keys], np.int64)
        self._by_ngrams = looked_up.kind == Kind.NGRAMS
        self._lower = np.array([key != word for key, word in zip(keys, self._place, strict=True)])

    def places(self, items: Sequence[Sequence[str]]) -> NDArray[np.int64]:
        """Which of the words each item has, (n_items, n_words_of_one)."""
        return np.array([[self._place[word] for word in item] for item in items], np.int64)

    def coverage(self, places: NDArray[np.int64], found: NDArray[np.bool_]) -> Coverage:
        """What of these items was found, (n_items, n_words_of_one) and (n_items,)."""
        by_ngrams, lower = (
            int((needed[places].any(axis=1) & found).sum()) for needed in (self._by_ngrams, self._lower)
        )
        return Coverage(int(found.sum()), len(found), by_ngrams, lower)


def answer(
    words: _Words,
    places: NDArray[np.int64],
    vectors: WordVectors,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> NDArray[np.int64]:
    """The row of the term that answers each question, (n_questions,).

    Args:
        places: which words a, b and c are, (n_questions, 3).

    A block of questions is multiplied with a block of terms at a time, so that the products never fill the memory.
    """
    answers = np.empty(len(places), np.int64)
    lengths = np.concatenate([np.empty(0), *(np.linalg.norm(block, axis=1) for _, block in _blocks(vectors))])
    scales = (1 / np.where(lengths > 0, lengths, np.inf)).astype(np.float32)  # (n_terms,)
    for first in range(0, len(places), _QUESTIONS_AT_ONCE):
        asked = places[first : first + _QUESTIONS_AT_ONCE]
        a, b, c = words.units[asked].transpose(1, 0, 2)
        targets = (b - a + c).astype(np.float32)
        answers[first : first + len(asked)] = _nearest(targets, words.rows[asked], vectors, scales)
        progress(len(asked))
    return answers


def _nearest(
    targets: NDArray[np.float32], excluded: NDArray[np.int64], vectors: WordVectors, scales: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The row nearest each target by cosine, the rows `excluded` (n_targets, 3) left out; (n_targets,)."""
    everyone = np.arange(len(targets))
    best = np.full(len(targets), -np.inf, np.float32)
    nearest = np.full(len(targets), -1)
    for first, block in _blocks(vectors):
        last = first + len(block)
        products = targets @ (block * scales[first:last, None]).T  # (n_targets, last - first)
        which, column = np.nonzero((excluded >= first) & (excluded < last))
        products[which, excluded[which, column] - first] = -np.inf
        rows = products.argmax(axis=1)
        values = products[everyone, rows]
        better = values > best
        best[better], nearest[better] = values[better], rows[better] + first
    return nearest


def _blocks(vectors: WordVectors) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The matrix in blocks of rows, each with its first row's place."""
    for first in range(0, len(vectors.matrix), _TERMS_AT_ONCE):
        yield first, np.asarray(vectors.matrix[first : first + _TERMS_AT_ONCE], np.float32)
