"""OpenAI's SimpleTokenizer in plain Python: slow, obvious, and what the kernels are held to."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import ftfy
import numpy as np
import regex

from tokembed.kernels.bpe_tables import Merges, merge_tables

MERGES = Path(__file__).parent.parent / "tokembed" / "assets" / "clip" / "merges.txt"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
PATTERNS = {
    False: regex.compile(WORDS, regex.IGNORECASE),
    True: regex.compile(rf"<\|startoftext\|>|<\|endoftext\|>|{WORDS}", regex.IGNORECASE),
}
SPECIALS = ("<|startoftext|>", "<|endoftext|>")


@cache
def byte_symbols() -> dict[int, str]:
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


@cache
def merges() -> list[tuple[str, str]]:
    lines = MERGES.read_text(encoding="utf-8").split("\n")[1 : 1 + 48_894]
    return [(left, right) for left, _, right in (line.partition(" ") for line in lines)]


@cache
def vocabulary() -> dict[str, int]:
    symbols = list(byte_symbols().values())
    made = [left + right for left, right in merges()]
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *made, *SPECIALS]
    return {token: number for number, token in enumerate(tokens)}


@cache
def ranks() -> dict[tuple[str, str], int]:
    return {pair: rank for rank, pair in enumerate(merges())}


def clean(text: str) -> str:
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    return regex.sub(r"\s+", " ", text).strip().lower()


@cache
def word_ids(word: str) -> tuple[int, ...]:
    """The lowest-ranked pair is merged wherever it stands, until no pair has a rank."""
    if word in SPECIALS:
        return (vocabulary()[word],)
    symbols = [byte_symbols()[byte] for byte in word.encode()]
    symbols[-1] += "</w>"
    while len(symbols) > 1:
        pair = min(pairwise(symbols), key=lambda p: ranks().get(p, 1 << 30))
        if pair not in ranks():
            break
        merged: list[str] = []
        place = 0
        while place < len(symbols):
            if tuple(symbols[place : place + 2]) == pair:
                merged.append(pair[0] + pair[1])
                place += 2
            else:
                merged.append(symbols[place])
                place += 1
        symbols = merged
    return tuple(vocabulary()[symbol] for symbol in symbols)


def ids(text: str, parse_special: bool) -> list[int]:
    words = PATTERNS[parse_special].findall(clean(text))
    if not parse_special:
        return [number for word in words for number in _plain(word)]
    return [number for word in words for number in word_ids(word)]


def _plain(word: str) -> tuple[int, ...]:
    return word_ids(word)


def cases() -> Iterator[os.PathLike[str]]:
    yield from sorted((Path(__file__).parent.parent.parent / "shared" / "data").glob("golden_dev*.jsonl.gz"))


def kernel_merges() -> Merges:
    """The kernel's tables of the same merges."""
    number = vocabulary()
    byte_of = {symbol: byte for byte, symbol in byte_symbols().items()}
    token_bytes = [bytes(byte_of[char] for char in token.removesuffix("</w>")) for token in list(number)[:-2]]
    pairs = [(number[left], number[right]) for left, right in merges()]
    return merge_tables(list(byte_symbols()), pairs, token_bytes)


def arrays(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The texts' bytes, and where each begins."""
    encoded = [text.encode() for text in texts]
    bounds = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), bounds
