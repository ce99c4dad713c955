"""What a number leaves out: unknown tokens, unknown characters, tokens and texts without a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

from tokembed.types import Encoding, Tokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tokembed.corpus import Corpus


@dataclass(slots=True)
class TokenCounts:
    """Texts cut by one tokenizer, counted.

    Attributes:
        n_words: words between white space, as `str.split()` cuts them.
        n_chars: code points that are no white space.
        n_tokens: special tokens included, where they were asked for.
        n_unk: unknown tokens.
        n_unk_chars: code points under an unknown token.
    """

    n_texts: int = 0
    n_words: int = 0
    n_chars: int = 0
    n_tokens: int = 0
    n_unk: int = 0
    n_unk_chars: int = 0

    @property
    def tokens_per_word(self) -> float | None:
        """None where there is no word."""
        return self.n_tokens / self.n_words if self.n_words else None

    @property
    def chars_per_token(self) -> float | None:
        """None where there is no token."""
        return self.n_chars / self.n_tokens if self.n_tokens else None

    @property
    def unk_chars_share(self) -> float | None:
        """Of all characters, the share that stands under an unknown token; None where there is none."""
        # Under an unknown token may stand white space too, such as U+001C, which BERT does not take for any.
        return min(1.0, self.n_unk_chars / self.n_chars) if self.n_chars else None

    def __iadd__(self, other: Self) -> Self:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self

    def record(self) -> dict[str, int]:
        """The counts by the names they are written with."""
        return {
            "texts": self.n_texts,
            "characters": self.n_chars,
            "unknown_characters": self.n_unk_chars,
            "words": self.n_words,
            "tokens": self.n_tokens,
            "unknown_tokens": self.n_unk,
        }

    def add(self, encoding: Encoding) -> None:
        """Count one text."""
        self._add_text(encoding.text)
        self.n_tokens += len(encoding)
        self.n_unk += encoding.n_unk
        self.n_unk_chars += encoding.n_unk_chars

    def add_corpus(self, texts: Sequence[str], corpus: Corpus, tokenizer: Tokenizer) -> None:
        """Count the texts of a corpus; where need be those with an unknown token are looked at closely."""
        for text in texts:
            self._add_text(text)
        self.n_tokens += corpus.n_tokens
        n_unk, n_unk_chars = unknown_by_text(texts.__getitem__, corpus, tokenizer)
        self.n_unk += int(n_unk.sum())
        self.n_unk_chars += int(n_unk_chars.sum())

    def _add_text(self, text: str) -> None:
        words = text.split()
        self.n_texts += 1
        self.n_words += len(words)
        self.n_chars += sum(map(len, words))


def unknown_by_text(
    text_at: Callable[[int], str], corpus: Corpus, tokenizer: Tokenizer
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """How many tokens are unknown in each text, and how many code points stand under them, (n_texts,) each.

    Args:
        text_at: the text at a place, such as `texts.__getitem__`; asked for where one must be looked at.
    """
    import numpy as np  # a few texts are counted without it

    unknown_id = corpus.vocab.unknown_id
    tokens = np.flatnonzero(corpus.ids == unknown_id) if unknown_id is not None else np.empty(0, np.int64)
    of_text = np.searchsorted(corpus.starts, tokens, side="right") - 1
    n_unk = np.bincount(of_text, minlength=corpus.n_texts).astype(np.int32)
    if corpus.n_unk_chars is not None:
        return n_unk, corpus.n_unk_chars
    n_unk_chars = np.zeros(corpus.n_texts, np.int32)
    for place in np.flatnonzero(n_unk).tolist():
        n_unk_chars[place] = tokenizer.encode(text_at(place)).n_unk_chars
    return n_unk, n_unk_chars
