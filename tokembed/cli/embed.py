"""`tokembed embed`: texts become vectors in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from tokembed import registry
from tokembed.cli import options, training
from tokembed.cli.inputs import Inputs
from tokembed.errors import BadUsage, one_of
from tokembed.types import OOVS, POOLS

LEVELS = ("text", "token", "vocab")


def embed(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    embedder: Annotated[
        list[str] | None,
        typer.Option("-e", "--embedder", metavar="NAME", help="An embedder to train on these texts first."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", metavar="MODEL", help="A trained model's folder, or a file of word vectors."),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--output", help="Where to write: .npy .npz .jsonl .parquet .vec")] = ...,  # type: ignore[assignment]
    tokenizer: training.Tokenizer = None,
    level: Annotated[
        str | None, typer.Option("--level", metavar="|".join(LEVELS), help="What gets a row.  [default: text]")
    ] = None,
    pool: Annotated[
        str, typer.Option("--pool", metavar="mean|max|sum|sif", help="How a text's vector is made of its tokens'.")
    ] = "mean",
    oov: Annotated[
        str, typer.Option("--oov", metavar="skip|zero|error", help="What to do with tokens without a vector.")
    ] = "skip",
    dim: training.Dim = None,
    window: training.Window = None,
    min_count: training.MinCount = None,
    epochs: training.Epochs = None,
    seed: training.Seed = None,
    workers: training.Workers = None,
    settings: training.Settings = None,
    ids: Annotated[bool, typer.Option("--ids", help="Write the texts' ids beside the vectors too.")] = False,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Write a vector for each text, token or word.

    \b
    tokembed embed reviews.csv -e tfidf -o reviews.npz
    tokembed embed reviews.csv -m wiki-model -o reviews.npy
    tokembed embed notes.txt -m glove.6B.50d.txt --lower --level token -o notes.parquet
    """
    given = {"dim": dim, "window": window, "min_count": min_count, "epochs": epochs, "seed": seed, "workers": workers}
    if bool(embedder) == bool(model):
        raise BadUsage("embed must have either -e NAME, to train on these texts, or -m MODEL; see `tokembed train`")
    level = level or ("vocab" if out.suffix.lower() == ".vec" else "text")
    one_of("--level", level, LEVELS)
    one_of("--pool", pool, POOLS)
    one_of("--oov", oov, OOVS)
    cutting: dict[str, Any] = {"unicode": unicode, "lower": lower, "special": special, "parse_special": parse_special}

    def inputs() -> Inputs:
        return Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)

    from tokembed.cli import embedding

    cutter = embedding.Cutter(training.only_one("-t", tokenizer, "") or None, cutting)
    wanted = embedding.Wanted(out, level, cast(Any, pool), cast(Any, oov), ids)
    if embedder:
        name = training.only_one("-e", embedder, "")
        registry.find("embedder", name)
        chosen = training.embedder_settings(name, cast(Any, given), settings)
        embedding.train_and_embed(wanted, name, chosen, cutter, inputs())
    else:
        if settings or any(value is not None for value in given.values()):
            raise BadUsage("options of training belong to -e or `tokembed train`, a model is trained already")
        name = training.only_one("-m", model, "")
        if level == "vocab" and (files or inline):
            raise BadUsage("--level vocab writes the words of the model, so it reads no texts; leave them out")
        embedding.embed_with(wanted, name, cutter, None if level == "vocab" else inputs())
