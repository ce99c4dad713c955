"""A corpus as the sentences that gensim reads: slice by slice, in files that have terms as their numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, translation
from tokembed.errors import BadInput
from tokembed.kernels.joining import joined_tokens, padded
from tokembed.vocab import Vocab

SLICE_TOKENS = 5_000_000
"""About as many tokens are in a file at a time."""
MAX_SENTENCE = 10_000
"""Terms; gensim cuts off what stands behind, and says nothing."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """Some sentences of known terms.

    Attributes:
        ids: the terms' numbers, one sentence after another, int32 (n_words,).
        starts: where each sentence begins, int64 (n_sentences + 1,); none is empty or longer than MAX_SENTENCE.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def parts(self, n_parts: int) -> Iterator[Sentences]:
        """The sentences in order, in so many parts of about as many words; a part without a sentence is left out."""
        wanted = np.linspace(0, len(self.ids), n_parts + 1).round()
        edges = np.unique(np.searchsorted(self.starts, wanted)).tolist()
        for first, last in pairwise(edges):
            start, end = self.starts[first], self.starts[last]
            yield Sentences(self.ids[start:end], self.starts[first : last + 1] - start)


class SentenceFile(NamedTuple):
    """A file of sentences, and how many sentences and terms are in it."""

    path: Path
    n_sentences: int
    n_words: int


class Slices:
    """The sentences of a corpus's known terms, about SLICE_TOKENS at a time; the corpus may be far larger than memory.

    A slice begins where a text does, or MAX_SENTENCE tokens after another sentence of a longer text.

    Attributes:
        edges: slice k has the corpus's tokens from edges[k] up to, not including, edges[k + 1].
    """

    def __init__(self, corpus: Corpus, terms: Vocab) -> None:
        self._corpus = corpus
        self._term_of = translation(corpus.vocab, terms).astype(np.int32)
        decimals = [b"%d" % number for number in range(len(terms))]
        self._decimals = padded(np.frombuffer(b"".join(decimals), np.uint8)), np.cumsum([0, *map(len, decimals)])
        self.edges = _edges(corpus.starts).tolist()

    def __len__(self) -> int:
        return len(self.edges) - 1

    def n_tokens(self, number: int) -> int:
        """How many of the corpus's tokens are in the slice, known or not."""
        return int(self.edges[number + 1] - self.edges[number])

    def sentences(self, number: int) -> Sentences:
        """The slice: tokens that are no term are left out, and what is left of a text is cut at MAX_SENTENCE."""
        start, end = self.edges[number : number + 2]
        starts = self._corpus.starts
        first, last = np.searchsorted(starts, start, side="right") - 1, np.searchsorted(starts, end)
        borders = np.clip(starts[first : last + 1], start, end) - start
        ids = self._term_of[self._corpus.ids[start:end]]
        is_term = ids >= 0
        n_terms_before = np.concatenate([[0], np.cumsum(is_term)])
        return Sentences(ids[is_term], _sentence_starts(n_terms_before[borders]))

    @contextmanager
    def files(self, number: int, n_files: int) -> Iterator[list[SentenceFile]]:
        """The slice in at most so many files, a sentence a line, which are gone afterwards.

        Raises:
            BadInput: there is no room for them.
        """
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tokembed-"))
                written = [
                    self._written(part, Path(folder) / f"{place}.txt")
                    for place, part in enumerate(self.sentences(number).parts(n_files))
                ]
            except OSError as error:
                raise BadInput(
                    f"a folder for temporary files must have room for {self.n_tokens(number):,} numbers as text, "
                    f"found: {error.strerror or error}; set TMPDIR to a folder with more"
                ) from error
            yield written

    def _written(self, part: Sentences, path: Path) -> SentenceFile:
        path.write_bytes(joined_tokens(part.ids, part.starts, *self._decimals).data)
        return SentenceFile(path, len(part), len(part.ids))


def _edges(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where slices of about the same size begin and end, in tokens, (n_slices + 1,)."""
    n_tokens = int(starts[-1])
    wanted = np.linspace(0, n_tokens, max(1, round(n_tokens / SLICE_TOKENS)) + 1).astype(np.int64)
    texts = starts[np.searchsorted(starts, wanted, side="right") - 1]
    edges: NDArray[np.int64] = np.unique(texts + (wanted - texts) // MAX_SENTENCE * MAX_SENTENCE)
    return edges


def _sentence_starts(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where sentences begin in texts that begin at `starts`, (n_sentences + 1,).

    >>> _sentence_starts(np.array([0, 5, 5, 5 + 2 * MAX_SENTENCE + 1])).tolist()
    [0, 5, 10005, 20005, 20006]
    """
    n_sentences = -(-np.diff(starts) // MAX_SENTENCE)
    text_of = np.repeat(np.arange(len(n_sentences)), n_sentences)
    place = np.arange(len(text_of)) - (np.cumsum(n_sentences) - n_sentences)[text_of]
    return np.append(starts[text_of] + place * MAX_SENTENCE, starts[-1])
