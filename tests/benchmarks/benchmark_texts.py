"""The files that the benchmarks read: real text as it is, and as about 100 MB with its words shuffled.

Each is UTF-8 with a text on each line. The large form begins with the file as it is; in the copies behind it the words
of every line stand in another order, and the lines too, so that a repeated line is no help and a repeated word is.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGE = " 100 MB"  # what a file's name ends in
LARGE_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file to read, and what makes it easy or hard: how many words it has, and how many distinct ones."""

    name: str
    path: Path
    n_bytes: int
    n_texts: int
    n_words: int
    n_distinct: int

    @property
    def is_large(self) -> bool:
        return self.name.endswith(LARGE)

    def __str__(self) -> str:
        share = 100 * self.n_distinct / self.n_words
        return (
            f"{self.name}: {self.n_bytes / 1e6:.1f} MB, {self.n_texts:,} texts, {self.n_words:,} words, "
            f"{self.n_distinct:,} distinct ({share:.1f} %)"
        )


def text_files(data: Path, folder: Path, *, wanted: Callable[[str], bool], small: bool) -> Iterator[TextFile]:
    """Each file as it is, and, unless `small`, as about 100 MB; written to `folder` where they are not there yet."""
    for name, lines in SOURCES.items():
        large = name + LARGE
        if wanted(name):
            yield _written(name, folder, lambda lines=lines: "".join(lines(data)))
        if not small and wanted(large):
            yield _written(large, folder, lambda lines=lines: _repeated(lines(data)))


def _written(name: str, folder: Path, make: Callable[[], str]) -> TextFile:
    path = folder / f"{name.replace(' ', '_')}.txt"
    if not path.exists():
        path.write_bytes(make().encode())
    n_texts, n_words, distinct = 0, 0, set()
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            words = line.split()
            n_texts, n_words = n_texts + 1, n_words + len(words)
            distinct.update(words)
    return TextFile(name, path, path.stat().st_size, n_texts, n_words, len(distinct))


def _repeated(lines: list[str]) -> str:
    """The lines, and copies of them in another order with their words in another order, up to LARGE_BYTES."""
    shuffle = random.Random(0).shuffle
    copies = ["".join(lines)]
    n_copies = round(LARGE_BYTES / len(copies[0].encode()))
    words_of_lines = [line[:-1].split(" ") for line in lines]
    for _ in range(n_copies - 1):
        shuffle(words_of_lines)
        for words in words_of_lines:
            shuffle(words)
        copies.append("\n".join(map(" ".join, words_of_lines)) + "\n")
    return "".join(copies)


def _wiki(language: str) -> Callable[[Path], list[str]]:
    def lines(data: Path) -> list[str]:
        with gzip.open(data / f"{language}wiki_dev.txt.gz", "rt", encoding="utf-8", newline="\n") as file:
            return list(file)

    return lines


def _reviews(data: Path) -> list[str]:
    """The documents of nsmc, without their numbers and labels."""
    with gzip.open(data / "nsmc.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        next(file)
        return [line.split("\t")[1] + "\n" for line in file]


def _declarations(data: Path) -> list[str]:
    """The articles of the Universal Declaration of Human Rights in 521 languages, all languages mixed."""
    with gzip.open(data / "udhr_articles.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
        articles = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    lines = [article["text"] + "\n" for article in articles]
    random.Random(0).shuffle(lines)
    return lines


def _code(data: Path) -> list[str]:
    """Python and JavaScript sources, a line a text, indented as they are."""
    lines: list[str] = []
    with tarfile.open(data / "code_samples.tar.xz") as archive:
        for member in sorted(archive, key=lambda member: member.name):
            if member.name.endswith((".py", ".js")):
                lines += io.TextIOWrapper(archive.extractfile(member), encoding="utf-8", newline="\n")
    return [line if line.endswith("\n") else line + "\n" for line in lines]


SOURCES: dict[str, Callable[[Path], list[str]]] = {
    "enwiki": _wiki("en"),
    "kowiki": _wiki("ko"),
    "nsmc": _reviews,
    "udhr": _declarations,
    "code": _code,
}
