"""How `character` cuts: words into grapheme clusters, what a reader takes for one character."""

from __future__ import annotations

import regex

from tokembed.tokenizers.character import CharacterTokenizer
from tokembed.traces.cleaning import WELL_FORMED, cleaned
from tokembed.traces.steps import Step, Walk


def walk(_: CharacterTokenizer, text: str) -> Walk:
    """The clusters of each word and the code points that each is made of.

    Source: Unicode Standard Annex 29, extended grapheme clusters.
    """
    readable, cleaning = cleaned(text, [WELL_FORMED])
    by_word = {word: regex.findall(r"\X", word) for word in readable.split()}
    steps = [_step(word, clusters) for word, clusters in by_word.items()]
    tokens = [cluster for word in readable.split() for cluster in by_word[word]]
    return Walk([*([cleaning] if cleaning.rows else []), *steps], tokens)


def _step(word: str, clusters: list[str]) -> Step:
    rows = tuple((cluster, tuple(f"U+{ord(letter):04X}" for letter in cluster)) for cluster in clusters)
    rule = "a cluster goes on while its next code point joins the one before"
    return Step(f"word {word!r}", rule, ("cluster", "code points"), rows)
