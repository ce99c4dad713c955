"""How `clip` cuts: cleaning, words by its pattern, each word's bytes, and their merges."""

from __future__ import annotations

from html import unescape

import ftfy
import regex

from tokembed.byte_level import BYTE_SYMBOLS
from tokembed.tokenizers.clip import ENDS_WORD, FIRST, LAST, ClipTokenizer, merged
from tokembed.traces.bpe import MOST_SYMBOLS, byte_text, merging, untold
from tokembed.traces.cleaning import Rule, cleaned
from tokembed.traces.steps import Step, Walk


def walk(tokenizer: ClipTokenizer, text: str) -> Walk:
    """The cleaning, the words, and the merges of each word.

    Source: openai/CLIP, simple_tokenizer.py.
    """
    _, cleaning = cleaned(text, RULES)
    words = [word for word in tokenizer.normal_form(text).split(" ") if word]
    by_word = {word: _cut(tokenizer, word) for word in words}
    rule = "letters together, each digit alone, signs together, endings such as 's by themselves"
    told = Step("words", rule, ("words",), ((tuple(words),),))
    return Walk(
        [cleaning, told, *(step for step, _ in by_word.values())],
        [token for word in words for token in by_word[word][1]],
        _shown,
    )


def _cut(tokenizer: ClipTokenizer, word: str) -> tuple[Step, list[str]]:
    if tokenizer.parse_special and word in (FIRST, LAST):
        return Step(f"word {word!r}", "a special token is taken as it is"), [word]
    symbols = [BYTE_SYMBOLS[byte] for byte in word.encode()]
    symbols[-1] += ENDS_WORD
    if len(symbols) > MOST_SYMBOLS:
        n_symbols, tokens = len(symbols), merged(symbols, tokenizer.ranks)
        return untold(word, n_symbols, [_shown(token) for token in tokens]), tokens
    return merging(word, symbols, tokenizer.ranks, shown=_shown)


def _shown(symbol: str) -> str:
    return byte_text(symbol, ENDS_WORD)


def _unescaped(text: str) -> str:
    return unescape(unescape(text))


def _spaced(text: str) -> str:
    return str(regex.sub(r"\s+", " ", text.strip())).strip()


RULES = (
    Rule("ftfy mends broken encodings", ftfy.fix_text),
    Rule("HTML entities become characters, twice", _unescaped),
    Rule("one space between words, none at the ends", _spaced, joins_words=True),
    Rule("lower case", str.lower),
)
"""What is done to a text before it is cut; together they are `clip_cleaning.clean`."""
