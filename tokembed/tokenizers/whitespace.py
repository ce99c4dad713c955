"""Words between white space, exactly as Python's `str.split()` cuts them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokembed.errors import BadUsage
from tokembed.inputs.bulk import is_bulk
from tokembed.surrogates import well_formed
from tokembed.types import Encoding
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Texts

_WORD = re.compile(r"\S+")  # `re` and `str.split()` agree on all 29 white-space code points; `regex` does not


class WhitespaceTokenizer:
    """Words between white space; it has no vocabulary of its own.

    >>> WhitespaceTokenizer().encode("아침 먹고").offsets
    ((0, 2), (3, 5))
    """

    vocab = None
    frame = ((), ())

    def encode(self, text: str) -> Encoding:
        """The words of the text, with `ids` None."""
        matches = list(_WORD.finditer(well_formed(text)))
        tokens = tuple(match.group() for match in matches)
        return Encoding(
            text=text,
            tokens=tokens,
            ids=None,
            offsets=tuple(match.span() for match in matches),
            token_bytes=tuple(token.encode() for token in tokens),
            special=(False,) * len(tokens),
            unknown=(False,) * len(tokens),
        )

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into `vocab`, which grows in text order (a new one where None)."""
        from tokembed.corpus import from_encodings, from_ids
        from tokembed.inputs.blocks import block_of, strings_of

        vocab = Vocab() if vocab is None else vocab
        texts = strings_of(block) if offsets or not is_bulk(block) else None
        if texts is None:
            from tokembed.tokens.bulk_words import words_corpus

            return words_corpus(block_of(block), vocab)
        if offsets:
            return from_encodings(map(self.encode, texts), vocab)
        return from_ids(([vocab.add(word) for word in well_formed(text).split()] for text in texts), vocab)

    def decode(self, ids: Sequence[int]) -> str:
        """Always refused: ids of an open vocabulary mean nothing without it."""
        raise BadUsage(
            "decode needs a tokenizer with a vocabulary of its own, 'whitespace' has none; use 'bert' or 'clip'"
        )

    def normal_form(self, text: str) -> str:
        """Always refused, as nothing is decoded."""
        raise BadUsage(
            "normal_form needs a tokenizer with a vocabulary of its own, 'whitespace' has none; use 'bert' or 'clip'"
        )
