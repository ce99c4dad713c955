"""`--unicode` and `--lower`: what is done to every text before any tokenizer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast
from unicodedata import normalize

from tokembed.alignment import align_normalized
from tokembed.errors import one_of
from tokembed.surrogates import well_formed
from tokembed.types import Encoding, Frame, Tokenizer
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Texts

FORMS = ("none", "nfc", "nfd", "nfkc")


@dataclass(frozen=True, slots=True)
class Normalization:
    """A Unicode form, then lower case.

    >>> Normalization(unicode="nfkc", lower=True)("ＡＢＣ")
    'abc'
    """

    unicode: str = "none"
    lower: bool = False

    def __post_init__(self) -> None:
        one_of("unicode", self.unicode, FORMS)

    def __call__(self, text: str) -> str:
        if self.unicode != "none":
            form = cast(Literal["NFC", "NFD", "NFKC"], self.unicode.upper())
            text = normalize(form, text)
        return text.lower() if self.lower else text


class NormalizedTokenizer:
    """A tokenizer behind a normalization; offsets point into the text as given, before it."""

    def __init__(self, tokenizer: Tokenizer, normalization: Normalization) -> None:
        self._tokenizer = tokenizer
        self._normalization = normalization

    @property
    def vocab(self) -> Vocab | None:
        """The tokenizer's own."""
        return self._tokenizer.vocab

    @property
    def frame(self) -> Frame:
        """The tokenizer's own."""
        return self._tokenizer.frame

    def encode(self, text: str) -> Encoding:
        """The normalized text cut, told in spans of the given one."""
        alignment = align_normalized(text, lambda part: self._normalization(well_formed(part)))
        encoding = self._tokenizer.encode(alignment.cleaned)
        offsets = tuple(alignment.given_span(start, end) for start, end in encoding.offsets)
        return replace(encoding, text=text, offsets=offsets)

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The normalized texts cut; offsets, when asked for, are told in spans of the given ones."""
        from tokembed.corpus import from_encodings
        from tokembed.inputs.blocks import strings_of

        if offsets:
            target = self.vocab or (Vocab() if vocab is None else vocab)
            return from_encodings(map(self.encode, strings_of(block)), target)
        corpus = self._tokenizer.encode_batch([self._normalization(text) for text in strings_of(block)], vocab)
        return replace(corpus, n_unk_chars=None)  # they were counted in the normalized texts

    def decode(self, ids: Sequence[int]) -> str:
        """The normalized text; what normalization changed does not come back."""
        return self._tokenizer.decode(ids)

    def normal_form(self, text: str) -> str:
        """What the tokenizer makes of the normalized text."""
        return self._tokenizer.normal_form(self._normalization(well_formed(text)))
