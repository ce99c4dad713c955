"""Models that read a text beside other embedders: a word is the mean of its tokens' vectors, made in that text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.percentiles import cosines_of_random_pairs
from tokembed.asking.search import Hit, unit
from tokembed.compare.grids import MOST_WORDS, Row, by_word, word_spans
from tokembed.compare.text_pairs import cosine_matrix, reference_sentences
from tokembed.compare.word_rows import EmbedderRow, WordKind, WordRow
from tokembed.corpus import from_encodings
from tokembed.tokens.long_texts import Limit
from tokembed.types import ContextualEmbedder, Encoding, Tokenizer
from tokembed.vocab import Vocab

_TEXTS_AT_ONCE = 64
_MOST_KEPT = 128
"""Texts asked about together of which what was read is kept: so many are the reference sentences."""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What a model makes of one text.

    Attributes:
        vector: of the text, (text_dim,); nan where none of its tokens is known.
        words: what there is for each word.
        word_vectors: of the first MOST_WORDS words, (n_words, dim); zeros where there is none.
        tokens: those that the model reads, None for one that it reads as any other unknown one.
    """

    vector: NDArray[np.float32]
    words: tuple[WordRow, ...]
    word_vectors: NDArray[np.float32]
    tokens: tuple[str | None, ...]


class ContextRows:
    """A recurrent network, BERT or CLIP: what it has for a word depends on the text around it.

    A text that is longer than the model takes is cut off, as everywhere.

    Args:
        tokenizer: the name of the model's own, which is `cutter`.

    Attributes:
        embedder, cutter: as given.
    """

    is_contextual = True

    def __init__(self, name: str, tokenizer: str, embedder: ContextualEmbedder, cutter: Tokenizer) -> None:
        self.name, self.tokenizer = name, tokenizer
        self.embedder, self.cutter = embedder, cutter
        self._kept: dict[Encoding, _Read] = {}

    @property
    def is_recurrent(self) -> bool:
        """Whether it is a network that was trained here to predict the next token."""
        return hasattr(self.embedder, "network")

    def word_rows(self, rows: Sequence[Row]) -> list[EmbedderRow]:
        """What the model has for each word; of the first MOST_WORDS words of a text the nearest word too.

        The nearest is looked for among the words of the reference sentences, each in its sentence: a word that stands
        in no text has no vector.
        """
        found = []
        for read, row in zip(self._read([row.encoding for row in rows]), rows, strict=True):
            nearest = self._nearest(read.word_vectors, _spelled(row.encoding))
            words = [replace(word, nearest=hit) for word, hit in zip(read.words, nearest, strict=False)]
            found.append(EmbedderRow(self.name, self.tokenizer, (*words, *read.words[len(words) :])))
        return found

    def word_vectors(self, row: Row) -> NDArray[np.float32]:
        """The vectors of the first MOST_WORDS words of a text, (n_words, dim), zeros for one that has none."""
        (read,) = self._read([row.encoding])
        return read.word_vectors

    def word_vector(self, row: Row, word: int) -> NDArray[np.float32]:
        """The vector of a word of a text, (dim,), zeros where it has none."""
        vectors = self.word_vectors(row)
        if word >= len(vectors):  # what is kept of a text has its first words alone
            (made,) = self._made([row.encoding], first_word=word)
            vectors, word = made.word_vectors, 0
        vector: NDArray[np.float32] = vectors[word]
        return vector

    def tokens_read(self, row: Row) -> tuple[str | None, ...]:
        """The tokens that the model reads, None for one that it reads as any other unknown one."""
        (read,) = self._read([row.encoding])
        return read.tokens

    @cached_property
    def word_sample(self) -> NDArray[np.float64]:
        """The cosines of random pairs of words of the reference sentences, in ascending order."""
        _, vectors = self._reference_words
        return cosines_of_random_pairs(vectors)

    def text_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The cosines of the texts' vectors, pooled as the model does; nan where a text has no token that is known."""
        return cosine_matrix(np.array([read.vector for read in self._read(encodings)]))

    reference_cosines = text_cosines

    def _read(self, encodings: Sequence[Encoding]) -> Iterator[_Read]:
        """What the model makes of each text; of a few, it is kept, as more than one thing is asked about them."""
        for first in range(0, len(encodings), _TEXTS_AT_ONCE):
            block = encodings[first : first + _TEXTS_AT_ONCE]
            missing = list(dict.fromkeys(one for one in block if one not in self._kept))
            read = dict(zip(missing, self._made(missing), strict=True)) if missing else {}
            if len(encodings) <= _MOST_KEPT:
                self._kept |= read
            yield from (read.get(one) or self._kept[one] for one in block)

    def _made(self, encodings: Sequence[Encoding], first_word: int = 0) -> Iterator[_Read]:
        embedder, frame = self.embedder, self.cutter.frame
        limit = None if embedder.max_tokens is None else Limit(embedder.max_tokens, "truncate")
        cut = [one if limit is None else limit.encodings(one, frame, "")[0] for one in encodings]
        corpus = from_encodings(cut, self.cutter.vocab or Vocab())
        vectors, has_row = embedder.token_vectors(corpus), embedder.has_row(corpus)
        of_texts = embedder.pooled(corpus, vectors, embedder.pools[0])
        for place, encoding in enumerate(encodings):
            tokens = slice(corpus.starts[place], corpus.starts[place + 1])
            n_read = len(cut[place]) - (len(frame[1]) if cut[place] is not encoding else 0)
            yield _made_of(encoding, of_texts[place], vectors[tokens][:n_read], has_row[tokens][:n_read], first_word)

    @cached_property
    def _places_of(self) -> dict[str, list[int]]:
        """Where each word stands among those of the reference sentences."""
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self._reference_words[0]):
            places.setdefault(word, []).append(place)
        return places

    @cached_property
    def _reference_words(self) -> tuple[list[str], NDArray[np.float32]]:
        """The words of the reference sentences that have a vector, and their directions, (n_words, dim)."""
        encodings = list(map(self.cutter.encode, reference_sentences()))
        words, vectors = [], [np.empty((0, self.embedder.dim), np.float32)]
        for encoding, read in zip(encodings, self._read(encodings), strict=True):
            has_vector = np.flatnonzero(read.word_vectors.any(axis=1))
            spelled = _spelled(encoding)
            words += [spelled[word] for word in has_vector.tolist()]
            vectors.append(read.word_vectors[has_vector])
        return words, unit(np.concatenate(vectors))

    def _nearest(self, vectors: NDArray[np.float32], own: Sequence[str]) -> list[Hit | None]:
        """The nearest word of each that has a vector; one that is spelled alike is not looked for.

        Args:
            own: the words themselves, as they are spelled.
        """
        words, directions = self._reference_words
        if not words or not len(vectors):
            return [None] * len(vectors)
        cosines = unit(vectors) @ directions.T  # (n_words, n_reference_words)
        for row, word in enumerate(own[: len(vectors)]):
            cosines[row, self._places_of.get(word, [])] = -np.inf
        return [
            Hit(words[place], place, min(float(row[place]), 1.0)) if vector.any() else None
            for row, place, vector in zip(cosines, cosines.argmax(axis=1).tolist(), vectors, strict=True)
        ]


def _spelled(encoding: Encoding) -> list[str]:
    """The first MOST_WORDS words of a text."""
    return [encoding.text[start:end] for start, end in word_spans(encoding.text)[:MOST_WORDS]]


def _made_of(
    encoding: Encoding,
    vector: NDArray[np.float32],
    vectors: NDArray[np.float32],
    has_row: NDArray[np.bool_],
    first_word: int,
) -> _Read:
    """What there is for the words of a text from `first_word` on.

    Args:
        vectors, has_row: of its first tokens, those that the model reads.
    """
    words = by_word(encoding, word_spans(encoding.text))[first_word:]
    rows, means = [], np.zeros((min(len(words), MOST_WORDS), vectors.shape[1]), np.float32)
    for word, places in enumerate(words):
        own = [place for place in places if not encoding.special[place]]
        known = [place for place in own if place < len(vectors) and has_row[place] and not encoding.unknown[place]]
        rows.append(WordRow(_kind(own, known, len(vectors)), len(known), len(own)))
        if known and word < MOST_WORDS:
            means[word] = vectors[known].mean(axis=0, dtype=np.float64)
    if not any(row.has_vector for row in rows):
        vector = np.full_like(vector, np.nan)
    tokens = tuple(token if there else None for token, there in zip(encoding.tokens, has_row.tolist(), strict=False))
    return _Read(vector, tuple(rows), means, tokens)


def _kind(own: Sequence[int], known: Sequence[int], n_read: int) -> WordKind:
    if known:
        return WordKind.EXACT if len(own) == 1 else WordKind.TOKENS
    if not own:
        return WordKind.NONE
    return WordKind.BEYOND if own[0] >= n_read else WordKind.UNKNOWN
