"""`tokembed explain`: where a word's vector comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tokembed.cli.output import printable, table, tell
from tokembed.errors import counted, one_of

if TYPE_CHECKING:
    from tokembed.vector_origin import VectorOrigin


def explain(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words to look up.")],
    models: Annotated[
        list[str],
        typer.Option("-m", "--model", metavar="MODEL", help="A model's folder or a file of vectors; may be repeated."),
    ],
    form: Annotated[str, typer.Option("-f", "--format", metavar="table|json", help="How to print it.")] = "table",
) -> None:
    """Show where a word's vector comes from: its row, its n-grams, how many of them were trained.

    \b
    tokembed explain 학교를 홀로서기에서 -m ko-model
    """
    one_of("--format", form, ("table", "json"))

    from tokembed.convert import read_vectors
    from tokembed.vector_origin import origin

    found = {name: read_vectors(name, notice=tell) for name in models}
    origins = [(name, origin(vectors, word)) for word in words for name, vectors in found.items()]
    if form == "json":
        rows = [{"model": name, **asdict(known), "kind": known.kind.name.lower()} for name, known in origins]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for place, (name, known) in enumerate(origins):
        print(*([""] if place else []), f"{printable(known.word)} in {printable(name)}", *_lines(known), sep="\n")


def _lines(known: VectorOrigin) -> list[str]:
    rows = [("vector", _spoken(known))]
    if known.row is not None:
        counted_ = "" if known.count is None else f", occurred {counted(known.count, 'time')}"
        rows.append(("row", f"{known.row:,}, rank {known.rank:,}{counted_}"))
    if known.norm is not None:
        rows.append(("norm", f"{known.norm:.4f}"))
    for label, is_trained in (("trained", True), ("not trained", False)):
        ngrams = [ngram.ngram for ngram in known.ngrams if ngram.is_trained == is_trained]
        if ngrams:
            rows.append((label, printable(" ".join(ngrams))))
    return ["  " + line for line in table(rows, right=[False, False])]


def _spoken(known: VectorOrigin) -> str:
    share = f"{known.n_trained} of {counted(len(known.ngrams), 'n-gram')} trained"
    if known.row is not None:
        return "its own" + (f", {share}" if known.ngrams else "")
    if known.norm is not None:
        return f"the mean of its n-grams: {share}"
    return "none" + (f": {share}" if known.ngrams else ": it is no word of the model")
