"""How a tokenizer.json cuts: its words, and what its WordPiece, BPE or Unigram model makes of each.

A walk is told only where it leads to what `tokenizers` gives; elsewhere the tokens alone are, and it is said so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tokembed.tokenizers.pretrained import PretrainedTokenizer
from tokembed.tokenizers.pretrained_model import spelling_of
from tokembed.traces.bpe import MOST_SYMBOLS, byte_text, merging
from tokembed.traces.cleaning import WELL_FORMED, Rule, cleaned
from tokembed.traces.steps import Step, Walk
from tokembed.traces.unigram import chosen
from tokembed.traces.wordpiece import Pieces, matched

Cut = Callable[[str], tuple[Step, list[str]] | None]
Shown = Callable[[str], str]


def walk(tokenizer: PretrainedTokenizer, text: str) -> Walk:
    """The normalization, the words, and how each of them is cut."""
    description = tokenizer.description
    words = tokenizer.cut_words(text)
    shown = _shown(description)
    cut = _cut(description["model"], shown)
    by_word = {word: _told(tokenizer, cut, shown, *word) for word in words}
    told = Step("words", "cut as its file says", ("words",), ((tuple(shown(word) for word, _ in words),),))
    steps = [_normalizing(tokenizer, text), told, *(step for step, _ in by_word.values())]
    encoding = tokenizer.encode(text)
    n_before, n_behind = map(len, tokenizer.frame)
    tokens = list(encoding.tokens[n_before : len(encoding) - n_behind])
    if tokens != [token for word in words for token in by_word[word][1]]:
        steps = [Step("tokens", "as Hugging Face `tokenizers` gives them; the way there is not told")]
    return Walk(steps, tokens, shown)


def _normalizing(tokenizer: PretrainedTokenizer, text: str) -> Step:
    normalizer = tokenizer.description["normalizer"]
    if normalizer is None:
        return cleaned(text, [WELL_FORMED])[1]
    kinds = [step["type"] for step in normalizer.get("normalizers", [normalizer])]
    return cleaned(text, [WELL_FORMED, Rule(", ".join(kinds), tokenizer.normalized)])[1]


def _told(tokenizer: PretrainedTokenizer, cut: Cut, shown: Shown, word: str, is_added: bool) -> tuple[Step, list[str]]:
    """How a word is cut, told only where it leads to the tokens of the library."""
    name = f"word {shown(word)!r}"
    if is_added:
        return Step(name, "an added token is taken as it is"), [word]
    tokens = tokenizer.pieces(word)
    found = cut(word)
    if found is None or found[1] != tokens:
        rule = "as the model of Hugging Face `tokenizers` cuts it; the way there is not told"
        return Step(name, rule, ("tokens",), ((tuple(map(shown, tokens)),),)), tokens
    return replace(found[0], name=name), tokens


def _cut(model: Mapping[str, Any], shown: Shown) -> Cut:
    """What tells how this model cuts a word."""
    if model["type"] == "WordPiece":
        return _wordpiece(model)
    if model["type"] == "BPE":
        return _bpe(model, shown)
    return _unigram(model) if model["type"] == "Unigram" else lambda _: None


def _wordpiece(model: Mapping[str, Any]) -> Cut:
    longest = model["max_input_chars_per_word"]
    pieces = Pieces(model["vocab"], model["unk_token"], model["continuing_subword_prefix"], longest)
    return lambda word: matched(word, pieces)


def _bpe(model: Mapping[str, Any], shown: Shown) -> Cut:
    prefix, suffix = model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or ""
    vocab, ranks = model["vocab"], {(left, right): rank for rank, (left, right) in enumerate(model["merges"])}

    def cut(word: str) -> tuple[Step, list[str]] | None:
        if model.get("ignore_merges") and word in vocab:
            return Step("", "a word that is a token is taken whole"), [word]
        symbols = [prefix * bool(place) + letter for place, letter in enumerate(word)]
        symbols[-1] += suffix
        if len(symbols) > MOST_SYMBOLS or not all(symbol in vocab for symbol in symbols):
            return None
        return merging(word, symbols, ranks, prefix=prefix, shown=shown)

    return cut


def _unigram(model: Mapping[str, Any]) -> Cut:
    scores = {piece: float(score) for piece, score in model["vocab"]}
    return lambda word: chosen(word, scores) if len(word) <= MOST_SYMBOLS else None


def _shown(description: Mapping[str, Any]) -> Shown:
    """What writes a symbol for people: byte-level ones as the text that they stand for."""
    spelling = spelling_of(description)
    return partial(byte_text, end=spelling.suffix) if spelling.byte_level else str
