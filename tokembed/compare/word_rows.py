"""What an embedder has for each word of a text: the rows under the tokenizers. Light, as drawing needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tokembed.asking.search import Hit
    from tokembed.compare.grids import Row
    from tokembed.types import Encoding


class WordKind(StrEnum):
    """Where a word's vector comes from."""

    EXACT = "exact"
    TOKENS = "tokens"
    NGRAMS = "n-grams"
    NONE = "none"
    UNKNOWN = "unknown"
    BEYOND = "beyond the window"


class Difference(StrEnum):
    """Where the tokens of two texts that have a word in common differ first."""

    BEFORE = "up to the word"
    BEHIND = "behind the word"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class WordRow:
    """One word under one embedder.

    Attributes:
        kind: exact where the word is one token with a vector of its own; unknown where a model that reads texts
            knows none of its tokens.
        n_found, n_parts: how many of its tokens have a vector, or of its n-grams were trained.
        nearest: the nearest word of the embedder's vocabulary; None where there is none, or it was not looked for.
        weight: of onehot and tfidf, what the word's tokens have in the text's row.
    """

    kind: WordKind
    n_found: int
    n_parts: int
    nearest: Hit | None = None
    weight: float | None = None

    @property
    def has_vector(self) -> bool:
        """Whether any part of the word has one."""
        return self.kind not in (WordKind.NONE, WordKind.UNKNOWN, WordKind.BEYOND)


@dataclass(frozen=True, slots=True)
class EmbedderRow:
    """A text's words under one embedder, which reads what `tokenizer` cuts."""

    embedder: str
    tokenizer: str
    words: tuple[WordRow, ...]

    @property
    def n_with_vector(self) -> int:
        """How many of the words have a vector."""
        return sum(word.has_vector for word in self.words)


def row_name(embedder: str, tokenizer: str) -> str:
    """What an embedder's row is called: by itself and the tokenizer that it reads.

    >>> row_name("ko.vec", "whitespace"), row_name("all-MiniLM-L6-v2", "all-MiniLM-L6-v2, special")
    ('ko.vec (whitespace)', 'all-MiniLM-L6-v2 (its own)')
    """
    return f"{embedder} (its own)" if tokenizer.split(", ")[0] == embedder else f"{embedder} ({tokenizer})"


class TextRows(Protocol):
    """An embedder that stands beside others: one that has a vector for texts.

    Attributes:
        name: what it is shown as.
        tokenizer: the name of the tokenizer whose rows it reads.
    """

    name: str
    tokenizer: str

    def word_rows(self, rows: Sequence[Row]) -> list[EmbedderRow]:
        """What it has for each word of each text."""

    def text_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The cosines of all pairs of texts, (n_texts, n_texts); nan where one has no vector."""

    def reference_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The same of the texts that cosines are compared with."""
