"""Hangul syllables as the letters they are written with, which is what makes Korean inflections look alike."""

from __future__ import annotations

NO_FINAL = "e"
"""Stands where a syllable ends in its vowel, so that each has three letters and it is known where one begins."""

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = NO_FINAL + "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST = ord("가")
_LETTERS = {
    _FIRST + place: lead + vowel + tail
    for place, (lead, vowel, tail) in enumerate((a, b, c) for a in _LEADS for b in _VOWELS for c in _TAILS)
}


def letters(text: str) -> str:
    """The text with each syllable as lead, vowel and tail, `e` where it has no tail; all else stays as it is.

    A letter is the same one in front and behind, from the block Hangul Compatibility Jamo.

    Source: Unicode Standard, section 3.12, "Hangul Syllable Decomposition"; Park et al. 2018, "Subword-level Word
        Vector Representations for Korean", for the mark of an empty tail.

    >>> letters("강아지 dog")
    'ㄱㅏㅇㅇㅏeㅈㅣe dog'
    """
    return text.translate(_LETTERS)
