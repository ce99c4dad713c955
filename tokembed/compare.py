"""One text under several tokenizers, word by word, and the totals over all texts."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from tokembed.byte_level import SYMBOL_BYTES
from tokembed.coverage import TokenCounts
from tokembed.texts import blocks
from tokembed.types import Encoding, Span, Text, Tokenizer

_STRAY_BYTES = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A text under one tokenizer: `by_word` has the places of the tokens of each word of the text."""

    tokenizer: str
    encoding: Encoding
    by_word: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A text, the spans of its words between white space, and a row for each tokenizer."""

    text: Text
    words: tuple[Span, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Grids of the first texts, and by tokenizer the counts of all texts."""

    grids: list[Grid]
    totals: dict[str, TokenCounts]


def compare_texts(
    texts: Iterable[Text],
    tokenizers: Mapping[str, Tokenizer],
    *,
    limit: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Grids of the first `limit` texts and totals of all; `progress` is told how many texts are done."""
    texts = iter(texts)
    totals = {name: TokenCounts() for name in tokenizers}
    grids = []
    for text in islice(texts, limit):
        grids.append(grid(text, tokenizers))
        for row in grids[-1].rows:
            totals[row.tokenizer].add(row.encoding)
    for block in blocks(texts):
        plain = [text.text for text in block]
        for name, tokenizer in tokenizers.items():
            totals[name].add_corpus(plain, tokenizer.encode_batch(plain), tokenizer)
        progress(len(block))
    return Comparison(grids, totals)


def grid(text: Text, tokenizers: Mapping[str, Tokenizer]) -> Grid:
    """The text under each tokenizer, its tokens put under the words they stand in."""
    words = tuple(match.span() for match in re.finditer(r"\S+", text.text))
    rows = []
    for name, tokenizer in tokenizers.items():
        encoding = tokenizer.encode(text.text)
        rows.append(Row(name, encoding, _by_word(encoding, words)))
    return Grid(text, words, tuple(rows))


def _by_word(encoding: Encoding, words: tuple[Span, ...]) -> tuple[tuple[int, ...], ...]:
    """The places of the tokens of each word: a token belongs to the first word that it reaches into.

    One that reaches into none (white space, a special token) goes to the word behind it, or to the last.
    """
    ends = [end for _, end in words]
    by_word: list[list[int]] = [[] for _ in words]
    if words:
        for place, (start, _) in enumerate(encoding.offsets):
            # The first word that ends behind the token's start.
            by_word[min(bisect_left(ends, start + 1), len(words) - 1)].append(place)
    return tuple(map(tuple, by_word))


def shown_tokens(row: Row, word: int) -> list[str]:
    """The tokens of one word as a person can read them."""
    return [readable_token(row.encoding, place) for place in row.by_word[word]]


def readable_token(encoding: Encoding, place: int) -> str:
    """The token's own string; a byte-level one by the characters it covers, parts of a character by their bytes.

    >>> import tokembed
    >>> encoding = tokembed.tokenizer("clip").encode("홀")
    >>> [readable_token(encoding, place) for place in range(len(encoding))]
    ['<ED99>', '<80>']
    """
    token, data = encoding.tokens[place], encoding.token_bytes[place]
    if not data or encoding.unknown[place] or not _is_byte_level(token, data):
        return token
    # A byte that is no character becomes U+DC80..DCFF; a space that is part of a token shows as one.
    shown = data.decode("utf-8", errors="surrogateescape").replace(" ", "␣")
    return _STRAY_BYTES.sub(lambda match: f"<{match.group().encode('utf-8', 'surrogateescape').hex().upper()}>", shown)


def _is_byte_level(token: str, data: bytes) -> bool:
    """Whether the token spells its bytes in the printable stand-ins of byte-level BPE."""
    letters = token.removesuffix("</w>")
    return len(letters) == len(data) and all(map(lambda letter, byte: SYMBOL_BYTES.get(letter) == byte, letters, data))
