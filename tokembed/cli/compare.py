"""`tokembed compare`: the same text under several tokenizers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tokembed.cli import options
from tokembed.cli.grid import as_json, markdown_lines, table_lines
from tokembed.cli.inputs import Inputs
from tokembed.cli.progress import progress
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.compare import compare_texts
from tokembed.errors import at_least, one_of

DEFAULT = ("whitespace", "bert", "clip")


def compare(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    tokenizer: options.Tokenizers = None,
    form: Annotated[str, typer.Option("-f", "--format", metavar="table|json|md", help="What to print.")] = "table",
    limit: Annotated[int, typer.Option("--limit", help="How many texts to show; the totals are over all.")] = 5,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Show texts side by side under several tokenizers.

    \b
    tokembed compare -c "아침 먹고 학교를 갑니다"
    tokembed compare reviews.tsv --column document -t bert -t clip
    """
    one_of("-f", form, ("table", "json", "md"))
    at_least("--limit", limit, 0)
    tokenizers = made_tokenizers(
        tokenizer or list(DEFAULT), special=special, parse_special=parse_special, unicode=unicode, lower=lower
    )
    inputs = Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)
    with progress("compare") as line:
        comparison = compare_texts(inputs, tokenizers, limit=limit, progress=line.add)
    if form == "json":
        print(json.dumps(as_json(comparison), ensure_ascii=False, indent=1))
    else:
        lines = markdown_lines(comparison) if form == "md" else table_lines(comparison)
        for shown in lines:
            print(shown)
    inputs.finish()
