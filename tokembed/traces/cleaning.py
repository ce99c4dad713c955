"""What cleaning or normalization changed in a text: which rule, and each place before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tokembed.alignment import Alignment, Clean, align_normalized, align_words
from tokembed.surrogates import well_formed
from tokembed.traces.steps import Step

COLUMNS = ("rule", "before", "after", "times")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is done to a whole text.

    Attributes:
        joins_words: single spaces stand between the words afterwards.
    """

    name: str
    clean: Clean
    joins_words: bool = False


WELL_FORMED = Rule("unpaired surrogates become U+FFFD", well_formed)


def cleaned(text: str, rules: Iterable[Rule], name: str = "cleaning") -> tuple[str, Step]:
    """The text after all rules, and the step that tells what each of them changed.

    >>> cleaned("Ab  C", [Rule("lower case", str.lower)])[1].rows
    (('lower case', 'A', 'a', 1), ('lower case', 'C', 'c', 1))
    """
    rows, names = [], []
    for rule in rules:
        names.append(rule.name)
        changed = Counter(changes(text, rule))
        rows += [(rule.name, before, after, times) for (before, after), times in changed.items()]
        text = rule.clean(text)
    told = "; ".join(names) if rows else f"nothing to change ({'; '.join(names)})"
    return text, Step(name, told, COLUMNS if rows else (), tuple(rows))


def changes(given: str, rule: Rule) -> list[tuple[str, str]]:
    """Each changed place of the text before and after the rule, in order.

    Where it cannot be told what became of each character, a place is a word, or the whole text.
    """
    after = rule.clean(given)
    if after == given:
        return []
    pieces: Iterable[tuple[str, str]] = [(letter, rule.clean(letter)) for letter in given]
    if "".join(piece for _, piece in pieces) != after:
        aligned = align_words(given, after, rule.clean) if rule.joins_words else align_normalized(given, rule.clean)
        pieces = _aligned_pieces(aligned)
    runs = groupby(pieces, lambda piece: piece[0] != piece[1])
    joined = (tuple(map("".join, zip(*run, strict=True))) for is_changed, run in runs if is_changed)
    return [_without_common_ends(before, became) for before, became in joined]


def _aligned_pieces(alignment: Alignment) -> Iterator[tuple[str, str]]:
    """The given text in pieces, each with what stands for it; nothing stands for what was removed."""
    done = place = 0
    for (start, end), letters in groupby(alignment.spans):
        n_letters = sum(1 for _ in letters)
        if start > done:
            yield alignment.given[done:start], ""
        yield alignment.given[start:end], alignment.cleaned[place : place + n_letters]
        place += n_letters
        done = max(done, end)
    if done < len(alignment.given):
        yield alignment.given[done:], ""


def _without_common_ends(before: str, after: str) -> tuple[str, str]:
    shorter = min(len(before), len(after))
    first = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    most = shorter - first
    last = next((place for place in range(most) if before[-1 - place] != after[-1 - place]), most)
    return before[first : len(before) - last], after[first : len(after) - last]
