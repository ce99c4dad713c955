"""Surrogates, which a Python string can hold and no encoding can write."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def replaced(text: str) -> tuple[str, int]:
    """The text with every surrogate replaced by U+FFFD, one for one, and how many there were."""
    return (text, 0) if text.isascii() else _SURROGATE.subn("\ufffd", text)


def well_formed(text: str) -> str:
    """The text with every surrogate replaced by U+FFFD, one for one."""
    return replaced(text)[0]
