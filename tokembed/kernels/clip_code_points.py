"""What CLIP's cleaning does to each code point by itself, asked of ftfy, unicodedata, str.lower and regex.

The kernel in clip_cleaning.py follows these tables; the proof that they are enough stands there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html.entities import html5
from typing import NamedTuple

import ftfy
import numpy as np
import regex
from ftfy.badness import BADNESS_RE
from numpy.typing import NDArray

from tokembed.kernels.mojibake import N_CODE_POINTS, NOTHING_YET, Automaton, automaton

PROVED_FOR_FTFY = "6.3.1"
SPACE, LETTER, NUMBER, OTHER = range(4)
"""What the word pattern sees in a character. SPACE is whatever no alternative matches, U+0345 too."""

WORD_CLASS = 3  # the low two bits of a kind hold one of the four above
MAPPED = 4  # something else comes out: `replaced`
TELLTALE = 8  # mojibake may begin with it
REWRITTEN = 16  # ftfy's output may look like mojibake or an entity where its input does not
MARK = 32  # a canonical combining class other than 0
SLOW = 64  # only ftfy knows
CARE = 0xFFFF
COMPOSES = 128  # NFC may merge it with the character before


class CodePoints(NamedTuple):
    """Tables over all code points, and what else the kernel asks.

    kinds: the flags above, (0x110000,) uint8. combining: canonical combining class, (0x110000,) uint8.
    replaced: row of `replacements` for what is MAPPED, (0x110000,) uint16.
    replacements: (n_rows, 8) uint8: how many bytes, their word class, the bytes.
    mojibake, steps: the automaton of ftfy's heuristic.
    entity_starts: whether an entity that needs no semicolon begins with these two characters, (128, 128) uint8.
    plain: for a byte that is cleaned without a look at anything else, its word class << 8 | what comes out,
        else CARE, (256,) uint16.
    compositions: before << 21 | char where NFC changes the two after ftfy's other steps, without Hangul, sorted, int64.
    """

    kinds: NDArray[np.uint8]
    combining: NDArray[np.uint8]
    replaced: NDArray[np.uint16]
    replacements: NDArray[np.uint8]
    mojibake: NDArray[np.uint8]
    steps: NDArray[np.uint16]
    entity_starts: NDArray[np.uint8]
    plain: NDArray[np.uint16]
    compositions: NDArray[np.int64]


def code_point_tables() -> CodePoints:
    """The tables for the installed Python, ftfy and regex; about 3 seconds, so keep them on disk.

    Raises:
        RuntimeError: another ftfy than the one that the proof was made for.
    """
    if ftfy.__version__ != PROVED_FOR_FTFY:
        raise RuntimeError(f"the cleaning of CLIP is proved for ftfy {PROVED_FOR_FTFY}, this is {ftfy.__version__}")
    heuristic = automaton(BADNESS_RE)
    classes = word_classes()
    combining = np.array([unicodedata.combining(chr(code)) for code in range(N_CODE_POINTS)], np.uint8)
    kinds = classes | np.where(combining > 0, MARK, 0).astype(np.uint8)
    kinds |= np.where(_begins_mojibake(heuristic), TELLTALE, 0).astype(np.uint8)
    kinds[[*JAMO_CODES, *map(ord, seconds_of_compositions())]] |= COMPOSES
    kinds[list(_only_ftfy_knows())] |= SLOW
    replaced, replacements = _replacements(kinds, classes, heuristic)
    return CodePoints(
        kinds, combining, replaced, replacements, heuristic.classes, heuristic.steps, _entity_starts(), _plain(kinds),
        _compositions(),
    )  # fmt: skip


def _replacements(
    kinds: NDArray[np.uint8], classes: NDArray[np.uint8], heuristic: Automaton
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """`replaced` and `replacements` of CodePoints; marks the kinds MAPPED and REWRITTEN."""
    replaced = np.zeros(N_CODE_POINTS, np.uint16)
    outputs = {("", SPACE): 0}
    for code, mended in mended_code_points().items():
        if kinds[code] & SLOW:
            continue
        lowered = mended.lower()
        out = {int(classes[ord(char)]) for char in lowered} or {SPACE}
        kinds[code] |= MAPPED
        replaced[code] = outputs.setdefault((lowered, max(out)), len(outputs))
        if len(out) > 1:
            kinds[code] |= SLOW
        if mended != chr(code) and not _hides_nothing(chr(code), mended, heuristic):
            kinds[code] |= REWRITTEN
    return replaced, _rows(list(outputs))


def _entity_starts() -> NDArray[np.uint8]:
    entity_starts = np.zeros((128, 128), np.uint8)
    for name in html5:
        if not name.endswith(";"):
            entity_starts[ord(name[0]), ord(name[1])] = 1
    return entity_starts


def _plain(kinds: NDArray[np.uint8]) -> NDArray[np.uint16]:
    plain = np.full(256, CARE, np.uint16)
    for byte in range(128):
        if chr(byte) != "&" and (kinds[byte] < MAPPED or chr(byte).isalpha()):
            plain[byte] = int(kinds[byte] & WORD_CLASS) << 8 | ord(chr(byte).lower())
    return plain


JAMO_CODES = frozenset(range(0x1161, 0x1176)) | frozenset(range(0x11A8, 0x11C3))


def word_classes() -> NDArray[np.uint8]:
    """The class of each code point in CLIP's word pattern, which is asked without regard to case."""
    everything = "".join(chr(c) if not 0xD800 <= c < 0xE000 else " " for c in range(N_CODE_POINTS))
    classes = np.full(N_CODE_POINTS, SPACE, np.uint8)
    for word_class, one in ((LETTER, r"[\p{L}]+"), (NUMBER, r"[\p{N}]+"), (OTHER, r"[^\s\p{L}\p{N}]+")):
        for match in regex.finditer(one, everything, regex.IGNORECASE):
            classes[match.start() : match.end()] = word_class
    return classes


def seconds_of_compositions() -> frozenset[str]:
    """Characters that NFC may merge with the one before: Unicode's NFC_Quick_Check=Maybe and a few more, no jamo."""
    return frozenset(pair[1] for pair in _decompositions().values())


@cache
def _decompositions() -> dict[str, str]:
    """The code points that decompose to two characters, and to which."""
    parts = {chr(code): unicodedata.decomposition(chr(code)).split() for code in range(N_CODE_POINTS)}
    return {
        char: "".join(chr(int(part, 16)) for part in two)
        for char, two in parts.items()
        if len(two) == 2 and two[0][0] != "<"
    }


def _compositions() -> NDArray[np.int64]:
    """Looked for among the firsts of pairs, what is composed already (é and a dot below), and what ftfy changes."""
    before = {char: char for whole, pair in _decompositions().items() for char in (whole, pair[0])}
    before |= {chr(code): mended for code, mended in mended_code_points().items()}
    keys = [
        ord(char) << 21 | ord(second)
        for char, mended in before.items()
        for second in seconds_of_compositions()
        if not unicodedata.is_normalized("NFC", mended + second)
    ]
    return np.array(sorted(keys), np.int64)


@cache
def mended_code_points() -> dict[int, str]:
    """What ftfy makes of each code point that it changes or that str.lower changes.

    Blocks of code points are given to ftfy with spaces between; only a block that it changes is looked at one by one.
    """
    mended = {code: chr(code) for code in range(N_CODE_POINTS) if chr(code).lower() != chr(code)}
    for start in range(0, N_CODE_POINTS, 256):
        block = [chr(code) for code in range(start, start + 256) if not 0xD800 <= code < 0xE000]
        if ftfy.fix_text(" ".join(block)) != " ".join(block):
            mended |= {ord(char): ftfy.fix_text(char) for char in block if ftfy.fix_text(char) != char}
    return mended


def _only_ftfy_knows() -> frozenset[int]:
    """Code points whose fate hangs on their neighbors in a way that the kernel does not follow.

    Surrogates; C1 controls, which are mojibake by themselves; ESC, which may begin a terminal escape; İ, which becomes
    two code points; Σ, which has two lower cases; and what ftfy turns into something that is not done with: combining,
    Hangul, the & of an entity, or changed again.
    """
    composing = seconds_of_compositions()
    codes = [*range(0xD800, 0xE000), *range(0x80, 0xA0), 0x1B, ord("İ"), ord("Σ")]
    for code, mended in mended_code_points().items():
        if mended != chr(code):
            settled = all(unicodedata.combining(c) == 0 and c not in composing and not _hangul(c) for c in mended)
            settled = settled and "&" not in mended and ftfy.fix_text(mended) == mended
            if not settled or unicodedata.combining(chr(code)):
                codes.append(code)
    return frozenset(codes)


def _hangul(char: str) -> bool:
    """Whether the character may take part in the composition of a syllable."""
    return "\u1100" <= char <= "\u11ff" or "가" <= char <= "힣"


def _begins_mojibake(heuristic: Automaton) -> NDArray[np.bool_]:
    """Whether the code point is not ASCII and takes the automaton out of NOTHING_YET, (0x110000,)."""
    begins: NDArray[np.bool_] = (heuristic.steps[: NOTHING_YET + 1] != NOTHING_YET).any(axis=0)[heuristic.classes]
    begins[:128] = False
    return begins


def _hides_nothing(char: str, mended: str, heuristic: Automaton) -> bool:
    """Whether `mended`, one character, is in no set of the heuristic that `char` is not in, and in no entity."""
    if len(mended) != 1 or re.match(r"[&#;0-9A-Za-z]", mended):
        return False
    before, after = (heuristic.members[heuristic.classes[ord(c)]] for c in (char, mended))
    return not bool((after & ~before).any())


def _rows(outputs: list[tuple[str, int]]) -> NDArray[np.uint8]:
    rows = np.zeros((len(outputs), 8), np.uint8)
    for row, (output, word_class) in zip(rows, outputs, strict=True):
        encoded = output.encode()
        row[: len(encoded) + 2] = [len(encoded), word_class, *encoded]
    return rows
