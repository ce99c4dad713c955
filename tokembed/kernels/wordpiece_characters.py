"""What the WordPiece loops know of characters: the kind of each code point and what it becomes.

Kinds and forms are asked of Hugging Face `tokenizers` itself, for every code point, never written
down here; a test holds them to it. Building them takes about a second, so callers keep them on disk.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import normalizers, pre_tokenizers

N_CODE_POINTS = 0x110000

# The kinds of characters. Up to NONSTARTER they are parts of words.
KEPT = 0  # stands for itself in a word
MAPPED = 1  # becomes one or more other characters of a word
REMOVED = 2  # vanishes, and does not end the word around it
NONSTARTER = 3  # as MAPPED, but may change places with a mark before it (canonical ordering)
SINGLE = 4  # a word of its own: punctuation, CJK
SPACE = 5  # ends a word
RARE = 6  # none of these: its text goes to the reference

_SEPARATOR = "|"  # nothing but itself becomes it, and it touches no neighbor


class Characters(NamedTuple):
    """What becomes of each code point: vocabulary-free, the same for one choice of options."""

    kinds: NDArray[np.uint8]  # (N_CODE_POINTS,), KEPT .. RARE
    forms: NDArray[np.int32]  # (N_CODE_POINTS,), the form's code point, or ~place in `pool`
    pool: NDArray[np.int32]  # forms of several code points: how many, then they


def character_tables(
    *, clean_text: bool, handle_chinese_chars: bool, strip_accents: bool | None, lowercase: bool
) -> Characters:
    """The kinds and forms of all code points under a BertNormalizer and BertPreTokenizer.

    Args:
        clean_text, handle_chinese_chars, strip_accents, lowercase: as of tokenizers' BertNormalizer;
            strip_accents None means as lowercase.
    """
    normalizer = normalizers.BertNormalizer(clean_text, handle_chinese_chars, strip_accents, lowercase)
    flat, lengths = _normalized(normalizer)
    occurs = np.zeros(N_CODE_POINTS, np.bool_)
    occurs[flat] = True
    alphabet = np.flatnonzero(occurs).astype(np.int32)
    separates = _separations(alphabet)  # 0 part of a word, 1 punctuation, 2 space
    nonstarters = np.zeros(N_CODE_POINTS, np.bool_)
    if lowercase if strip_accents is None else strip_accents:
        nonstarters[alphabet] = _nonstarters(alphabet)
    kinds = _kinds(flat, lengths, separates, nonstarters)
    return _with_forms(kinds, flat, lengths, separates)


def _normalized(
    normalizer: normalizers.BertNormalizer,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """What each code point becomes alone: all forms in one array, and the length of each."""
    every = np.arange(N_CODE_POINTS, dtype=np.int32)
    points = every[((every < 0xD800) | (every >= 0xE000)) & (every != ord(_SEPARATOR))]
    rows = np.full((points.size, 2), ord(_SEPARATOR), np.int32)
    rows[:, 1] = points
    forms = _points(normalizer.normalize_str(_text(rows)))
    is_separator = forms == ord(_SEPARATOR)
    borders = np.append(np.flatnonzero(is_separator), forms.size)
    if borders.size != points.size + 1:
        raise AssertionError("a character became the separator of this probe")
    lengths = np.zeros(N_CODE_POINTS, np.int64)
    lengths[points] = np.diff(borders) - 1
    lengths[ord(_SEPARATOR)] = 1
    place = int(lengths[: ord(_SEPARATOR)].sum())
    return np.insert(forms[~is_separator], place, ord(_SEPARATOR)), lengths


def _separations(alphabet: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Of each code point in the alphabet: 0 part of a word, 1 a word of its own, 2 between words."""
    separates = np.zeros(N_CODE_POINTS, np.uint8)
    separates[alphabet] = 2
    lone = []
    for piece, (begin, end) in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(_text(alphabet)):
        separates[alphabet[begin:end]] = 0
        if end - begin == 1:
            lone.append(piece)
    # A letter between two that separate is as lone as they are: ask again, with a letter at its side.
    text = "a" + "a".join(lone) + "a"
    for piece, (begin, end) in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text):
        if end - begin == 1 and begin % 2:
            separates[ord(piece)] = 1
    return separates


def _text(points: NDArray[np.int32]) -> str:
    return points.tobytes().decode("utf-32-le")


def _points(text: str) -> NDArray[np.int32]:
    return np.frombuffer(text.encode("utf-32-le"), np.int32)


def _nonstarters(alphabet: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of each code point in the alphabet: does canonical ordering ever move it (class not 0)?"""
    # Between marks of classes 230 and 1 a character of class 0 keeps them apart; past any other
    # character the second goes before the first.
    chosen = alphabet[alphabet != ord(_SEPARATOR)]
    rows = np.empty((chosen.size, 4), np.int32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = ord(_SEPARATOR), 0x301, chosen, 0x334
    ordered = _points(normalizers.NFD().normalize_str(_text(rows)))
    first = ordered[np.flatnonzero(ordered == ord(_SEPARATOR)) + 1]
    return np.isin(alphabet, chosen[first != 0x301])


def _kinds(
    flat: NDArray[np.int32],
    lengths: NDArray[np.int64],
    separates: NDArray[np.uint8],
    nonstarters: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The kind of each code point, from what it becomes; what fits no kind is RARE."""
    owner = np.repeat(np.arange(N_CODE_POINTS), lengths)

    def count(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(owner[chosen], minlength=N_CODE_POINTS)

    n_spaces, n_single = count(separates[flat] == 2), count(separates[flat] == 1)
    n_letters = lengths - n_spaces - n_single
    n_movable = count(nonstarters[flat])
    begins = np.cumsum(lengths) - lengths
    first = np.zeros(N_CODE_POINTS, np.int64)
    first[lengths > 0] = flat[begins[lengths > 0]]
    # Each token has a byte of source of its own, which bounds the output.
    n_bytes = 1 + sum((np.arange(N_CODE_POINTS) >= least).astype(np.int64) for least in (0x80, 0x800, 0x10000))

    apart = (n_letters == 1) & (n_spaces == 2) & (lengths == 3) & (separates[first] == 2)
    apart[lengths == 3] &= separates[flat[begins[lengths == 3] + 2]] == 2
    kinds = np.full(N_CODE_POINTS, RARE, np.uint8)
    kinds[lengths == 0] = REMOVED
    kinds[(lengths > 0) & (n_spaces == lengths)] = SPACE
    kinds[(n_letters > 0) & (n_letters == lengths) & (lengths <= n_bytes)] = MAPPED
    kinds[(n_single == 1) & (n_letters == 0) | apart & (n_single == 0)] = SINGLE
    kinds[(kinds == MAPPED) & (lengths == 1) & (first == np.arange(N_CODE_POINTS))] = KEPT
    kinds[n_movable > 0] = RARE
    kinds[(n_movable == 1) & (n_letters == 1) & (lengths == 1)] = NONSTARTER
    kinds[0xD800:0xE000] = RARE
    return kinds


def _with_forms(
    kinds: NDArray[np.uint8],
    flat: NDArray[np.int32],
    lengths: NDArray[np.int64],
    separates: NDArray[np.uint8],
) -> Characters:
    """The tables, with the form of each code point that is MAPPED, NONSTARTER or SINGLE."""
    forms = np.arange(N_CODE_POINTS, dtype=np.int32)
    begins = np.cumsum(lengths) - lengths
    pool: list[int] = []
    plain = np.isin(kinds, (MAPPED, NONSTARTER, SINGLE))
    forms[plain & (lengths == 1)] = flat[begins[plain & (lengths == 1)]]
    for c in np.flatnonzero(plain & (lengths > 1)).tolist():
        form = flat[begins[c] : begins[c] + lengths[c]]
        form = form[separates[form] != 2]
        if form.size == 1:
            forms[c] = form[0]
        else:
            forms[c] = ~len(pool)
            pool += [form.size, *form.tolist()]
    return Characters(kinds, forms, np.array([*pool, 0], np.int32))
