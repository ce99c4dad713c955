"""`tokembed info`: what a model's folder or a file of word vectors holds."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from tokembed.cli.output import percent, printable, table, tell
from tokembed.cli.progress import sized
from tokembed.errors import counted, one_of
from tokembed.vector_files import WORDS_ALONE


def info(
    name: Annotated[str, typer.Argument(metavar="MODEL|VECTORS", help="A model's folder, or a file of word vectors.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that a model's files are as they were written.")
    ] = False,
    form: Annotated[str, typer.Option("-f", "--format", metavar="table|json", help="How to print it.")] = "table",
) -> None:
    """Tell what a model or a file of vectors holds, and what it was made with.

    \b
    tokembed info wiki-model --verify
    tokembed info glove.6B.50d.txt -f json
    """
    one_of("--format", form, ("table", "json"))

    from tokembed.models.info import about

    found = about(name, verify=verify, notice=tell)
    if form == "json":
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    rows = [(label, printable(value)) for label, value in _rows(found) if value]
    print(*table(rows, right=[False, False]), sep="\n")


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    dim = f" x {found['dim']}" if found["dim"] else ""
    ngrams = "" if found["trained_ngrams"] is None else f"{found['trained_ngrams']:,} trained n-grams"
    unknown = "counts not known" if dim and not found["counts"] else ""
    known = [counted(found["terms"], "word" if dim else "term") + dim, ngrams, unknown]
    rows = [
        ("name", found["name"]),
        ("holds", ", ".join(filter(None, known))),
        ("size", sized(found["bytes"]) if found["bytes"] is not None else ""),
        ("first", " ".join(found["first_terms"])),
    ]
    if "embedder" in found:
        rows += _made_with(found)
    return rows


def _made_with(found: dict[str, Any]) -> list[tuple[str, str]]:
    embedder = dict(found["embedder"])
    name = embedder.pop("name")
    rows = [("embedder", "none: converted from a file" if name == WORDS_ALONE else name), ("options", _named(embedder))]
    if found["tokenizer"] is not None:
        cutting = dict(found["tokenizer"])
        rows.append(("tokenizer", " ".join(filter(None, [cutting.pop("name"), _named(cutting)]))))
    if "corpus" in found:
        corpus, coverage = found["corpus"], found["coverage"]
        rows.append(("trained on", f"{counted(corpus['texts'], 'text')}, {counted(corpus['tokens'], 'token')}"))
        unknown = coverage["unknown_characters"] / coverage["characters"] if coverage["characters"] else None
        rows.append(
            ("unknown", f"{counted(coverage['unknown_tokens'], 'token')}, {percent(unknown)} of the characters")
        )
    if losses := found.get("losses"):
        rows.append(("loss", f"{losses[0]:.4f} in the first epoch, {losses[-1]:.4f} in the last"))
    if rates := found.get("learning_rates"):
        rows.append(("rates", ", ".join(f"{rate['learning_rate']} from step {rate['from_step']:,}" for rate in rates)))
    if init := found.get("init"):
        rows.append(("begun with", f"vectors of {init['terms_of_the_model']:,} of {counted(found['terms'], 'term')}"))
    if perplexity := found.get("perplexity"):
        shown = [f"{name} {perplexity[name]:,.1f}" for name in (found["embedder"]["name"], "bigram", "unigram")]
        rows.append(("perplexity", f"{', '.join(shown)} on {counted(perplexity['texts'], 'held-out text')}"))
    if curve := found.get("epoch_perplexities"):
        rows.append(("by epoch", ", ".join(f"{one:,.1f}" for one in curve)))
    if "versions" in found:
        rows.append(("made with", f"tokembed {found['tokembed']}, {_named(found['versions'])}"))
    rows.append(("files", "as they were written" if found["verified"] else "sizes checked; --verify checks their sums"))
    return rows


def _named(options: dict[str, Any]) -> str:
    return ", ".join(f"{name} {json.dumps(value).strip(chr(34))}" for name, value in options.items())
