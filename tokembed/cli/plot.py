"""`tokembed plot`: words as points in a picture."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tokembed.cli.models import Models, finish, opened_models, tell_about
from tokembed.cli.output import printable, tell
from tokembed.cli.progress import progress
from tokembed.errors import BadUsage, NotAtHand, at_least, one_of
from tokembed.types import Kind

_METHODS = ("pca", "tsne", "umap")


def plot(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="The words to draw.")],
    model: Models,
    out: Annotated[Path, typer.Option("-o", "--output", help="Where to write: .svg .html .png")] = ...,  # type: ignore[assignment]
    n_neighbors: Annotated[
        int, typer.Option("--neighbors", metavar="N", help="Draw the N nearest words of each one too.")
    ] = 0,
    method: Annotated[
        str, typer.Option("--method", metavar="pca|tsne|umap", help="How vectors become points of a plane.")
    ] = "pca",
) -> None:
    """Draw words so that those with a high cosine are near each other, as far as a plane allows.

    \b
    tokembed plot king queen man woman -m glove.6B.50d.txt -o map.svg
    tokembed plot 학교 병원 -m word2vec-ko --neighbors 10 -o map.html
    """
    if len(model) > 1:
        raise BadUsage(f"plot takes one -m, got {' '.join(model)}; run it once for each")
    at_least("--neighbors", n_neighbors, 0)
    one_of("--method", method, _METHODS)
    if find_spec("matplotlib") is None:
        raise NotAtHand("plot needs the package 'matplotlib'; install it with: pip install 'tokembed[plot]'")

    from tokembed.asking.neighbors import neighbors
    from tokembed.plot import drawing as library
    from tokembed.plot.projection import project
    from tokembed.writers import check_target

    library.check_suffix(out)
    check_target(out, model)
    with progress("plot", things="rows") as line:
        (opened,) = opened_models(model, line.add)
        found = neighbors(opened.search, list(dict.fromkeys(words)), n_neighbors)
        dots, vectors = library.dots_of(opened.search, found)
        if dots:
            points, how = project(vectors, method)
            labels = [replace(dot, label=printable(dot.label)) for dot in dots]
            library.write_plot(out, points, labels, printable(f"{opened.name}: {how}"))
    tell_about(opened, [one.asked for one in found])
    if by_ngrams := [repr(one.asked.word) for one in found if one.asked.kind == Kind.NGRAMS]:
        tell(f"not among the words, so placed by their n-grams: {', '.join(by_ngrams)}")
    finish(one.asked.has_direction for one in found)
