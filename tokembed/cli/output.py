"""How things are shown: columns that line up, text that cannot disturb a terminal, notes on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_drawn: set[str] = set()


def tell(message: str) -> None:
    """One line on stderr."""
    clear_status()
    print(f"tokembed: {printable(message)}", file=sys.stderr)


def draw_status(text: str) -> None:
    """Draw a line on stderr that the next one replaces; on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        _drawn.add("status")


def clear_status() -> None:
    """Take that line away, where one is drawn."""
    if _drawn:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
        _drawn.clear()


def printable(text: str) -> str:
    """The text with control characters and changes of direction written out, so that none reaches a terminal.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def width(text: str) -> int:
    """How many columns of a terminal the text takes; a Hangul syllable takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 17 ms

    return cell_len(text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled up with spaces to that many columns of a terminal."""
    fill = " " * max(0, columns - width(text))
    return fill + text if right else text + fill


def table(rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> list[str]:
    """Lines with the columns of `rows` under each other, those named in `right` flush right."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            padded(cell, columns, right=is_right) for cell, columns, is_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def percent(share: float | None) -> str:
    """A share with one decimal, `—` where there is nothing to have a share of.

    >>> percent(0.0456), percent(0.00001), percent(None)
    ('4.6 %', '<0.1 %', '—')
    """
    if share is None:
        return "—"
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
