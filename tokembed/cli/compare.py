"""`tokembed compare`: the same text under several tokenizers and embedders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokembed import registry
from tokembed.cli import options
from tokembed.cli.grid import table_lines
from tokembed.cli.grid_json import as_json, as_records, as_text
from tokembed.cli.grid_markdown import markdown_lines
from tokembed.cli.inputs import Inputs
from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.compare.grids import Comparison, compare_texts, model_window
from tokembed.errors import BadUsage, at_least, one_of

if TYPE_CHECKING:
    from tokembed.compare.vectors import VectorComparison

DEFAULT = ("whitespace", "bert", "clip")
FORMATS = ("table", "json", "jsonl", "md")


def compare(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    tokenizer: options.Tokenizers = None,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", metavar="MODEL", help="A model's folder or a file of vectors; may be repeated."),
    ] = None,
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "-e",
            "--embedder",
            metavar="NAME",
            help="onehot or tfidf, fitted on the texts shown; bert or clip, trained.",
        ),
    ] = None,
    word: Annotated[
        str | None, typer.Option("--word", metavar="WORD", help="A word whose vectors in different texts are compared.")
    ] = None,
    form: Annotated[str, typer.Option("-f", "--format", metavar="|".join(FORMATS), help="What to print.")] = "table",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PAGE.html", help="Write a page for a browser instead.")
    ] = None,
    is_opened: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser; without -o it is a temporary file.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many texts to show; the totals are over all.")] = 5,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Show texts side by side under several tokenizers and embedders.

    \b
    tokembed compare -c "아침 먹고 학교를 갑니다"
    tokembed compare -c "배를 먹었다" -c "배를 탔다" -m wiki-model -e tfidf --word 배를
    tokembed compare reviews.tsv --column document -t bert -t clip
    tokembed compare -c "아침 먹고 학교를 갑니다" -o report.html
    """
    one_of("-f", form, FORMATS)
    at_least("--limit", limit, 0)
    if output is not None or is_opened:
        _check_page(output, form, [*(files or []), *(model or [])])
    fitted, pretrained = _embedders(list(dict.fromkeys(embedder or [])))
    models = list(dict.fromkeys(model or []))
    if word is not None and not (models or pretrained):
        raise BadUsage("--word compares a word's vectors, so it needs a model that has them; name one with -m")
    if word is not None and form == "jsonl":
        raise BadUsage("--word is about several texts, and -f jsonl has a line for each; use -f json")
    settings = {"special": special, "parse_special": parse_special, "unicode": unicode, "lower": lower}
    tokenizers = made_tokenizers(tokenizer or list(DEFAULT), **settings)  # type: ignore[arg-type]
    inputs = Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)
    windows = {name: model_window(name) for name in tokenizers}
    vectors, trained, learned, brought = None, [], [], {}
    with progress("compare") as line:
        if not (fitted or pretrained or models):
            comparison = compare_texts(inputs, tokenizers, limit=limit, windows=windows, progress=line.add)
        else:
            from tokembed.cli.compared import Cutters, embedder_rows, model_rows, pretrained_rows
            from tokembed.compare.vectors import compare_vectors

            cutters = Cutters(tokenizers, windows, list(tokenizers), settings)
            trained = [*model_rows(models, cutters), *pretrained_rows(pretrained, cutters)]
            brought = cutters.brought
            comparison = compare_texts(inputs, tokenizers, limit=limit, windows=windows, progress=line.add)
            learned = embedder_rows(fitted, comparison.grids, cutters)
            vectors = compare_vectors(comparison.grids, [*trained, *learned], tokenizers, word=word)
    if vectors is not None:
        _tell_of_pairs(comparison)
    if output is not None or is_opened:
        from tokembed.cli.page import Shown, write_page

        write_page(
            Shown(comparison, vectors, tokenizers, settings, brought, trained, learned), output, is_opened=is_opened
        )
    else:
        _print(form, comparison, vectors)
    inputs.finish()


def _check_page(output: Path | None, form: str, inputs: list[str]) -> None:
    """Raise before any work where a page cannot be written."""
    if form != "table":
        raise BadUsage(f"-f is what to print, and -o and --open make a page instead, got -f {form}; leave one out")
    if output is not None:
        if output.suffix.lower() != ".html":
            raise BadUsage(f"-o must end in .html, got {str(output)!r}")
        from tokembed.writers import check_target

        check_target(output, inputs)


def _embedders(names: list[str]) -> tuple[list[str], list[str]]:
    """Those that are fitted on the texts shown, and those that come trained.

    Raises:
        BadUsage: one is neither, as a few texts cannot train it.
    """
    methods = [registry.find("embedder", name) for name in names]
    for method in methods:
        if method.output != "texts" and not method.is_trained:
            raise BadUsage(
                f"-e must be onehot or tfidf, which are fitted on the texts shown, or bert or clip, which come "
                f"trained, got {method.name!r}; "
                f"train it with `tokembed train {method.name} FILES -o MODEL`, then show it with -m MODEL"
            )
    return [one.name for one in methods if not one.is_trained], [one.name for one in methods if one.is_trained]


def _tell_of_pairs(comparison: Comparison) -> None:
    from tokembed.compare.text_pairs import MOST_TEXTS

    if len(comparison.grids) > MOST_TEXTS:
        tell(f"pairs of texts are compared where at most {MOST_TEXTS} are shown, not {len(comparison.grids)}")


def _print(form: str, comparison: Comparison, vectors: VectorComparison | None) -> None:
    if form == "json":
        print(as_text(as_json(comparison, vectors), indent=1))
        return
    lines: dict[str, Any] = {"table": table_lines, "md": markdown_lines, "jsonl": _json_lines}
    for shown in lines[form](comparison, vectors):
        print(shown)


def _json_lines(comparison: Comparison, vectors: VectorComparison | None) -> Any:
    return map(as_text, as_records(comparison, vectors))
