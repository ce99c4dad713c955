"""Word sets that vectors are judged by: pairs of words that people scored, and analogies of four words.

The sets by name are files of the installed gensim. What kind a file is, its content tells: `: section` lines or four
words a line make analogies, two words and a score make pairs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tokembed.errors import BadInput, BadUsage, NotAtHand, counted, did_you_mean
from tokembed.inputs.decoding import Decoder
from tokembed.inputs.opening import open_bytes
from tokembed.inputs.reading import Reading

NAMED = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt", "google": "questions-words.txt"}
"""The sets that have a name, and their files among gensim's."""

Line = tuple[int, str]
Question = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of words and what people scored each: the higher, the more alike."""

    name: str
    words: list[tuple[str, str]]
    scores: list[float]


@dataclass(frozen=True, slots=True)
class Analogies:
    """Questions by section: a is to b as c is to the fourth word; "" is the section of those before any is named."""

    name: str
    sections: dict[str, list[Question]]


WordSet = Pairs | Analogies


def read_word_set(name: str, *, reading: Reading | None = None) -> WordSet:
    """The set of that name, or of that file, which may be compressed.

    Args:
        reading: the encoding and what to do with lines that cannot be read; its column is not looked at.

    Raises:
        BadUsage: it is one word, and no set is called so, and no file.
        BadInput: there is no such file, it is no word set, or a line of it cannot be read.
        NotAtHand: gensim's files are not installed.
    """
    reading = reading or Reading()
    n_skipped_before = reading.n_skipped
    lines = list(_lines(path_of(name), reading))
    if not lines:
        raise BadInput(f"{name} must hold word pairs or analogies, found no line with either")
    word_set = _analogies(name, lines, reading) if _are_analogies(lines) else _pairs(name, lines, reading)
    if n_skipped := reading.n_skipped - n_skipped_before:
        reading.notice(f"{name}: left out as it cannot be read: {counted(n_skipped, 'line')}")
    return word_set


def path_of(name: str) -> str:
    """Where the set of that name is, or the name itself where it is a file's, as far as it looks.

    Raises:
        BadUsage: it is one word, and no set is called so, and no file.
        NotAtHand: gensim's files are not installed.
    """
    if name in NAMED:
        return str(_gensim_file(name))
    if not Path(name).exists() and Path(name).name == name and not Path(name).suffix:
        hint = did_you_mean(name, NAMED) or f"; the sets are {', '.join(NAMED)}"
        raise BadUsage(f"there is no word set and no file {name!r}{hint}")
    return name


def _gensim_file(name: str) -> Path:
    spec = find_spec("gensim")
    path = Path(spec.origin).parent / "test" / "test_data" / NAMED[name] if spec and spec.origin else None
    if path is None or not path.exists():
        raise NotAtHand(f"{name!r} needs the test data of the package 'gensim'; install it with: pip install gensim")
    return path


def _lines(path: str, reading: Reading) -> Iterator[Line]:
    """The lines with something on them and their numbers, comments left out."""
    with open_bytes(path, reading.count_bytes) as stream:
        decoder = Decoder(
            path,
            stream,
            encoding=reading.encoding,
            errors=reading.errors,
            notice=reading.notice,
            max_line=reading.max_line,
        )
        for number, line in decoder.lines():
            if line is None:
                reading.skip(number)
            elif line.strip() and not line.startswith("#"):
                yield number, line


def _are_analogies(lines: Sequence[Line]) -> bool:
    _, first = lines[0]
    _, second = lines[min(1, len(lines) - 1)]  # the first of a table may be a header
    words = second.split("\t") if "\t" in second else second.split()
    return first.startswith(":") or (len(words) == 4 and not any(_is_number(word) for word in words))


def _analogies(name: str, lines: Sequence[Line], reading: Reading) -> Analogies:
    sections: dict[str, list[Question]] = {}
    section = ""
    for number, line in lines:
        if line.startswith(":"):
            section = line[1:].strip()
            continue
        words = line.split()
        if len(words) != 4:
            reading.bad_row(name, number, f"an analogy must have four words, found {len(words)}")
            continue
        a, b, c, answer = words
        sections.setdefault(section, []).append((a, b, c, answer))
    if not sections:
        raise BadInput(f"{name} must hold at least one analogy, found sections alone")
    return Analogies(name, sections)


def _pairs(name: str, lines: Sequence[Line], reading: Reading) -> Pairs:
    fields_of = _splitter(lines[0][1])
    score_at = _score_place(fields_of(lines[0][1]))
    if score_at is None:  # it is the header
        lines = lines[1:]
        score_at = _score_place(fields_of(lines[0][1])) if lines else None
    if score_at is None:
        raise BadInput(
            f"{name} must hold two words and a score a line, or analogies of four words, found neither; "
            "for labelled texts name their columns with --column and --label"
        )
    words, scores = [], []
    for number, line in lines:
        fields = fields_of(line)
        if len(fields) <= score_at or not _is_number(fields[score_at]) or not (fields[0] and fields[1]):
            reading.bad_row(name, number, f"must have two words and a score, found {line.strip()[:60]!r}")
            continue
        words.append((fields[0], fields[1]))
        scores.append(float(fields[score_at]))
    if not words:
        raise BadInput(f"{name} must hold at least one pair of words, none of its lines can be read")
    return Pairs(name, words, scores)


def _splitter(line: str) -> Callable[[str], list[str]]:
    """What cuts lines into fields: at tabs, else at commas, else at white space, by what the first line has."""
    if "\t" in line:
        return lambda line: [field.strip() for field in line.split("\t")]
    if "," in line:
        return lambda line: [field.strip() for field in next(csv.reader([line], skipinitialspace=True))]
    return str.split


def _score_place(fields: Sequence[str]) -> int | None:
    """Which field is the score: the first behind the two words that is a number; SimLex-999 has others before it."""
    return next((place for place in range(2, len(fields)) if _is_number(fields[place])), None)


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False
