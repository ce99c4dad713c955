"""The bytes that the entries of a vocabulary write, as far as their strings say."""

from __future__ import annotations

import re
from collections.abc import Callable

from tokembed.byte_level import SYMBOL_BYTES
from tokembed.types import Tokenizer

_TRIED = "é 가 ☃ 𐀀"
_ONE_BYTE = re.compile("<0x([0-9A-F]{2})>")
_ENDS_WORD = "</w>"

Spelling = Callable[[str], bytes]


def spelling(tokenizer: Tokenizer) -> Spelling:
    """What tells the bytes of an entry of the tokenizer's vocabulary: byte-level, single bytes as <0xE9>, or plain.

    Which it is, the tokens of a few characters show, whose bytes the tokenizer tells.

    >>> import tokembed
    >>> spelling(tokembed.tokenizer("clip"))("Ã©</w>"), spelling(tokembed.tokenizer("bert"))("##é")
    (b'\\xc3\\xa9', b'##\\xc3\\xa9')
    """
    encoding = tokenizer.encode(_TRIED)
    parts = [
        (token, data)
        for token, data, unknown in zip(encoding.tokens, encoding.token_bytes, encoding.unknown, strict=True)
        if not unknown and not data.isascii()
    ]
    if parts and all(_byte_level(token) == data for token, data in parts):
        return _byte_level
    if any(_single_byte(token) == data and token.startswith("<0x") for token, data in parts):
        return _single_byte
    return str.encode


def partial_ids(tokenizer: Tokenizer) -> list[int]:
    """The entries of the tokenizer's vocabulary that are no valid UTF-8 alone.

    >>> import tokembed
    >>> partial_ids(tokembed.tokenizer("bert"))
    []
    """
    spelled = spelling(tokenizer)
    if spelled is str.encode:
        return []
    return [place for place, token in enumerate(tokenizer.vocab or ()) if not is_whole(spelled(token))]


def is_whole(data: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _byte_level(token: str) -> bytes:
    letters = token.removesuffix(_ENDS_WORD)
    if not all(letter in SYMBOL_BYTES for letter in letters):
        return token.encode()  # an added token, which stands for itself
    return bytes(SYMBOL_BYTES[letter] for letter in letters)


def _single_byte(token: str) -> bytes:
    found = _ONE_BYTE.fullmatch(token)
    return bytes([int(found[1], 16)]) if found else token.encode()
