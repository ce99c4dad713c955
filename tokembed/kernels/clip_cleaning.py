"""CLIP's cleaning in one pass over the bytes, for texts where that is provably what the reference does.

The reference: ftfy.fix_text, html.unescape twice, white space collapsed, str.lower. `clean_texts` writes its result, or
says that it cannot know it; such a text goes to the reference itself. White space need not be collapsed: no
token has any, so a run of it separates words as one space does.

The proof, step by step of ftfy 6.3.1. `fix_text` cuts a text behind each \\n and after 1,000,000 code points, and
repeats these steps on each segment until nothing changes. Words in capitals are flags of clip_code_points.py.

1. unescape_html, and html.unescape later, act on a & only. They leave it alone where no # follows and the ASCII letters
   and digits that follow do not end in ; (as nearly all entities do) and do not begin as one of the 106 that need no ;.
   Whether < stands in the segment decides only if ftfy does this step.
2. fix_encoding does nothing unless BADNESS_RE matches. Its automaton (mojibake.py) is asked whenever the text has a
   TELLTALE, one of the 363 characters of which any match has at least one.
3. fix_c1_controls acts on U+0080..9F: SLOW.
4. fix_latin_ligatures, fix_character_width, uncurl_quotes, fix_line_breaks, remove_control_chars replace code points
   one by one: MAPPED to what fix_text makes of each alone. (CR LF becomes one line end, not two, white space both.)
5. fix_surrogates: valid UTF-8 has none. remove_terminal_escapes acts on ESC: SLOW.
6. NFC. A code point that is not NFC by itself becomes what it becomes alone (MAPPED). Marks keep their order if their
   classes do not fall, which is checked. Hangul is composed here by Unicode's arithmetic. Whatever else may compose
   (COMPOSES) does so only with the last character that is no mark and, unless it is a mark itself, only with its
   neighbor. It is looked up with that one (`compositions`: the pairs that NFC changes). If none of the pairs
   changes, the whole does not: a mark between two others only blocks.
7. The second round starts from the first one's output. What is MAPPED is settled after one round (checked when the
   tables are built). It can bring an entity or mojibake about only if it is REWRITTEN: removed, more than one
   character, a letter or digit, or in a set of the heuristic that its original is not in. A text with such a one must
   have neither & nor TELLTALE.
8. str.lower maps code points one to one but for İ and Σ (which hangs on its neighbors): SLOW.
"""

from __future__ import annotations

import numpy as np

from tokembed.kernels.clip_code_points import (
    CARE,
    COMPOSES,
    MAPPED,
    MARK,
    REWRITTEN,
    SLOW,
    TELLTALE,
    WORD_CLASS,
)
from tokembed.kernels.compiled import lean
from tokembed.kernels.mojibake import BAD, NOTHING_YET, START_OF_SEGMENT

SEGMENT = 1_000_000
"""Code points after which ftfy cuts a line."""
UNKNOWN = -1
GROWTH = 1.5
"""Cleaned bytes a byte at the most: some letters of two bytes have a lower case of three."""


@lean
def code_point(data, place):
    """The code point that begins at data[place], and how many bytes it has."""
    byte = np.int32(data[place])
    if byte < 0x80:
        return byte, 1
    if byte < 0xE0:
        return (byte & 0x1F) << 6 | (data[place + 1] & 0x3F), 2
    if byte < 0xF0:
        return (byte & 0x0F) << 12 | (np.int32(data[place + 1]) & 0x3F) << 6 | (data[place + 2] & 0x3F), 3
    high = (byte & 0x07) << 18 | (np.int32(data[place + 1]) & 0x3F) << 12
    return high | (np.int32(data[place + 2]) & 0x3F) << 6 | (data[place + 3] & 0x3F), 4


@lean
def looks_broken(mojibake, steps, data, lo, hi):
    """Whether ftfy's heuristic matches in some line of data[lo:hi], or might once jamo there have been composed.

    Behind a jamo as behind a syllable the automaton is in NOTHING_YET, all but always. If it is, a syllable
    in the place of several jamo leaves it where it was.
    """
    state = START_OF_SEGMENT
    while lo < hi:
        code, width = code_point(data, lo)
        state = steps[state, mojibake[code]]
        if state == BAD or (0x1100 <= code <= 0x11FF and state != NOTHING_YET):
            return True
        if code == 10:
            state = START_OF_SEGMENT
        lo += width
    return False


@lean
def may_be_entity(tables, data, lo, hi):
    """Whether some entity may begin with the & before data[lo]."""
    if lo == hi:
        return False
    first = data[lo]
    if first == 35:  # #
        return True
    place = lo
    while place < min(hi, lo + 40) and is_letter_or_digit(data[place]):
        place += 1
    if place == lo:
        return False
    if place - lo == 40 or (place < hi and data[place] == 59):  # ;
        return True
    return place - lo >= 2 and tables.entity_starts[first, data[lo + 1]] != 0


@lean
def is_letter_or_digit(byte):
    """Whether an ASCII byte is in [0-9A-Za-z]."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@lean
def composed(cleaned, start, at, code):
    """Whether the jamo `code` merges with the Hangul that ends at cleaned[at], which it then does in place."""
    if at - start < 3:
        return False
    before, _ = code_point(cleaned, at - 3) if cleaned[at - 3] >= 0xE0 else (0, 1)
    if 0x1100 <= before <= 0x1112 and code <= 0x1175:
        syllable = 0xAC00 + ((before - 0x1100) * 21 + code - 0x1161) * 28
    elif 0xAC00 <= before <= 0xD7A3 and (before - 0xAC00) % 28 == 0 and code >= 0x11A8:
        syllable = before + code - 0x11A7
    else:
        return False
    cleaned[at - 3] = 0xE0 | syllable >> 12
    cleaned[at - 2] = 0x80 | (syllable >> 6 & 0x3F)
    cleaned[at - 1] = 0x80 | (syllable & 0x3F)
    return True


@lean
def character_before(data, lo, place):
    """The code point that ends at data[place]; a space, with which nothing composes, if the text begins there."""
    if place == lo:
        return 32
    place -= 1
    while data[place] & 0xC0 == 0x80:
        place -= 1
    return code_point(data, place)[0]


@lean
def may_compose(tables, before, code):
    """Whether NFC may change `before` with `code` behind it."""
    key = np.int64(before) << 21 | code
    place = np.searchsorted(tables.compositions, key)
    found = place < tables.compositions.size and tables.compositions[place] == key
    return found or tables.kinds[before] & REWRITTEN != 0


@lean
def clean_segment(tables, data, lo, hi, cleaned, classes, at):
    """data[lo:hi] cleaned from cleaned[at] on, each byte with its character's class; the end, or UNKNOWN.

    data is one segment, or several whole ones of fewer than SEGMENT bytes together.
    """
    start, place = at, lo
    seen = 0  # flags of all kinds in the text
    has_ampersand = False
    bearer, mark, marks_end = 32, 0, -1  # what bears the marks, the last one's class, the place behind it
    while place < hi:
        plain = tables.plain[data[place]]
        if plain != CARE:
            cleaned[at], classes[at] = plain & 0xFF, plain >> 8
            at += 1
            place += 1
            continue
        if data[place] == 38:  # &
            has_ampersand = True
            if may_be_entity(tables, data, place + 1, hi):
                return UNKNOWN
        code, width = code_point(data, place)
        kind = tables.kinds[code]
        if kind < MAPPED and width == 3:  # Hangul, kanji: the loop at the end would do it too, at half the speed
            cleaned[at], cleaned[at + 1], cleaned[at + 2] = data[place], data[place + 1], data[place + 2]
            classes[at], classes[at + 1], classes[at + 2] = kind, kind, kind
            at += 3
            place += 3
            continue
        seen |= kind
        if kind & SLOW:
            return UNKNOWN
        if kind & MAPPED:
            row = tables.replacements[tables.replaced[code]]
            for k in range(row[0]):
                cleaned[at + k], classes[at + k] = row[k + 2], row[1]
            at += row[0]
        elif 0x1161 <= code <= 0x11C2 and composed(cleaned, start, at, code):
            pass
        else:
            if kind & (MARK | COMPOSES):
                if at != marks_end:
                    bearer, mark = character_before(data, lo, place), 0
                if tables.combining[code] < mark and kind & MARK:
                    return UNKNOWN
                blocked = mark > 0 and not kind & MARK
                if kind & COMPOSES and not blocked and may_compose(tables, bearer, code):
                    return UNKNOWN
                if kind & MARK:
                    marks_end, mark = at + width, tables.combining[code]
            for k in range(width):
                cleaned[at + k], classes[at + k] = data[place + k], kind & WORD_CLASS
            at += width
        place += width
    if seen & REWRITTEN and (has_ampersand or seen & TELLTALE):
        return UNKNOWN
    if seen & TELLTALE and looks_broken(tables.mojibake, tables.steps, data, lo, hi):
        return UNKNOWN
    return at


@lean
def segment_end(data, lo, hi):
    """Where ftfy cuts the text data[lo:hi] for the first time."""
    if hi - lo <= SEGMENT:
        return hi
    n_code_points = 0
    for place in range(lo, hi):
        if data[place] & 0xC0 != 0x80:
            if n_code_points == SEGMENT:
                return place
            n_code_points += 1
        if data[place] == 10:
            return place + 1
    return hi


@lean
def clean_texts(tables, data, bounds, cleaned, classes, places):
    """Every text cleaned, one behind the other; how many bytes all of them take.

    Args:
        data: valid UTF-8, uint8; text t is data[bounds[t]:bounds[t + 1]].
        bounds: (n_texts + 1,) int64.
        cleaned: uint8, GROWTH times the bytes of the texts or longer. classes: the same for the classes.
        places: (n_texts, 2) int64, is filled with where each text begins and ends in `cleaned`; UNKNOWN where
            the reference must be asked.
    """
    at = 0
    for text in range(bounds.size - 1):
        places[text, 0] = at
        place, end = bounds[text], at
        while place < bounds[text + 1] and end != UNKNOWN:
            stop = segment_end(data, place, bounds[text + 1])
            ends_in_ampersand = stop < bounds[text + 1] and cut_entity(data, place, stop)
            end = UNKNOWN if ends_in_ampersand else clean_segment(tables, data, place, stop, cleaned, classes, end)
            place = stop
        places[text, 1] = end
        if end == UNKNOWN:
            places[text, 0] = UNKNOWN
        else:
            at = end
    return at


@lean
def cut_entity(data, lo, hi):
    """Whether a segment cut for its length has a & in its last 40 bytes: the cut may go through an entity."""
    place = max(lo, hi - 40)
    while place < hi and data[place] != 38:
        place += 1
    return place < hi and data[hi - 1] != 10


@lean
def classify(tables, cleaned, lo, hi, classes):
    """Fills classes[lo:hi] for text that the reference has cleaned."""
    while lo < hi:
        code, width = code_point(cleaned, lo)
        for k in range(width):
            classes[lo + k] = tables.kinds[code] & WORD_CLASS
        lo += width
