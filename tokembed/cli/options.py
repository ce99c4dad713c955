"""Options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILES]...", help="Text files (.txt .jsonl .csv .tsv .parquet, compressed too), or - for stdin."
    ),
]
Inline = Annotated[list[str] | None, typer.Option("-c", metavar="TEXT", help="A text given here; may be repeated.")]
Tokenizers = Annotated[
    list[str] | None,
    typer.Option("-t", "--tokenizer", metavar="NAME", help="A tokenizer; may be repeated. See `tokembed methods`."),
]
Column = Annotated[
    str | None,
    typer.Option("--column", metavar="NAME", help="The column of a table that holds the texts.  [default: text]"),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="The encoding of all inputs; told from each one otherwise."),
]
Errors = Annotated[
    str,
    typer.Option("--errors", metavar="strict|replace|skip", help="What to do with bytes or rows that cannot be read."),
]
MaxLine = Annotated[
    int, typer.Option("--max-line", metavar="BYTES", help="A longer line is refused, or left out by --errors skip.")
]
UnicodeForm = Annotated[
    str, typer.Option("--unicode", metavar="none|nfc|nfd|nfkc", help="The Unicode form to bring every text to first.")
]
Lower = Annotated[bool, typer.Option("--lower", help="Put every text in lower case first.")]
Special = Annotated[bool, typer.Option("--special", help="Add the special tokens a model expects around a text.")]
ParseSpecial = Annotated[
    bool, typer.Option("--parse-special", help="Read strings like [MASK] in the text as special tokens.")
]
