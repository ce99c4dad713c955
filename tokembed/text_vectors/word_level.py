"""A row a word instead of a row a token: the mean of the word's tokens that have one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokembed.compare.grids import word_spans
from tokembed.corpus import Corpus
from tokembed.text_vectors.exports import TokenRows
from tokembed.types import Span


@dataclass(slots=True)
class WordCounts:
    """How many words have no row, as none of their tokens has one; None where no words were asked for."""

    n_without: int | None = None

    def counted(self, found: tuple[TokenRows, int]) -> TokenRows:
        """What `word_rows` found, with what it left out counted."""
        rows, n_without = found
        self.n_without = (self.n_without or 0) + n_without
        return rows

    def record(self) -> dict[str, int]:
        """The count by name."""
        return {} if self.n_without is None else {"words_without_vector": self.n_without}


def word_rows(rows: TokenRows, corpus: Corpus) -> tuple[TokenRows, int]:
    """The words between white space of which a token has a row, in order; and how many words have none.

    A token belongs to the first word that it reaches into, as in `compare`.

    Args:
        rows: of the corpus's tokens; those with an empty span are of no word.
        corpus: with its texts.
    """
    assert corpus.texts is not None  # they were asked for
    spans = list(map(word_spans, corpus.texts))
    first = np.concatenate([[0], np.cumsum(list(map(len, spans)))])  # the first word of each text among all
    word_of = np.concatenate([np.empty(0, np.int64), *_words_of(rows, spans, first)])
    is_in = (rows.offsets[:, 1] > rows.offsets[:, 0]) & (word_of >= 0)
    n_tokens = np.bincount(word_of[is_in], minlength=first[-1])
    sums = np.zeros((first[-1], rows.vectors.shape[1]))
    np.add.at(sums, word_of[is_in], rows.vectors[is_in])
    has_row = np.flatnonzero(n_tokens)
    text_of = np.searchsorted(first, has_row, side="right") - 1
    all_spans = np.array([span for text in spans for span in text], np.int32).reshape(-1, 2)
    places = zip(text_of.tolist(), all_spans[has_row].tolist(), strict=True)
    words = TokenRows(
        text_ids=[corpus.text_ids[text] for text in text_of.tolist()],
        positions=has_row - first[text_of],
        tokens=[corpus.texts[text][start:end] for text, (start, end) in places],
        offsets=all_spans[has_row],
        vectors=(sums[has_row] / n_tokens[has_row, None]).astype(np.float32),
        starts=np.searchsorted(has_row, first).astype(np.int64),
    )
    return words, len(n_tokens) - len(has_row)


def _words_of(rows: TokenRows, spans: list[tuple[Span, ...]], first: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Of each text the word that each of its rows belongs to, -1 in one without words."""
    found = []
    for text, words in enumerate(spans):
        begins = rows.offsets[rows.starts[text] : rows.starts[text + 1], 0]
        ends = np.array([end for _, end in words], np.int64)
        place = np.minimum(np.searchsorted(ends, begins, side="right"), len(words) - 1)
        found.append(place + first[text] if words else np.full(len(begins), -1))
    return found
