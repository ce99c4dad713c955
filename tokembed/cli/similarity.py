"""`tokembed similarity`: how close two words are, and whether that is much for the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tokembed.cli import rows
from tokembed.cli.models import Models, Opened, finish, opened_models, tell_about
from tokembed.cli.progress import progress
from tokembed.errors import one_of

if TYPE_CHECKING:
    from tokembed.asking.asked import Asked


@dataclass(frozen=True, slots=True)
class _Row:
    """One model's answer; no cosine where a word has no direction, no percentile where there are no random pairs."""

    model: str
    asked: list[Asked]
    cosine: float | None
    percentile: float | None


def similarity(
    first: Annotated[str, typer.Argument(metavar="A", help="A word.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    model: Models,
    form: rows.Form = "table",
) -> None:
    """Show two words' cosine, and how many percent of random pairs have a lower one.

    The pairs are 10,000 among the model's 20,000 most frequent words: a cosine of 0.7 is much in one model and
    little in another.

    \b
    tokembed similarity coffee tea -m glove.6B.50d.txt
    tokembed similarity 커피 홍차 -m word2vec-ko -m fasttext-ko
    """
    one_of("-f", form, rows.FORMS)
    with progress("similarity", things="rows") as line:
        models = opened_models(model, line.add)
        answers = [_row(opened, first, second) for opened in models]
    for opened, row in zip(models, answers, strict=True):
        tell_about(opened, row.asked)
    {"table": _print_table, "jsonl": _print_json, "tsv": _print_tsv}[form](answers)
    finish(row.cosine is not None for row in answers)


def _row(model: Opened, first: str, second: str) -> _Row:
    from tokembed.asking.asked import asked_words
    from tokembed.asking.percentiles import percentile, random_cosines
    from tokembed.asking.search import cosine

    vectors = model.search.vectors
    a, b = asked = asked_words(vectors, [first, second])
    if not (a.has_direction and b.has_direction):
        return _Row(model.name, asked, None, None)
    value = cosine(a.vector, b.vector)
    return _Row(model.name, asked, value, percentile(value, random_cosines(vectors)))


def _print_table(answers: list[_Row]) -> None:
    known = [row for row in answers if row.cosine is not None]
    if known:
        a, b = known[0].asked
        cells = [
            (row.model, f"{row.cosine:.3f}", "—" if row.percentile is None else f"{row.percentile:.2f}", *_kinds(row))
            for row in known
        ]
        rows.print_table(
            [("model", "cosine", "percentile", a.word, b.word), *cells], right=[False, True, True, False, False]
        )


def _kinds(row: _Row) -> list[str]:
    return [rows.KINDS[one.kind] for one in row.asked]


def _print_json(answers: list[_Row]) -> None:
    for row in answers:
        a, b = row.asked
        rows.print_json(
            {
                "a": a.word,
                "b": b.word,
                "model": row.model,
                "cosine": row.cosine,
                "percentile": row.percentile,
                "kinds": _kinds(row),
            }
        )


def _print_tsv(answers: list[_Row]) -> None:
    known = [row for row in answers if row.cosine is not None]
    rows.print_tsv(
        ("a", "b", "model", "cosine", "percentile", "kind_a", "kind_b"),
        [
            (*(one.word for one in row.asked), row.model, row.cosine, _or_empty(row.percentile), *_kinds(row))
            for row in known
        ],
    )


def _or_empty(value: float | None) -> object:
    return "" if value is None else value
