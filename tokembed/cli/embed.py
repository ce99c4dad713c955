"""`tokembed embed`: texts become vectors in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tokembed import registry
from tokembed.cli import options
from tokembed.cli.inputs import Inputs
from tokembed.cli.output import percent, tell
from tokembed.cli.progress import progress
from tokembed.errors import BadUsage, counted

_NUMBER = int | None


def embed(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    embedder: Annotated[
        list[str], typer.Option("-e", "--embedder", metavar="NAME", help="An embedder. See `tokembed methods`.")
    ] = ...,  # type: ignore[assignment]
    out: Annotated[Path, typer.Option("-o", "--output", help="Where to write: .npy .npz .jsonl .parquet .vec")] = ...,  # type: ignore[assignment]
    tokenizer: Annotated[
        list[str] | None, typer.Option("-t", "--tokenizer", metavar="NAME", help="A tokenizer.  [default: whitespace]")
    ] = None,
    dim: Annotated[_NUMBER, typer.Option("--dim", help="Dimensions of a vector.")] = None,
    window: Annotated[_NUMBER, typer.Option("--window", help="How many tokens to each side are neighbors.")] = None,
    min_count: Annotated[_NUMBER, typer.Option("--min-count", help="Rarer tokens get no vector.")] = None,
    epochs: Annotated[_NUMBER, typer.Option("--epochs", help="How often the texts are gone through.")] = None,
    seed: Annotated[_NUMBER, typer.Option("--seed", help="The same seed gives the same vectors.")] = None,
    workers: Annotated[_NUMBER, typer.Option("--workers", help="Training threads.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other option of the embedder.")
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Write the texts' ids beside the vectors too.")] = False,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Write a vector for each text (.vec: each word).

    \b
    tokembed embed reviews.csv -e tfidf -o reviews.npz
    tokembed embed wiki.txt -e word2vec --lower --dim 200 -o words.vec
    """
    tokenizer_name, embedder_name = _only_one("-t", tokenizer or ["whitespace"]), _only_one("-e", embedder)
    method = registry.find("embedder", embedder_name)
    given = {"dim": dim, "window": window, "min_count": min_count, "epochs": epochs, "seed": seed, "workers": workers}
    chosen = registry.parsed(method, _settings(given, settings or []))
    cutting: dict[str, Any] = {"unicode": unicode, "lower": lower, "special": special, "parse_special": parse_special}
    inputs = Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)

    from tokembed import exports
    from tokembed.model import Model
    from tokembed.writers import check_target, sidecars, write_together

    exports.check_suffix(out, embedder=embedder_name, sparse=method.output == "texts", ids=ids)
    check_target(out, inputs.files)
    changed = {name: value for name, value in cutting.items() if value not in (False, "none")}
    model = Model(tokenizer_name, changed, embedder_name, chosen)
    with progress("embed") as line:
        corpus = model.read(inputs, progress=line.add)
        model.embedder.fit(corpus)
        vectors, coverage = model.text_vectors(corpus)
        record = {"inputs": inputs.record(), **model.record(corpus, coverage)}
        written = exports.files(out, model.embedder, vectors, corpus.text_ids) | exports.record_files(out, record)
        written |= exports.ids_files(out, corpus.text_ids) if ids else {}
        write_together(written, outdated=sidecars(out))
    _tell_what_is_left_out(record["coverage"], has_text_rows=out.suffix.lower() != ".vec")
    inputs.finish()


def _settings(given: dict[str, int | None], pairs: list[str]) -> dict[str, str]:
    settings = {name: str(value) for name, value in given.items() if value is not None}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadUsage(f"--set must be NAME=VALUE, got {pair!r}")
        if name in settings:
            raise BadUsage(f"{name} must be given once, got {settings[name]} and {value}")
        settings[name] = value
    return settings


def _only_one(option: str, names: list[str]) -> str:
    if len(names) > 1:
        raise BadUsage(f"embed takes one {option}, got {' '.join(names)}; run it once for each")
    return names[0]


def _tell_what_is_left_out(coverage: dict[str, int], *, has_text_rows: bool) -> None:
    n_tokens = coverage["tokens"]
    if missing := coverage.get("tokens_without_vector", 0):
        tell(f"without a vector: {missing:,} of {counted(n_tokens, 'token')} ({percent(missing / n_tokens)})")
    if unknown := coverage["unknown_tokens"]:
        characters = percent(coverage["unknown_characters"] / coverage["characters"])
        tell(f"unknown: {unknown:,} of {counted(n_tokens, 'token')}, {characters} of the characters")
    if has_text_rows and (empty := coverage["texts_without_vector"]):
        tell(f"without a vector, so rows of zeros: {counted(empty, 'text')}")
