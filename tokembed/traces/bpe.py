"""Byte-pair encoding: the symbols of a word are merged two by two, the pair that was learned first goes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from tokembed.byte_level import SYMBOL_BYTES
from tokembed.errors import counted
from tokembed.traces.steps import Row, Step

Pair = tuple[str, str]
COLUMNS = ("symbols", "merged", "rank", "other pairs")
MOST_SYMBOLS = 100
"""Of a longer word the steps are not told: there are as many as symbols, and each would list them all."""


def merging(
    word: str,
    symbols: list[str],
    ranks: Mapping[Pair, int],
    *,
    prefix: str = "",
    shown: Callable[[str], str] = str,
) -> tuple[Step, list[str]]:
    """Each merge of a word's symbols, with the other pairs there were to choose from, and the tokens.

    Args:
        symbols: what the word starts from.
        ranks: of each pair that can be merged; the lowest is merged first, wherever it stands.
        prefix: what a symbol inside a word begins with; a merge takes it off its right half.
        shown: how a symbol is written for people.

    Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1.

    >>> step, tokens = merging("low", ["l", "o", "w"], {("l", "o"): 0, ("lo", "w"): 1})
    >>> tokens, [(row[0], row[2]) for row in step.rows]
    (['low'], [(('l', 'o', 'w'), 0), (('lo', 'w'), 1), (('low',), None)])
    """
    rows: list[Row] = []
    while True:
        known = sorted({pair: ranks[pair] for pair in pairwise(symbols) if pair in ranks}.items(), key=lambda p: p[1])
        written = tuple(map(shown, symbols))
        if not known:
            rows.append((written, None, None, ()))
            break
        pair, rank = known[0]
        choice = tuple(f"{shown(left)}+{shown(right)} {rank}" for (left, right), rank in known[1:])
        rows.append((written, f"{shown(pair[0])}+{shown(pair[1])}", rank, choice))
        symbols = _merged(symbols, pair, pair[0] + pair[1].removeprefix(prefix))
    rule = "of the neighbors that are a learned pair, that of the lowest rank is merged"
    if len(rows) == 1:
        rule = "no two neighbors are a learned pair"
    return Step(f"word {word!r}", rule, COLUMNS, tuple(rows)), symbols


def untold(word: str, n_symbols: int, tokens: Sequence[str]) -> Step:
    """The step of a word that is too long for its merges to be told."""
    rule = f"it has {counted(n_symbols, 'symbol')}, more than {MOST_SYMBOLS}, so its merges are not told"
    return Step(f"word {word!r}", rule, ("tokens",), ((tuple(tokens),),))


def byte_text(symbol: str, end: str = "") -> str:
    """A byte-level symbol as the text that it writes, bytes that are no whole character as `<ED99>`.

    Args:
        end: the mark of a word's end, which is left as it is.

    >>> byte_text("íĻ"), byte_text("caf"), byte_text("Ã©</w>", "</w>")
    ('<ED99>', 'caf', 'é</w>')
    """
    letters = symbol.removesuffix(end) if end else symbol
    if not all(letter in SYMBOL_BYTES for letter in letters):
        return symbol
    data = bytes(SYMBOL_BYTES[letter] for letter in letters)
    try:
        text = data.decode().replace(" ", "␣")
    except UnicodeDecodeError:
        text = f"<{data.hex().upper()}>"
    return text + symbol[len(letters) :]


def _merged(symbols: Sequence[str], pair: Pair, made: str) -> list[str]:
    """The symbols with every place of the pair merged, from left to right."""
    result: list[str] = []
    place = 0
    while place < len(symbols):
        is_pair = tuple(symbols[place : place + 2]) == pair
        result.append(made if is_pair else symbols[place])
        place += 2 if is_pair else 1
    return result
