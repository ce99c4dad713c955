"""Where the stem of a Korean word ends and its particles begin: by a list of particles, or by Kiwi's analysis."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

Border = Callable[[str], int | None]
"""The number of a word's code points that stand before its particles; None where it has none."""

PARTICLES_FILE = Path(__file__).parent.parent / "assets" / "korean-particles" / "particles.tsv"
_FIRST_SYLLABLE, _N_TAILS, _RIEUL = ord("가"), 28, 8
_SYLLABLES_AT_END = re.compile("[가-힣]+$")


def border_finder() -> tuple[Border, str]:
    """What finds borders, and its name: Kiwi where the package kiwipiepy is installed, else the list."""
    if find_spec("kiwipiepy") is None:
        return listed_border, "a list of particles (a heuristic)"
    return _kiwi_border(), "Kiwi's analysis"


def listed_border(word: str) -> int | None:
    """Where the longest particle of the list begins that the word can end in.

    A heuristic: nothing tells 가는 (thin, or going) from a noun with 는. The stem must be Hangul syllables, end as the
    particle wants it, and be long enough for it.

    >>> listed_border("학교에서는"), listed_border("사과"), listed_border("나는")
    (2, None, 1)
    """
    found = _SYLLABLES_AT_END.search(word)
    n_syllables = len(found.group()) if found else 0
    particles = _particles()
    for length in range(min(n_syllables - 1, max(map(len, particles))), 0, -1):
        rule = particles.get(word[-length:])
        if rule and n_syllables - length >= rule[1] and _fits(word[-length - 1], rule[0]):
            return len(word) - length
    return None


@lru_cache
def _particles() -> dict[str, tuple[str, int]]:
    """What each particle stands after, and how many syllables the stem has at least."""
    lines = PARTICLES_FILE.read_text(encoding="utf-8").split("\n")
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {particle: (after, int(n_syllables)) for particle, after, n_syllables in rows}


def _fits(last: str, after: str) -> bool:
    """Whether a stem that ends in this syllable may stand before a particle with this rule."""
    tail = (ord(last) - _FIRST_SYLLABLE) % _N_TAILS
    return {"any": True, "consonant": tail != 0, "vowel": tail == 0, "vowel-or-ㄹ": tail in (0, _RIEUL)}[after]


def _kiwi_border() -> Border:
    """Where Kiwi finds the first particle behind something else (its tags of particles begin with J)."""
    kiwi = import_module("kiwipiepy").Kiwi()  # takes a second or two

    def border(word: str) -> int | None:
        return next((token.start for token in kiwi.tokenize(word) if token.tag[0] == "J" and token.start), None)

    return border
