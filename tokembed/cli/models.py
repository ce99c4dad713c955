"""The models a command asks: opening them, their names, and what is said about words that they lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tokembed.cli.output import tell
from tokembed.errors import counted

if TYPE_CHECKING:
    from tokembed.asking.asked import Asked
    from tokembed.asking.search import Search
    from tokembed.vectors import WordVectors

Models = Annotated[
    list[str],
    typer.Option("-m", "--model", metavar="MODEL", help="A model's folder or any file of vectors; may be repeated."),
]
Count = Annotated[int, typer.Option("-k", help="How many words to show.")]


@dataclass(frozen=True, slots=True)
class Opened:
    """A model, and the name it is shown with."""

    name: str
    search: Search


def opened_models(paths: Sequence[str], progress: Callable[[int], None]) -> list[Opened]:
    """The models in the order in which they are given.

    Args:
        progress: called with how many more rows are read.
    """
    from tokembed.asking.search import Search

    return [Opened(name, Search(_words(path, progress))) for name, path in zip(shown_names(paths), paths, strict=True)]


def _words(path: str, progress: Callable[[int], None]) -> WordVectors:
    from tokembed.convert import read_vectors
    from tokembed.vector_files.model_folder import is_model

    if Path(path).is_file() or is_model(Path(path)):
        return read_vectors(path, notice=tell, progress=progress)
    from tokembed.models.named import opened_words  # loads what transformers alone need

    return opened_words(path, notice=tell, progress=progress)


def shown_names(paths: Sequence[str]) -> list[str]:
    """The last part of each path, or the whole path where two end alike; the same path twice is numbered.

    >>> shown_names(["a/ko.vec", "b/en.vec", "a/en.vec", "a/ko.vec"])
    ['ko.vec', 'b/en.vec', 'a/en.vec', 'ko.vec (2)']
    """
    ends = Counter(Path(path).name for path in set(paths))
    names = [path if ends[Path(path).name] > 1 else Path(path).name or path for path in paths]
    return [
        f"{name} ({names[: place + 1].count(name)})" if name in names[:place] else name
        for place, name in enumerate(names)
    ]


def tell_about(model: Opened, asked: Iterable[Asked]) -> None:
    """A line on stderr for each word that the model lacks, or has in another form."""
    from tokembed.asking.asked import remark

    for word in {one.given: one for one in asked}.values():
        line = remark(word, model.search.vectors, model.name)
        if line is not None:
            tell(line)


def tell_if_fewer(k: int, model: Opened, n_shown: Iterable[int]) -> None:
    """Say where a model has fewer words to show than are asked for; of words that it lacks it shows none."""
    n_words = min((number for number in n_shown if number), default=k)
    if n_words < k:
        tell(f"-k is {k:,}, {model.name} has {counted(n_words, 'word')} to show; all of them are shown")


def finish(were_found: Iterable[bool]) -> None:
    """End with status 1 where nothing that was asked was found, with 3 where something was not."""
    found = list(were_found)
    if not all(found):
        raise typer.Exit(3 if any(found) else 1)
