"""ftfy's mojibake heuristic as a finite automaton, so that a kernel can ask it of every character.

ftfy touches a text's encoding only if `ftfy.badness.BADNESS_RE` matches somewhere in the segment. That expression is an
alternation of sequences of character sets, so it is turned into an automaton here, from the expression
itself: no set is copied by hand. Anything in it that this file does not know raises, at the building of the tables.

The states are sets of places in the alternatives; a character's class is which of the sets it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

N_CODE_POINTS = 0x110000
START_OF_SEGMENT, NOTHING_YET, BAD = 0, 1, 2
Members = NDArray[np.bool_]


class Automaton(NamedTuple):
    """A regular expression that is asked whether it matches anywhere.

    classes: the class of each code point, (0x110000,) uint8.
    steps: the next state, (n_states, n_classes) uint16. START_OF_SEGMENT is the first; in NOTHING_YET no alternative
        has begun; BAD is a match and is never left.
    members: which of the expression's sets have each class, (n_classes, n_sets) bool.
    """

    classes: NDArray[np.uint8]
    steps: NDArray[np.uint16]
    members: NDArray[np.bool_]


def automaton(pattern: re.Pattern[str]) -> Automaton:
    """The automaton of an alternation of sequences of sets, with ^ at a sequence's start and ? behind a set."""
    alternatives: list[tuple[bool, list[str]]] = [sets for branch in _branches(pattern) for sets in _sequences(branch)]
    keys = sorted({key for _, sets in alternatives for key in sets})
    membership = [_members(key) for key in keys]
    classes, in_class = _classes(membership)
    number = {key: k for k, key in enumerate(keys)}
    sequences: list[tuple[bool, list[int]]] = [
        (anchored, [number[key] for key in sets]) for anchored, sets in alternatives
    ]
    return Automaton(classes, _steps(sequences, in_class), in_class)


def _branches(pattern: re.Pattern[str]) -> list[list[Any]]:
    parsed = list(sre_parser.parse(pattern.pattern, pattern.flags))
    if len(parsed) != 1 or parsed[0][0] is not sre.BRANCH:
        raise ValueError("the expression is not a plain alternation")
    _, (_, branches) = parsed[0]
    return [list(branch) for branch in branches]


def _sequences(branch: list[Any]) -> Iterator[tuple[bool, list[str]]]:
    """The branch without ^ and ?: (whether ^ stood there, the sets as keys), once for each way to read the ?."""
    anchored = branch[0] == (sre.AT, sre.AT_BEGINNING)
    ways: list[list[str]] = [[]]
    for operator, argument in branch[anchored:]:
        if operator is sre.MAX_REPEAT:
            low, high, (item,) = argument
            if (low, high) != (0, 1):
                raise ValueError(f"{low}..{high} repetitions")
            ways += [[*way, _key(*item)] for way in ways]
        else:
            ways = [[*way, _key(operator, argument)] for way in ways]
    return ((anchored, way) for way in ways)


def _key(operator: Any, argument: Any) -> str:
    """A set as a string: the expression that stands for it alone."""
    if operator is sre.LITERAL:
        return f"[{_code(argument)}]"
    if operator is sre.NOT_LITERAL:
        return f"[^{_code(argument)}]"
    if operator is sre.ANY:
        return "."
    if operator is sre.IN:
        return "[" + "".join(map(_item, argument)) + "]"
    raise ValueError(f"the expression has {operator} in it")


def _item(item: tuple[Any, Any]) -> str:
    operator, argument = item
    if operator is sre.NEGATE:
        return "^"
    if operator is sre.LITERAL:
        return _code(argument)
    if operator is sre.RANGE:
        return f"{_code(argument[0])}-{_code(argument[1])}"
    known = {sre.CATEGORY_SPACE: r"\s", sre.CATEGORY_WORD: r"\w"}
    if operator is sre.CATEGORY and argument in known:
        return known[argument]
    raise ValueError(f"the expression has the set item {item}")


def _code(code_point: int) -> str:
    return rf"\U{code_point:08x}"


_ALL = "".join(map(chr, range(N_CODE_POINTS)))


def _members(key: str) -> Members:
    """Which code points a set has, (0x110000,)."""
    members = np.zeros(N_CODE_POINTS, np.bool_)
    for match in re.finditer(f"{key}+", _ALL):
        members[match.start() : match.end()] = True
    return members


def _classes(membership: list[Members]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Code points that are in the same sets, as one class: (class of each, sets of each class)."""
    marks = np.random.default_rng(0).integers(1, 1 << 62, len(membership), dtype=np.int64)
    signature = np.zeros(N_CODE_POINTS, np.int64)
    for mark, members in zip(marks, membership, strict=True):
        signature[members] ^= mark
    _, first, classes = np.unique(signature, return_index=True, return_inverse=True)
    if len(first) > 256:
        raise ValueError(f"{len(first)} classes of characters do not fit a byte")
    in_class = np.array([[members[place] for members in membership] for place in first])
    return classes.astype(np.uint8), in_class


def _steps(sequences: list[tuple[bool, list[int]]], in_class: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """All states that can be reached, a state being how far which sequences have come."""
    always = frozenset((k, 0) for k, (anchored, _) in enumerate(sequences) if not anchored)
    start = frozenset((k, 0) for k in range(len(sequences)))
    bad: frozenset[tuple[int, int]] = frozenset({(-1, -1)})
    states = {start: START_OF_SEGMENT, always: NOTHING_YET, bad: BAD}
    rows: list[list[int]] = []
    for state in (waiting := list(states)):
        row = []
        for sets in in_class:
            reached = set(always)
            for k, place in state if state != bad else ():
                if sets[sequences[k][1][place]]:
                    reached.add((k, place + 1))
            done = any(k >= 0 and place == len(sequences[k][1]) for k, place in reached)
            following = bad if done or state == bad else frozenset(reached)
            if following not in states:
                states[following] = len(states)
                waiting.append(following)
            row.append(states[following])
        rows.append(row)
    return np.array(rows, np.uint16)
