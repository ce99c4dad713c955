"""`tokembed analogy`: A is to B as C is to which word?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tokembed.cli import rows
from tokembed.cli.models import Count, Models, Opened, finish, opened_models, tell_about, tell_if_fewer
from tokembed.cli.output import printable
from tokembed.cli.progress import progress
from tokembed.errors import at_least, one_of
from tokembed.types import Kind

if TYPE_CHECKING:
    from tokembed.asking.analogies import Analogy

    Found = list[tuple[Opened, Analogy]]

_METHODS = ("add", "mul")
_SCORES = {"add": "cosine", "mul": "score"}


def analogy(
    a: Annotated[str, typer.Argument(metavar="A", help="As in: man")],
    b: Annotated[str, typer.Argument(metavar="B", help="is to king")],
    c: Annotated[str, typer.Argument(metavar="C", help="as woman is to ?")],
    model: Models,
    k: Count = 10,
    method: Annotated[
        str, typer.Option("--method", metavar="add|mul", help="3CosAdd: the cosine with B - A + C; or 3CosMul.")
    ] = "add",
    include: Annotated[bool, typer.Option("--include", help="Let A, B and C be answers too.")] = False,
    form: rows.Form = "table",
) -> None:
    """Show which words C is to as A is to B.

    A, B and C themselves are left out, though one of them is often the nearest: see --include.

    \b
    tokembed analogy man king woman -m glove.6B.50d.txt
    tokembed analogy 한국 서울 일본 -m word2vec-ko --method mul --include
    """
    one_of("-f", form, rows.FORMS)
    one_of("--method", method, _METHODS)
    at_least("-k", k, 1)

    from tokembed.asking import analogies

    with progress("analogy", things="rows") as line:
        models = opened_models(model, line.add)
        found = [
            (opened, analogies.analogy(opened.search, (a, b, c), k, method=method, include=include))
            for opened in models
        ]
    for opened, one in found:
        tell_if_fewer(k, opened, [len(one.answers)])
        tell_about(opened, one.asked)
    {"table": _print_table, "jsonl": _print_json, "tsv": _print_tsv}[form](found, method)
    finish(_is_known(one) for _, one in found)


def _is_known(one: Analogy) -> bool:
    return all(asked.has_direction for asked in one.asked)


def _print_table(found: Found, method: str) -> None:
    known = [(opened, one) for opened, one in found if _is_known(one)]
    if known:
        a, b, c = (asked.word for asked in known[0][1].asked)
        print(printable(f"{a} : {b} = {c} : ?"))
        columns = [(f"{opened.name}{_by_ngrams(one)}", one.answers) for opened, one in known]
        cells, right = rows.side_by_side(columns, _SCORES[method])
        rows.print_table(cells, right=right)


def _by_ngrams(one: Analogy) -> str:
    words = [asked.word for asked in one.asked if asked.kind == Kind.NGRAMS]
    return f" ({', '.join(words)} by n-grams)" if words else ""


def _print_json(found: Found, method: str) -> None:
    for opened, one in found:
        a, b, c = (asked.word for asked in one.asked)
        rows.print_json(
            {
                "a": a,
                "b": b,
                "c": c,
                "model": opened.name,
                "method": method,
                "kinds": [rows.KINDS[asked.kind] for asked in one.asked],
                "answers": [{"word": hit.word, "score": hit.score} for hit in one.answers],
            }
        )


def _print_tsv(found: Found, method: str) -> None:
    rows.print_tsv(
        ("model", "method", "rank", "word", "score"),
        [
            (opened.name, method, rank, hit.word, hit.score)
            for opened, one in found
            for rank, hit in enumerate(one.answers, start=1)
        ],
    )
