"""What CLIP does to a text before it cuts it.

Source: openai/CLIP, simple_tokenizer.py, `basic_clean`, `whitespace_clean` and the `lower()` behind them.
"""

from __future__ import annotations

from html import unescape

import ftfy
import regex

from tokembed.alignment import Alignment, align_words

_SPACES = regex.compile(r"\s+")


def clean(text: str) -> str:
    """The text with broken encodings mended, entities resolved, white space collapsed, in lower case.

    >>> clean("  Caf&amp;eacute;   &lt;ＡＢＣ&gt; ")
    'café <abc>'
    """
    mended: str = unescape(unescape(ftfy.fix_text(text))).strip()
    spaced: str = _SPACES.sub(" ", mended)
    return spaced.strip().lower()


def align(text: str) -> Alignment:
    """The cleaned text and what of the given text stands behind each of its characters."""
    return align_words(text, clean(text), clean)
