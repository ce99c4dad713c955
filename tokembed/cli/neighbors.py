"""`tokembed neighbors`: the nearest words, of several models side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokembed.cli import rows
from tokembed.cli.models import Count, Models, Opened, finish, opened_models, tell_about, tell_if_fewer
from tokembed.cli.output import printable
from tokembed.cli.progress import progress
from tokembed.errors import at_least, one_of
from tokembed.types import Kind

if TYPE_CHECKING:
    from tokembed.asking.neighbors import Neighbors

    Found = Sequence[tuple[Opened, Neighbors]]  # of one word, a model each


def neighbors(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="The words whose neighbors are asked for.")],
    model: Models,
    k: Count = 10,
    form: rows.Form = "table",
) -> None:
    """Show the words with the highest cosine, and how far models agree.

    overlap@k is the share of words that two models' lists have in common.

    \b
    tokembed neighbors king queen -m glove.6B.50d.txt
    tokembed neighbors 홀로 -m word2vec-ko -m fasttext-ko -k 5
    tokembed neighbors king -m glove.6B.50d.txt -f tsv | cut -f 4
    """
    one_of("-f", form, rows.FORMS)
    at_least("-k", k, 1)

    from tokembed.asking import neighbors as library

    with progress("neighbors", things="rows") as line:
        models = opened_models(model, line.add)
        by_model = [library.neighbors(opened.search, list(dict.fromkeys(words)), k) for opened in models]
    for opened, found in zip(models, by_model, strict=True):
        tell_if_fewer(k, opened, [len(one.nearest) for one in found])
        tell_about(opened, [one.asked for one in found])
    by_word = [list(zip(models, found, strict=True)) for found in zip(*by_model, strict=True)]
    {"table": _print_tables, "jsonl": _print_json, "tsv": _print_tsv}[form](by_word)
    finish(one.asked.has_direction for found in by_model for one in found)


def _print_tables(by_word: Sequence[Found]) -> None:
    known = [[(model, one) for model, one in found if one.asked.has_direction] for found in by_word]
    for place, found in enumerate(block for block in known if block):
        print(("\n" if place else "") + printable(found[0][1].asked.word))
        cells, right = rows.side_by_side([(_head(model, one), one.nearest) for model, one in found], "cosine")
        rows.print_table(cells, right=right)
        for line in _overlap_lines(found):
            print(printable(line))


def _head(model: Opened, one: Neighbors) -> str:
    return f"{model.name} (by n-grams)" if one.asked.kind == Kind.NGRAMS else model.name


def _overlap_lines(found: Found) -> Iterator[str]:
    from tokembed.asking.neighbors import overlap

    for (model, one), (other, another) in combinations(found, 2):
        share = overlap(one.nearest, another.nearest)
        if share is not None:
            k = max(len(one.nearest), len(another.nearest))
            yield f"overlap@{k} of {model.name} and {other.name}: {share:.2f}{_not_in_both(model, one, other, another)}"


def _not_in_both(model: Opened, one: Neighbors, other: Opened, another: Neighbors) -> str:
    """How many neighbors the other model cannot have, as it lacks the words."""
    lacking = [
        (sum(hit.word not in there.search.vectors.terms for hit in neighbors.nearest), there.name)
        for there, neighbors in ((other, one), (model, another))
    ]
    told = [f"{n_words} not in {name}" for n_words, name in lacking if n_words]
    return f" ({', '.join(told)})" if told else ""


def _print_json(by_word: Sequence[Found]) -> None:
    for found in by_word:
        for model, one in found:
            rows.print_json(_record(model, one, [pair for pair in found if pair[0] is not model]))


def _record(model: Opened, one: Neighbors, others: Found) -> dict[str, Any]:
    from tokembed.asking.neighbors import overlap

    return {
        "word": one.asked.word,
        "model": model.name,
        "kind": rows.KINDS[one.asked.kind],
        "neighbors": [{"word": hit.word, "cosine": hit.score} for hit in one.nearest],
        "overlap": {other.name: overlap(one.nearest, another.nearest) for other, another in others},
    }


def _print_tsv(by_word: Sequence[Found]) -> None:
    rows.print_tsv(
        ("word", "model", "rank", "neighbor", "cosine", "kind"),
        [
            (one.asked.word, model.name, rank, hit.word, hit.score, rows.KINDS[one.asked.kind])
            for found in by_word
            for model, one in found
            for rank, hit in enumerate(one.nearest, start=1)
        ],
    )
