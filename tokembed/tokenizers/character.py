"""Extended grapheme clusters: what a reader takes for one character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import regex

from tokembed.errors import BadUsage
from tokembed.inputs.bulk import is_bulk
from tokembed.surrogates import well_formed
from tokembed.types import Encoding, Span
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Texts

_CLUSTER = regex.compile(r"\X")
# Only with Extend, ZWJ, SpacingMark, Prepend, a jamo or a regional indicator can a cluster have two code points.
_ALONE = regex.compile(r"[\p{GCB=Other}\p{GCB=LV}\p{GCB=LVT}]+")


class CharacterTokenizer:
    """Grapheme clusters; white space separates and is no token. It has no vocabulary of its own.

    Source: Unicode Standard Annex 29, extended grapheme clusters, as `regex` implements `\\X`.

    >>> CharacterTokenizer().encode("홀로 car").tokens
    ('홀', '로', 'c', 'a', 'r')
    """

    vocab = None
    frame = ((), ())

    def encode(self, text: str) -> Encoding:
        """The characters of the text, with `ids` None."""
        readable = well_formed(text)
        offsets = tuple(_offsets(readable))
        tokens = tuple(readable[start:end] for start, end in offsets)
        return Encoding(
            text=text,
            tokens=tokens,
            ids=None,
            offsets=offsets,
            token_bytes=tuple(token.encode() for token in tokens),
            special=(False,) * len(tokens),
            unknown=(False,) * len(tokens),
        )

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into `vocab`, which grows in text order (a new one where None)."""
        from tokembed.corpus import from_encodings, from_ids
        from tokembed.inputs.blocks import block_of, strings_of

        vocab = Vocab() if vocab is None else vocab
        if offsets:
            return from_encodings(map(self.encode, strings_of(block)), vocab)
        if is_bulk(block):
            from tokembed.tokens.bulk_words import parts_corpus

            return parts_corpus(block_of(block), vocab, _clusters)
        return from_ids(_id_lists(strings_of(block), vocab), vocab)

    def decode(self, ids: Sequence[int]) -> str:
        """Always refused: ids of an open vocabulary mean nothing without it."""
        raise BadUsage(
            "decode needs a tokenizer with a vocabulary of its own, 'character' has none; use 'bert' or 'clip'"
        )

    def normal_form(self, text: str) -> str:
        """Always refused, as nothing is decoded."""
        raise BadUsage(
            "normal_form needs a tokenizer with a vocabulary of its own, 'character' has none; use 'bert' or 'clip'"
        )


def _offsets(text: str) -> Iterable[Span]:
    # Split first: `\X` would keep a combining mark with the space before it.
    start = 0
    for word in text.split():
        start = text.index(word, start)
        for match in _CLUSTER.finditer(word):
            yield (start + match.start(), start + match.end())
        start += len(word)


def _clusters(word: str) -> list[str]:
    """The clusters of a word; where no code point can join another, they are the code points."""
    return list(word) if _ALONE.fullmatch(word) else _CLUSTER.findall(word)


def _id_lists(block: Iterable[str], vocab: Vocab) -> Iterable[list[int]]:
    """The ids of each text; a word is cut once, however often it comes."""
    known: dict[str, list[int]] = {}
    for text in block:
        ids: list[int] = []
        for word in well_formed(text).split():
            if word not in known:
                known[word] = [vocab.add(cluster) for cluster in _clusters(word)]
            ids += known[word]
        yield ids
