"""What a number leaves out: unknown tokens, unknown characters, tokens and texts without a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokembed.types import Encoding, Tokenizer

if TYPE_CHECKING:
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
    def unk_chars_share(self) -> float | None:
        """Of all characters, the share that stands under an unknown token; None where there is none."""
        return self.n_unk_chars / self.n_chars if self.n_chars else None

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
        if corpus.n_unk_chars is not None:
            self.n_unk += int((corpus.ids == corpus.vocab.unknown_id).sum())
            self.n_unk_chars += int(corpus.n_unk_chars.sum())
            return
        for place in texts_with_unknown(corpus):
            encoding = tokenizer.encode(texts[place])
            self.n_unk += encoding.n_unk
            self.n_unk_chars += encoding.n_unk_chars

    def _add_text(self, text: str) -> None:
        words = text.split()
        self.n_texts += 1
        self.n_words += len(words)
        self.n_chars += sum(map(len, words))


def texts_with_unknown(corpus: Corpus) -> list[int]:
    """The places of the texts that have an unknown token, in order."""
    import numpy as np  # a few texts are counted without it

    if corpus.vocab.unknown_id is None:
        return []
    tokens = np.flatnonzero(corpus.ids == corpus.vocab.unknown_id)
    places: list[int] = np.unique(np.searchsorted(corpus.starts, tokens, side="right") - 1).tolist()
    return places
