"""`tokembed embed`: texts become vectors in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from tokembed import registry
from tokembed.cli import options, training
from tokembed.cli.inputs import Inputs
from tokembed.cli.output import tell
from tokembed.errors import BadUsage, one_of
from tokembed.types import OOVS

LEVELS = ("text", "word", "token", "vocab")
ALL_POOLS = ("mean", "max", "sum", "sif", "last", "cls", "eos")
"""Of word vectors the first four; of models that read in order each has its own."""


def embed(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "-e",
            "--embedder",
            metavar="NAME",
            help="An embedder to train on these texts first; bert, clip are trained.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--model",
            metavar="MODEL",
            help="A trained model's folder, a file of word vectors, or a transformer's folder or hub name.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--output", help="Where to write: .npy .npz .jsonl .parquet .vec")] = ...,  # type: ignore[assignment]
    tokenizer: training.Tokenizer = None,
    level: Annotated[
        str | None, typer.Option("--level", metavar="|".join(LEVELS), help="What gets a row.  [default: text]")
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(
            "--pool",
            metavar="|".join(ALL_POOLS),
            help="How a text's vector is made of its tokens'.  [default: mean; eos for clip]",
        ),
    ] = None,
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
    layer: Annotated[
        int | None, typer.Option("--layer", help="Of a transformer: whose vectors, 0 for its look-up table's.")
    ] = None,
    on_long: Annotated[
        str | None,
        typer.Option(
            "--on-long",
            metavar="truncate|error|window",
            help="What to do with texts that a transformer cannot take whole.  [default: truncate]",
        ),
    ] = None,
    batch_tokens: Annotated[
        int | None, typer.Option("--batch-tokens", help="Tokens that a transformer reads at a time.  [default: 4096]")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="auto|cpu|cuda", help="Where a transformer runs.  [default: auto]")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep finished parts beside OUT, and go on from those that are there.")
    ] = False,
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
    tokembed embed notes.txt -e bert --level word -o notes.parquet
    """
    given = {"dim": dim, "window": window, "min_count": min_count, "epochs": epochs, "seed": seed, "workers": workers}
    if embedder and model:
        raise BadUsage("embed must have one of -e, to train on these texts, and -m, which is trained, got both")
    if not (embedder or model):
        raise BadUsage("embed must have -e NAME, to train on these texts, or -m MODEL, which is trained; got neither")
    level = level or ("vocab" if out.suffix.lower() == ".vec" else "text")
    one_of("--level", level, LEVELS)
    one_of("--pool", pool or "mean", ALL_POOLS)
    one_of("--oov", oov, OOVS)
    cutting: dict[str, Any] = {"unicode": unicode, "lower": lower, "special": special, "parse_special": parse_special}

    def inputs() -> Inputs:
        return Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)

    from tokembed.cli import embedding
    from tokembed.models.model import trained_model
    from tokembed.models.named import is_transformer, opened
    from tokembed.tokens.long_texts import ON_LONG

    one_of("--on-long", on_long or "truncate", ON_LONG)
    cutter = embedding.Cutter(training.only_one("-t", tokenizer, "") or None, cutting)
    wanted = embedding.Wanted(out, level, pool, cast(Any, oov), ids, on_long or "truncate", resume)
    for_transformers = {"layer": layer, "batch_tokens": batch_tokens, "device": device}
    name = training.only_one("-e", embedder, "") or training.only_one("-m", model, "")
    is_trained = bool(embedder) and registry.find("embedder", name).is_trained
    if not is_trained and (embedder or not is_transformer(name)):
        for option, value in {**for_transformers, "on_long": on_long}.items():
            if value is not None:
                raise BadUsage(f"--{option.replace('_', '-')} is for transformers, {name} is none; leave it out")
    if embedder and not is_trained:
        chosen = training.embedder_settings(name, cast(Any, given), settings)
        embedding.train_and_embed(wanted, name, chosen, cutter, inputs())
    else:
        if any(value is not None for value in given.values()) or (
            settings and not (is_trained or is_transformer(name))
        ):
            raise BadUsage("options of training belong to -e or `tokembed train`, a model is trained already")
        if level == "vocab" and (files or inline):
            raise BadUsage("--level vocab writes the words of the model, so it reads no texts; leave them out")
        chosen = training.embedder_settings(name if is_trained else "bert", cast(Any, for_transformers), settings)
        if model and "model" in chosen:
            raise BadUsage("-m names the model, so --set model does not go with it; leave it out")
        found = trained_model(name, chosen) if is_trained else opened(name, notice=tell, settings=chosen)
        embedding.embed_with(wanted, found, name, cutter, None if level == "vocab" else inputs())
