"""`tokembed tokenize`: texts become tokens."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from tokembed.cli import options
from tokembed.cli.inputs import Inputs
from tokembed.cli.progress import progress
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.coverage import count_tokens
from tokembed.errors import BadUsage
from tokembed.texts import blocks
from tokembed.token_formats import chosen_format, writing
from tokembed.types import Tokenizer
from tokembed.writers import check_target, whole


def tokenize(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    tokenizer: options.Tokenizers = None,
    form: Annotated[
        str | None, typer.Option("-f", "--format", metavar="text|ids|jsonl|parquet", help="What to write.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write; the suffix sets the format.")
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Print how many tokens there are, as wc does.")] = False,
    offsets: Annotated[
        bool, typer.Option("--offsets", help="With jsonl, parquet: where each token stands in the text.")
    ] = False,
    token_bytes: Annotated[
        bool, typer.Option("--bytes", help="With jsonl, parquet: each token's bytes in hex.")
    ] = False,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Cut texts into tokens, a line a text.

    \b
    tokembed tokenize notes.txt
    tokembed tokenize reviews.tsv --column document -t clip -f ids
    tokembed tokenize *.txt -t bert -t clip --count
    """
    tokenizers = made_tokenizers(
        tokenizer or ["bert"], special=special, parse_special=parse_special, unicode=unicode, lower=lower
    )
    chosen = chosen_format(form, out)
    _check(tokenizers, chosen, form, out, count=count, details=offsets or token_bytes)
    inputs = Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)
    if out:
        check_target(out, inputs.files)
    if count:
        _print_counts(inputs, tokenizers)
    else:
        with ExitStack() as opened, progress("tokenize") as line:
            file = opened.enter_context(whole(out)) if out else sys.stdout.buffer
            write = opened.enter_context(writing(chosen, file, offsets=offsets, token_bytes=token_bytes))
            for block in inputs.blocks():
                write(block, tokenizers)
                file.flush()  # whoever reads stdin's lines behind a pipe waits for them
                line.add(len(block))
    inputs.finish()


def _check(
    tokenizers: Mapping[str, Tokenizer], chosen: str, form: str | None, out: Path | None, *, count: bool, details: bool
) -> None:
    names = " ".join(tokenizers)
    if count and (form or out):
        raise BadUsage("--count prints numbers, it goes with neither -f nor -o")
    if len(tokenizers) > 1 and not count and chosen not in ("jsonl", "parquet"):
        raise BadUsage(f"several tokenizers need -f jsonl, -f parquet or --count, got {names} with -f {chosen}")
    if details and (count or chosen not in ("jsonl", "parquet")):
        raise BadUsage(
            f"--offsets and --bytes need -f jsonl or -f parquet, got {'--count' if count else f'-f {chosen}'}"
        )
    if chosen == "ids" and any(method.vocab is None for method in tokenizers.values()):
        raise BadUsage(f"-f ids needs a tokenizer with a vocabulary of its own, {names!r} has none; use -f text")


def _print_counts(inputs: Inputs, tokenizers: dict[str, Tokenizer]) -> None:
    """Print `count`, `count<TAB>path` or `count<TAB>tokenizer<TAB>path`: only what tells one number from another."""
    counts: list[tuple[str, dict[str, int]]] = []
    with progress("tokenize") as line:
        for source, texts in inputs.by_source():
            n_tokens = dict.fromkeys(tokenizers, 0)
            for block in blocks(texts):
                for name, method in tokenizers.items():
                    n_tokens[name] += count_tokens([text.text for text in block], method)
                line.add(len(block))
            if not inputs.failed(source):
                counts.append((source, n_tokens))
    is_one = len(inputs.sources) == 1
    for name in tokenizers:
        label = f"\t{name}" if len(tokenizers) > 1 else ""
        for source, n_tokens in counts:
            print(f"{n_tokens[name]}{label}" if is_one else f"{n_tokens[name]}{label}\t{source}")
        if not is_one:
            print(f"{sum(n_tokens[name] for _, n_tokens in counts)}{label}\ttotal")
