"""Which fonts have the characters of a picture's labels, so that none becomes a box."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontEntry
from matplotlib.ft2font import FT2Font

from tokembed.errors import NotAtHand

FIRST = "DejaVu Sans"  # comes with matplotlib
_NOT_FOR_READING = ("last resort", "lastresort", "blank", "emoji")  # they have boxes, nothing, or no outlines
_SHOWN = 10


def families(labels: Iterable[str]) -> list[str]:
    """Font families that together have every character of the labels, to be tried in this order.

    Raises:
        NotAtHand: no installed font has some of them.
    """
    missing = {character for label in labels for character in label} - _characters(_first_font())
    found = [FIRST]
    for is_new in (False, True):
        if missing and is_new:
            _add_new_fonts()
        for entry in sorted(font_manager.fontManager.ttflist, key=_preference):
            if missing and _is_for_reading(entry) and missing & (there := _characters(entry.fname)):
                found.append(entry.name)
                missing -= there
    if missing:
        shown = "".join(sorted(missing)[:_SHOWN]) + ("..." if len(missing) > _SHOWN else "")
        raise NotAtHand(
            f"a .png needs a font that has {shown!r}, none is installed; install one with: apt install fonts-nanum "
            "(for Hangul), or write .svg or .html"
        )
    return list(dict.fromkeys(found))


def _first_font() -> str:
    return str(font_manager.findfont(FIRST))


def _characters(path: str) -> set[str]:
    try:
        return set(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):  # not a font that can be drawn
        return set()


def _preference(entry: FontEntry) -> tuple[bool, bool, bool, str, str]:
    """Upright and regular ones first, as they are what a family's name leads to; then those without serifs."""
    is_plain = any(word in entry.name for word in ("Sans", "Gothic"))
    return (
        entry.style != "normal",
        str(entry.weight) not in ("400", "normal", "regular"),
        not is_plain,
        entry.name,
        entry.fname,
    )


def _is_for_reading(entry: FontEntry) -> bool:
    return not any(word in entry.name.lower() for word in _NOT_FOR_READING)


def _add_new_fonts() -> None:
    """Make known what was installed after matplotlib listed the fonts, which it does once."""
    known = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in sorted(font_manager.findSystemFonts()):
        if Path(path) not in known:
            try:
                font_manager.fontManager.addfont(path)
            except (OSError, RuntimeError):
                continue
