"""How `whitespace` cuts: the words that stand between white space."""

from __future__ import annotations

from tokembed.tokenizers.whitespace import WhitespaceTokenizer
from tokembed.traces.cleaning import WELL_FORMED, cleaned
from tokembed.traces.steps import Step, Walk


def walk(_: WhitespaceTokenizer, text: str) -> Walk:
    """The words and how long each is.

    >>> walk(WhitespaceTokenizer(), "아침 먹고").tokens
    ['아침', '먹고']
    """
    readable, cleaning = cleaned(text, [WELL_FORMED])
    words = readable.split()
    rows = tuple((word, len(word), len(word.encode())) for word in dict.fromkeys(words))
    cut = Step("words", "cut at every white space", ("word", "code points", "bytes"), rows)
    return Walk([*([cleaning] if cleaning.rows else []), cut], words)
