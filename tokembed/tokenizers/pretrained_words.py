"""The words that a tokenizer.json cuts a text into before its model is asked, put together as its decoder does it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer

from tokembed.tokenizers.pretrained_model import Spelling

_NEVER_IN_TEXT = "\U0010ffff"
_WORD_ID = 0


class Words:
    """A tokenizer.json's steps but for its model.

    Args:
        description: what the tokenizer.json says.
        spelling: how its model's pieces write text.
        parse_special: take special strings in a text for tokens.
    """

    def __init__(self, description: Mapping[str, Any], spelling: Spelling, *, parse_special: bool) -> None:
        self._spelling = spelling
        self._cutter = _without_pieces(description)
        self._cutter.encode_special_tokens = not parse_special
        decoder = self._cutter.decoder
        self._decoded: Callable[[Sequence[str]], str] = " ".join if decoder is None else decoder.decode
        end = "a" + spelling.suffix
        self._left_suffix = "" if decoder is None or self._decoded([end]) != end else spelling.suffix
        self._makes_words = self.without_suffixes(self._decoded(self._letters("aa"))) == "aa"

    def normal_form(self, text: str) -> str:
        """The words put together by the decoder; an added token stands there as it is written.

        A word is decoded from its letters; where the decoder would not make one word of them, as if it were a token.
        """
        added: list[str] = []
        tokens: list[str] = []
        for word, is_added in self.cut(text):
            if is_added:
                added.append(word)
                tokens.append(_NEVER_IN_TEXT)  # a decoder may spoil an added token
            else:
                tokens += self._letters(word) if self._makes_words else [self._written(word)]
        decoded = self.without_suffixes(self._decoded(tokens))
        strings = iter(added)
        return re.sub(_NEVER_IN_TEXT, lambda place: next(strings, place.group()), decoded)

    def without_suffixes(self, decoded: str) -> str:
        """What was decoded, with a space for each end of a word that the decoder left in it, but for the last."""
        return decoded.replace(self._left_suffix, " ").removesuffix(" ") if self._left_suffix else decoded

    def cut(self, text: str) -> Iterator[tuple[str, bool]]:
        """Each word as the model would get it, and whether it is an added token."""
        cut = self._cutter.encode(text, add_special_tokens=False)
        for token_id, word in zip(cut.ids, cut.tokens, strict=True):
            yield (word, False) if token_id == _WORD_ID else (str(self._cutter.id_to_token(token_id)), True)

    def _letters(self, word: str) -> list[str]:
        """The word as a vocabulary of single letters would spell it."""
        prefix = self._spelling.prefix
        letters = [prefix + letter for letter in word] if prefix else list(word)
        letters[0] = word[0]
        letters[-1] += self._spelling.suffix
        return letters

    def _written(self, word: str) -> str:
        return self._spelling.read(word, word, continues=False, ends=False).decode(errors="replace")


def _without_pieces(description: Mapping[str, Any]) -> Tokenizer:
    """The described tokenizer with a model that lacks everything: it makes one token of a word, the word itself."""
    model = {"type": "Unigram", "vocab": [[_NEVER_IN_TEXT, 0.0]], "unk_id": _WORD_ID}
    return Tokenizer.from_str(json.dumps({**description, "model": model, "post_processor": None}))
