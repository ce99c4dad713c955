"""`tokembed tokenize`: texts become tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tokembed.cli import options
from tokembed.cli.folders import folder_format, is_folder, write_folder
from tokembed.cli.inputs import Inputs
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.cli.tokens import print_counts, print_roundtrips, write_one
from tokembed.errors import BadUsage
from tokembed.inputs.bulk import BLOCK_BYTES
from tokembed.inputs.decoding import MAX_LINE
from tokembed.inputs.shards import Shard, parsed_shard
from tokembed.inputs.texts import STDIN
from tokembed.tokens.formats import Cutting, chosen_format
from tokembed.tokens.long_texts import Limit

_FIRST_BYTES = 1 << 14
"""Little, where someone may wait for the first line; the light path cuts it at once."""
_OF_SEVERAL = ("jsonl", "parquet")


def tokenize(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    tokenizer: options.Tokenizers = None,
    form: Annotated[
        str | None, typer.Option("-f", "--format", metavar="text|ids|jsonl|parquet|npy", help="What to write.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="PATH", help="Where to write; the suffix sets the format. FOLDER/: a file each."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="With -o FOLDER/: leave out what is complete and unchanged.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts of all texts.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", help="How many tokens a text may have, special ones included.")
    ] = None,
    on_long: Annotated[
        str,
        typer.Option("--on-long", metavar="error|truncate|window", help="What to do with a text that has more tokens."),
    ] = "error",
    stride: Annotated[
        int, typer.Option("--stride", help="With window: how many tokens it shares with the one before.")
    ] = 0,
    count: Annotated[bool, typer.Option("--count", help="Print how many tokens there are, as wc does.")] = False,
    check_roundtrip: Annotated[
        bool, typer.Option("--check-roundtrip", help="Print how many texts come back when their ids are decoded.")
    ] = False,
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
    max_line: options.MaxLine = MAX_LINE,
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Cut texts into tokens, a line a text.

    \b
    tokembed tokenize notes.txt
    tokembed tokenize reviews.tsv --column document -t clip -f ids
    tokembed tokenize *.txt -t bert -t clip --count
    tokembed tokenize wiki.txt --max-tokens 512 --on-long window --special -o wiki.npy
    """
    path, in_folder = (Path(out) if out else None), is_folder(out)
    chosen = folder_format(form) if in_folder else chosen_format(form, path)
    flags: dict[str, Any] = {"special": special, "parse_special": parse_special, "unicode": unicode, "lower": lower}
    cutting = Cutting(
        made_tokenizers(tokenizer or ["bert"], **flags),
        {name: value for name, value in flags.items() if value not in (False, "none")},
        offsets=offsets,
        token_bytes=token_bytes,
        limit=_limit(max_tokens, on_long, stride),
    )
    numbers = "--count" if count else "--check-roundtrip" if check_roundtrip else None
    _check_flags(cutting, numbers, form or out, both=count and check_roundtrip)
    _check_tokenizers(cutting, chosen, numbers)
    if resume and not in_folder:
        raise BadUsage("--resume goes with -o FOLDER/, an output for each input; a single output is made whole or not")
    inputs = Inputs(
        ctx,
        files,
        inline,
        column=column,
        encoding=encoding,
        errors=errors,
        max_line=max_line,
        first_bytes=BLOCK_BYTES if path else _FIRST_BYTES,
    )
    part = _shard(shard, inputs, cutting, chosen, in_folder=in_folder)
    if count:
        print_counts(inputs, cutting.tokenizers, part)
    elif check_roundtrip:
        print_roundtrips(inputs, cutting.tokenizers, part)
    elif path and in_folder:
        write_folder(inputs, chosen, cutting, path, resume=resume)
    else:
        write_one(inputs, chosen, cutting, path, part)
    inputs.finish()


def _limit(max_tokens: int | None, on_long: str, stride: int) -> Limit | None:
    if max_tokens is not None:
        return Limit(max_tokens, on_long, stride)
    if on_long != "error" or stride:
        raise BadUsage("--on-long and --stride need --max-tokens, there is none; add it")
    return None


def _check_flags(cutting: Cutting, numbers: str | None, output: str | None, *, both: bool) -> None:
    """Raise BadUsage where a flag that prints numbers comes with one about what is written."""
    if both:
        raise BadUsage("--count and --check-roundtrip print different numbers, got both; run it once for each")
    if numbers and output:
        raise BadUsage(f"{numbers} prints numbers, it goes with neither -f nor -o")
    if numbers and (cutting.offsets or cutting.token_bytes):
        raise BadUsage(f"--offsets and --bytes need -f jsonl or -f parquet, got {numbers}")
    if numbers and cutting.limit:
        raise BadUsage(f"--max-tokens says what is written, it does not go with {numbers}")


def _check_tokenizers(cutting: Cutting, chosen: str, numbers: str | None) -> None:
    """Raise BadUsage where the tokenizers cannot do what is asked."""
    names = " ".join(cutting.tokenizers)
    open_names = [name for name, tokenizer in cutting.tokenizers.items() if tokenizer.vocab is None]
    if open_names and numbers == "--check-roundtrip":
        raise BadUsage(f"--check-roundtrip needs tokenizers with a vocabulary of their own, {open_names[0]!r} has none")
    if numbers:
        return
    if len(cutting.tokenizers) > 1 and chosen not in _OF_SEVERAL:
        raise BadUsage(f"several tokenizers need -f jsonl, -f parquet or --count, got {names} with -f {chosen}")
    if (cutting.offsets or cutting.token_bytes) and chosen not in _OF_SEVERAL:
        raise BadUsage(f"--offsets and --bytes need -f jsonl or -f parquet, got -f {chosen}")
    if chosen == "ids" and open_names:
        raise BadUsage(f"-f ids needs a tokenizer with a vocabulary of its own, {names!r} has none; use -f text")
    if cutting.limit:
        if cutting.limit.on_long == "window" and chosen in ("text", "ids"):
            raise BadUsage(f"windows need a format that says whose they are: jsonl, parquet or npy, got -f {chosen}")
        for tokenizer in cutting.tokenizers.values():
            cutting.limit.room(tokenizer.frame)


def _shard(word: str | None, inputs: Inputs, cutting: Cutting, chosen: str, *, in_folder: bool) -> Shard | None:
    """The part that is asked for.

    Raises:
        BadUsage: it is no part, or cannot be had of these inputs or in this form.
    """
    if word is None:
        return None
    shard = parsed_shard(word)
    if STDIN in inputs.files:
        raise BadUsage("--shard needs inputs that can be read twice, stdin cannot be; write it to a file first")
    if in_folder:
        raise BadUsage("--shard is a part of all texts in one output, it does not go with -o FOLDER/")
    if chosen in ("parquet", "npy") and any(tokenizer.vocab is None for tokenizer in cutting.tokenizers.values()):
        names = " ".join(cutting.tokenizers)
        raise BadUsage(f"the ids of {names} depend on all texts, so --shard cannot go with -f {chosen}; use -f text")
    return shard
