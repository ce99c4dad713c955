"""`tokembed explain`: how a text became tokens or vectors, step by step."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokembed import registry
from tokembed.cli import options, training
from tokembed.cli.inputs import Inputs
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.cli.traces import as_json, trace_lines
from tokembed.errors import BadUsage, one_of

if TYPE_CHECKING:
    from tokembed.models.model import Model
    from tokembed.traces.steps import Trace


def explain(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text or word to explain.")],
    files: options.Files = None,
    tokenizer: options.Tokenizers = None,
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "-e",
            "--embedder",
            metavar="NAME",
            help="An embedder: it learns from FILES, or is trained.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", metavar="MODEL", help="A model's folder or a file of vectors; may be repeated."),
    ] = None,
    settings: training.Settings = None,
    form: Annotated[str, typer.Option("-f", "--format", metavar="table|json", help="How to print it.")] = "table",
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Show how a text becomes tokens (-t) or vectors (-e, -m): each step with its numbers.

    \b
    tokembed explain "홀로서기 unaffable" -t bert -t clip
    tokembed explain 학교 -e tfidf wiki.txt.gz
    tokembed explain 학교를 -m ko-model
    """
    one_of("--format", form, ("table", "json"))
    cutting: dict[str, Any] = {"unicode": unicode, "lower": lower, "special": special, "parse_special": parse_special}
    is_cut = tokenizer is not None or any(value not in (False, "none") for value in cutting.values())
    traces: Iterable[Trace]
    inputs = None
    name = training.only_one("-e", embedder, "")
    if name and registry.find("embedder", name).is_trained:
        if files or model or settings or is_cut:
            raise BadUsage(f"-e {name} comes trained, with its tokenizer; leave FILES, -m, -t and --set out")
        traces = _read_by(text, name)
    elif name and not _is_recurrent(name, files, model):
        asked = Asked(text, name, settings, tokenizer, cutting, is_cut)
        if files or not model:
            inputs = Inputs(ctx, files, None, column=column, encoding=encoding, errors=errors)
        traces = [_embedding(asked, model, inputs)]
    elif files or settings:
        raise BadUsage("FILES and --set are for -e NAME, which learns from them; put TEXT in quotes, or add -e")
    elif model:
        if is_cut:
            raise BadUsage("-m looks up the words of TEXT as they are; add -e NAME to have TEXT cut, or leave -t out")
        in_order = _reading_in_order(model)
        traces = _looking_up(text, [name for name in model if name not in in_order])
        _print(traces, form, text, in_order)
        return
    else:
        traces = _tokenizing(text, tokenizer, cutting)
    _print(traces, form)
    if inputs is not None:
        inputs.finish()


def _is_recurrent(embedder: str, files: list[str] | None, models: list[str] | None) -> bool:
    """Whether `-m` names a recurrent model, which tells by itself what it is.

    Raises:
        BadUsage: it is one that is to be trained first.
    """
    method = registry.find("embedder", embedder)
    if method.output != "context" or method.is_trained:
        return False
    if files or not models:
        raise BadUsage(
            f"{embedder} takes long to train; train it with `tokembed train {embedder} FILES -o MODEL`, "
            "then explain with -m MODEL"
        )
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be embedded how: `cutting` are the settings of the tokenizer, `is_cut` tells whether any was given."""

    text: str
    embedder: str
    settings: list[str] | None
    tokenizer: list[str] | None
    cutting: dict[str, Any]
    is_cut: bool


def _tokenizing(text: str, names: list[str] | None, cutting: dict[str, Any]) -> list[Trace]:
    if not names:
        raise BadUsage(
            "explain must have -t TOKENIZER, -e EMBEDDER or -m MODEL; `tokembed methods` shows what there is"
        )
    flags = {flag: cutting[flag] for flag in ("special", "parse_special")}
    form = {name: cutting[name] for name in ("unicode", "lower")}
    tokenizers = made_tokenizers(names, **flags, unicode="none", lower=False)
    from tokembed.explain import cut_by

    return [cut_by(tokenizer, name, text, **form) for name, tokenizer in tokenizers.items()]


def _reading_in_order(models: list[str]) -> dict[str, Model]:
    """Those of the models that are recurrent."""
    from tokembed.cli.trace import recurrent_model

    return {name: model for name in models if (model := recurrent_model(name)) is not None}


def _looking_up(text: str, models: list[str]) -> Iterable[Trace]:
    from tokembed.cli import explaining

    return explaining.words_looked_up(text, models)


def _read_by(text: str, embedder: str) -> list[Trace]:
    from tokembed.cli import explaining

    return [explaining.read_by(text, embedder)]


def _embedding(asked: Asked, models: list[str] | None, inputs: Inputs | None) -> Trace:
    cutter = training.only_one("-t", asked.tokenizer, "whitespace")
    if models is None:
        chosen = training.embedder_settings(asked.embedder, {}, asked.settings)
    elif asked.settings:
        raise BadUsage("--set is for training, a model is trained already; leave it or -m out")
    elif inputs is not None and asked.embedder != "glove":
        raise BadUsage("-m is trained already, so FILES are not read; leave them or -m out")

    from tokembed.cli import explaining
    from tokembed.models.cutting import chosen_tokenizer

    if models is None:
        assert inputs is not None  # there are always some to learn from
        cutting = chosen_tokenizer(cutter, asked.cutting)
        return explaining.learned_now(asked.text, asked.embedder, chosen, cutting, inputs)
    given = chosen_tokenizer(cutter, asked.cutting) if asked.is_cut else None
    return explaining.learned_before(asked.text, asked.embedder, training.only_one("-m", models, ""), given, inputs)


def _print(traces: Iterable[Trace], form: str, text: str = "", in_order: dict[str, Model] | None = None) -> None:
    """Print the traces, and behind them how recurrent models read the text."""
    records, lines = _of_recurrent(text, in_order, form) if in_order else ([], [])
    if form == "json":
        print(json.dumps([*map(as_json, traces), *records], ensure_ascii=False, indent=1))
        return
    for place, trace in enumerate(traces):
        print(*([""] if place else []), *trace_lines(trace), sep="\n")
    for line in lines:
        print(line)


def _of_recurrent(text: str, in_order: dict[str, Model], form: str) -> tuple[list[dict[str, Any]], list[str]]:
    from tokembed.cli import trace

    if form == "json":
        return trace.trace_records([text], in_order), []
    return [], trace.trace_lines([text], in_order)
