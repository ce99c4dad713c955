"""The two currencies' light half and the few roles: what every part of tokembed agrees on.

Loads the standard library alone, so that looking at one text stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Texts
    from tokembed.vocab import Vocab

    Arrays = Mapping[str, NDArray[np.generic]]
    Sparse = csr_array[np.float32, tuple[int, int]]

Span = tuple[int, int]
"""Half-open, in code points of the text as given."""

Frame = tuple[tuple[int, ...], tuple[int, ...]]
"""The ids put before and behind each text."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of an input: its id, the input's name and the text itself."""

    id: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text cut into tokens, for looking; all tuples have one entry a token.

    Attributes:
        text: the text as given.
        tokens: the vocabulary's own strings.
        ids: places in the vocabulary, None where the tokenizer has none of its own.
        offsets: where each token stands in `text`; a special token that was added has an empty span.
        token_bytes: UTF-8 after cleaning; of an unknown token its source, of a special one nothing.
        special: tokens added for the model, or parsed from the text as such.
        unknown: tokens that stand for text the vocabulary lacks.
    """

    text: str
    tokens: tuple[str, ...]
    ids: tuple[int, ...] | None
    offsets: tuple[Span, ...]
    token_bytes: tuple[bytes, ...]
    special: tuple[bool, ...]
    unknown: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def n_unk(self) -> int:
        """How many tokens are unknown."""
        return sum(self.unknown)

    @property
    def n_unk_chars(self) -> int:
        """How many code points of the text stand under an unknown token, each counted once."""
        covered = last = 0
        for (start, end), unknown in zip(self.offsets, self.unknown, strict=True):
            if unknown:
                covered += max(0, end - max(start, last))
                last = max(last, end)
        return covered


class Kind(IntEnum):
    """Where a token's vector comes from."""

    NONE = 0
    NGRAMS = 1
    EXACT = 2


@dataclass(frozen=True, slots=True)
class Lookup:
    """Vectors of tokens: `vectors` float32 (n, dim), zeros where none; `kind` uint8 (n,) of `Kind`."""

    vectors: NDArray[np.float32]
    kind: NDArray[np.uint8]


Pool = Literal["mean", "max", "sum", "sif"]
POOLS: tuple[Pool, ...] = ("mean", "max", "sum", "sif")
"""How a text's vector is made of its tokens'."""

Oov = Literal["skip", "zero", "error"]
OOVS: tuple[Oov, ...] = ("skip", "zero", "error")
"""What becomes of tokens without a vector."""


class Tokenizer(Protocol):
    """Cuts text into tokens."""

    @property
    def vocab(self) -> Vocab | None:
        """The tokens that can come out; None where any can."""

    @property
    def frame(self) -> Frame:
        """The ids put before and behind each text, by `special`."""

    def encode(self, text: str) -> Encoding:
        """The text cut, for looking. Depends on the text alone."""

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts cut, for computing; a tokenizer without a vocabulary lets `vocab` grow."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text that the ids stand for."""

    def normal_form(self, text: str) -> str:
        """What `decode` gives back of the text where the vocabulary lacks nothing of it."""


class TextEmbedder(Protocol):
    """One sparse row a text: one-hot, TF-IDF."""

    terms: Vocab

    def fit(self, corpus: Corpus) -> Self:
        """Learn the terms and their weights."""

    def text_vectors(self, corpus: Corpus) -> Sparse:
        """(n_texts, n_terms), columns in the order of `terms`."""

    def state(self) -> Arrays:
        """What `fit` learned, but for the terms."""

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder as it was when `state` was taken."""


class StaticEmbedder(Protocol):
    """One vector a token, whatever stands around it: word2vec, GloVe, FastText."""

    terms: Vocab

    def fit(self, corpus: Corpus) -> Self:
        """Train on the corpus; the same seed gives the same bits."""

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors and where each comes from."""

    def state(self) -> Arrays:
        """What `fit` learned, but for the terms; `vectors` is (n_terms, dim) in their order."""

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder as it was when `state` was taken."""


class ContextualEmbedder(Protocol):
    """One vector a token in its text: recurrent and transformer models.

    Attributes:
        pools: how a text's vector can be made; the first is the default.
    """

    pools: tuple[str, ...]

    @property
    def max_tokens(self) -> int | None:
        """How many tokens a text may have, special ones included; None where there is no end."""

    @property
    def dim(self) -> int:
        """Dimensions of a token's vector."""

    @property
    def text_dim(self) -> int:
        """Dimensions of a text's vector."""

    def token_vectors(self, corpus: Corpus) -> NDArray[np.float32]:
        """(n_tokens, dim)."""

    def has_row(self, corpus: Corpus) -> NDArray[np.bool_]:
        """Which tokens have a row in its look-up table, (n_tokens,); all others are read as one unknown token."""

    def pooled(self, corpus: Corpus, vectors: NDArray[np.float32], pool: str) -> NDArray[np.float32]:
        """One vector a text, (n_texts, text_dim), of its tokens'; zeros for one without a token."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The look-up table that the model reads tokens by, (n_terms, embedding_dim)."""
