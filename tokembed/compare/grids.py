"""One text under several tokenizers, word by word, and the totals over all texts."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tokembed import registry
from tokembed.byte_level import SYMBOL_BYTES
from tokembed.coverage import TokenCounts
from tokembed.inputs.texts import blocks
from tokembed.types import Encoding, Span, Text, Tokenizer

MOST_WORDS = 500
"""Words of one text that are looked at closely: drawn, and their nearest words looked for."""
_STRAY_BYTES = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True, slots=True)
class Window:
    """What the model behind a tokenizer takes: `size` tokens, of which `n_special` are special ones."""

    size: int
    n_special: int


@dataclass(frozen=True, slots=True)
class WindowUse:
    """How much of its model's window a text takes.

    Attributes:
        size: how many tokens the model takes, special ones included.
        n_tokens: how many the text has, with the special ones that the model expects.
        unseen: the places of the words of which no token fits.
        cut: the places of the words of which some tokens fit and some do not.
    """

    size: int
    n_tokens: int
    unseen: tuple[int, ...]
    cut: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A text under one tokenizer.

    Attributes:
        by_word: the places of the tokens of each word of the text.
        counts: of this text alone.
        window: None where the tokenizer's model has none, or it is not known.
    """

    tokenizer: str
    encoding: Encoding
    by_word: tuple[tuple[int, ...], ...]
    counts: TokenCounts
    window: WindowUse | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A text, the spans of its words between white space, and a row for each tokenizer."""

    text: Text
    words: tuple[Span, ...]
    rows: tuple[Row, ...]

    def word(self, place: int) -> str:
        """The word at that place."""
        start, end = self.words[place]
        return self.text.text[start:end]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Grids of the first texts, and by tokenizer the counts of all texts."""

    grids: list[Grid]
    totals: dict[str, TokenCounts]


def model_window(tokenizer: str) -> Window | None:
    """The window of the model that a tokenizer is made for; None where it has none, or it is not known.

    Args:
        tokenizer: a name as the registry knows it, a path or a hub name.

    >>> model_window("clip")
    Window(size=77, n_special=2)
    """
    size = registry.window(tokenizer)
    return None if size is None else Window(size, sum(map(len, registry.tokenizer(tokenizer, special=True).frame)))


def compare_texts(
    texts: Iterable[Text],
    tokenizers: Mapping[str, Tokenizer],
    *,
    limit: int,
    windows: Mapping[str, Window | None] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Grids of the first `limit` texts and totals of all.

    Args:
        windows: of the tokenizers' models, by the tokenizers' names.
        progress: told how many texts are done.
    """
    texts = iter(texts)
    totals = {name: TokenCounts() for name in tokenizers}
    grids = []
    for text in islice(texts, limit):
        grids.append(grid(text, tokenizers, windows))
        for row in grids[-1].rows:
            totals[row.tokenizer] += row.counts
    for block in blocks(texts):
        plain = [text.text for text in block]
        for name, tokenizer in tokenizers.items():
            totals[name].add_corpus(plain, tokenizer.encode_batch(plain), tokenizer)
        progress(len(block))
    return Comparison(grids, totals)


def grid(text: Text, tokenizers: Mapping[str, Tokenizer], windows: Mapping[str, Window | None] | None = None) -> Grid:
    """The text under each tokenizer, its tokens put under the words they stand in."""
    words, rows = word_spans(text.text), []
    for name, tokenizer in tokenizers.items():
        encoding, counts = tokenizer.encode(text.text), TokenCounts()
        counts.add(encoding)
        places = by_word(encoding, words)
        window = (windows or {}).get(name)
        use = None if window is None else _window_use(window, places, len(encoding), tuple(map(len, tokenizer.frame)))
        rows.append(Row(name, encoding, places, counts, use))
    return Grid(text, words, tuple(rows))


def _window_use(window: Window, by_word: Sequence[Sequence[int]], n_tokens: int, frame: tuple[int, ...]) -> WindowUse:
    """Cut as models are used: the text's own tokens are cut off at their end, the special ones stay.

    Args:
        frame: how many special tokens stand before and behind the text's own already.
    """
    before, behind = frame
    own = range(before, n_tokens - behind)
    room = window.size - window.n_special
    sizes = [sum(place in own for place in places) for places in by_word]
    n_lost = [sum(place in own[room:] for place in places) for places in by_word]
    return WindowUse(
        window.size,
        len(own) + window.n_special,
        tuple(word for word, number in enumerate(n_lost) if number and number == sizes[word]),
        tuple(word for word, number in enumerate(n_lost) if 0 < number < sizes[word]),
    )


def word_spans(text: str) -> tuple[Span, ...]:
    """Where the words between white space stand."""
    return tuple(match.span() for match in re.finditer(r"\S+", text))


def by_word(encoding: Encoding, words: tuple[Span, ...]) -> tuple[tuple[int, ...], ...]:
    """The places of the tokens of each word: a token belongs to the first word that it reaches into.

    One that reaches into none (white space, a special token) goes to the word behind it, or to the last.
    """
    ends = [end for _, end in words]
    found: list[list[int]] = [[] for _ in words]
    if words:
        for place, (start, _) in enumerate(encoding.offsets):
            # The first word that ends behind the token's start.
            found[min(bisect_left(ends, start + 1), len(words) - 1)].append(place)
    return tuple(map(tuple, found))


def shown_tokens(row: Row, word: int) -> list[str]:
    """The tokens of one word as a person can read them."""
    return [readable_token(row.encoding, place) for place in row.by_word[word]]


def readable_token(encoding: Encoding, place: int) -> str:
    """The token's own string; a byte-level one by the characters it covers, parts of a character by their bytes.

    An unknown one is followed by the text that it stands for, which is lost.

    >>> import tokembed
    >>> encoding = tokembed.tokenizer("clip").encode("홀")
    >>> [readable_token(encoding, place) for place in range(len(encoding))]
    ['<ED99>', '<80>']
    >>> readable_token(tokembed.tokenizer("bert").encode("☃"), 0)
    '[UNK]=☃'
    """
    token, data = encoding.tokens[place], encoding.token_bytes[place]
    if encoding.unknown[place]:
        start, end = encoding.offsets[place]
        return f"{token}={encoding.text[start:end]}"
    if not data or not _is_byte_level(token, data):
        return token
    # A byte that is no character becomes U+DC80..DCFF; a space that is part of a token shows as one.
    shown = data.decode("utf-8", errors="surrogateescape").replace(" ", "␣")
    return _STRAY_BYTES.sub(lambda match: f"<{match.group().encode('utf-8', 'surrogateescape').hex().upper()}>", shown)


def _is_byte_level(token: str, data: bytes) -> bool:
    """Whether the token spells its bytes in the printable stand-ins of byte-level BPE."""
    letters = token.removesuffix("</w>")
    return len(letters) == len(data) and all(map(lambda letter, byte: SYMBOL_BYTES.get(letter) == byte, letters, data))
