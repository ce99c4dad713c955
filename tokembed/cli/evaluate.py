"""`tokembed evaluate`: vectors judged by word sets and by labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tokembed import registry
from tokembed.cli import options
from tokembed.cli.judgments import FORMATS, Record, lines, of_judgment, of_verdict
from tokembed.cli.output import tell
from tokembed.cli.progress import Progress, progress
from tokembed.errors import BadUsage, one_of
from tokembed.evaluate.word_sets import NAMED, read_word_set
from tokembed.inputs.decoding import POLICIES, ErrorPolicy, checked_encoding
from tokembed.inputs.reading import Reading

if TYPE_CHECKING:
    from tokembed.types import ContextualEmbedder, TextEmbedder
    from tokembed.vectors import WordVectors

DEFAULT_TOKENIZER = "whitespace"
MEMORY = "memory"


def evaluate(
    models: Annotated[
        list[str] | None, typer.Option("-m", metavar="VECTORS", help="Word vectors to judge; may be repeated.")
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            metavar="NAME|FILE",
            help="Word sets, with commas between; with --label FILE is labelled texts; memory is of recurrent models.  "
            f"[default: {','.join(NAMED)}]",
        ),
    ] = None,
    column: options.Column = None,
    label: Annotated[
        str | None, typer.Option("--label", metavar="NAME", help="The column of a table that holds the labels.")
    ] = None,
    tokenizer: options.Tokenizers = None,
    embedder: Annotated[
        list[str] | None,
        typer.Option("-e", "--embedder", metavar="onehot|tfidf", help="Fitted on labelled texts; may be repeated."),
    ] = None,
    form: Annotated[str, typer.Option("-f", "--format", metavar="table|jsonl|tsv", help="What to print.")] = "table",
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
) -> None:
    """Judge word vectors: word similarity, analogies, labels of texts.

    \b
    tokembed evaluate -m glove.6B.50d.txt
    tokembed evaluate -m a.vec -m b.vec --on wordsim353,pairs.tsv
    tokembed evaluate -m a.vec -e tfidf --on reviews.tsv --column document --label label
    tokembed evaluate -m lstm-model --on memory
    """
    one_of("-f", form, FORMATS)
    one_of("--errors", errors, POLICIES)
    reading = Reading(
        column=column,
        encoding=checked_encoding(encoding) if encoding else None,
        errors=cast(ErrorPolicy, errors),
        notice=tell,
    )
    asked = list(dict.fromkeys(name for given in on or [",".join(NAMED)] for name in _names(given)))
    if MEMORY in asked:
        if len(asked) > 1:
            raise BadUsage(f"--on {MEMORY} stands alone, got {','.join(asked)}; run it once for each")
        from tokembed.cli.memory import evaluate_memory

        evaluate_memory(models or [], form)
        return
    tables = [name for name in asked if label and name not in NAMED]
    sets = [name for name in asked if name not in tables]
    _check(models, sets, tables, {"--column": column, "--label": label, "-t": tokenizer, "-e": embedder})
    for name in embedder or []:
        if registry.find("embedder", name).output != "texts":
            raise BadUsage(f"-e must be onehot or tfidf, got {name!r}; give its vectors with -m")
    for name in tokenizer or []:
        registry.find("tokenizer", name)

    with progress("evaluate", things="questions") as line:
        of_tables = [
            _on_labelled(table, label or "", models or [], tokenizer, embedder or [], reading) for table in tables
        ]
        of_sets = _on_word_sets(models or [], sets, reading, line) if sets else []
    records = [record for found in (of_sets, *of_tables) for record in found]
    for shown in lines(records, form):
        print(shown)


def _names(given: str) -> list[str]:
    """The names between the commas; one that has them itself is a file's."""
    return [given] if Path(given).exists() else [name for name in given.split(",") if name]


def _check(models: list[str] | None, sets: list[str], tables: list[str], given: dict[str, Any]) -> None:
    """Raise BadUsage where there is nothing to judge, or nothing that an option is about."""
    if not sets and not tables:
        raise BadUsage(f"--on must name a word set or a file; the sets are {', '.join(NAMED)}")
    for option, value in given.items():
        if value and not tables:
            raise BadUsage(f"{option} is about labelled texts: name their file with --on and the column with --label")
    if sets and not models:
        raise BadUsage(
            f"-m must name the vectors to judge on {', '.join(sets)}; only labelled texts can do with -e alone"
        )
    if not models and not given["-e"]:
        raise BadUsage("there must be vectors (-m) or an embedder (-e) to judge")


def _on_word_sets(models: list[str], names: list[str], reading: Reading, line: Progress) -> list[Record]:
    from tokembed.evaluate.judge import judge

    sets = [read_word_set(name, reading=reading) for name in names]
    by_set: list[list[Record]] = [[] for _ in sets]
    for model in models:  # one at a time is held
        vectors = _opened(model)
        for word_set, records in zip(sets, by_set, strict=True):
            judgments = judge(word_set, vectors, progress=line.add)
            records += [of_judgment(word_set, model, judgment) for judgment in judgments]
    return [record for records in by_set for record in records]


def _on_labelled(
    table: str,
    label: str,
    models: list[str],
    tokenizers: list[str] | None,
    embedders: list[str],
    reading: Reading,
) -> list[Record]:
    from tokembed.evaluate.downstream import (
        judge_in_context,
        judge_text_embedder,
        judge_word_vectors,
        read_labelled,
        split_task,
    )
    from tokembed.models.model import Model
    from tokembed.models.named import opened

    labelled = read_labelled(table, column=reading.column, label=label, reading=reading)
    tasks = {name: split_task(labelled, registry.tokenizer(name)) for name in tokenizers or [DEFAULT_TOKENIZER]}
    records = []
    for model in models:
        found = opened(model, notice=tell)
        if isinstance(found, Model):  # it is used with the tokenizer it was trained with
            own = {found.cutting.called: split_task(labelled, found.cutting.tokenizer)}
        else:
            own = tasks
        for name, task in own.items():
            if isinstance(found, Model) and found.is_contextual:
                verdict = judge_in_context(task, cast("ContextualEmbedder", found.embedder), found.cutting.tokenizer)
            else:
                vectors = found.word_vectors() if isinstance(found, Model) else found
                verdict = judge_word_vectors(task, vectors)
            records.append(of_verdict(table, model, name, verdict))
    for method in embedders:
        for name, task in tasks.items():
            embedder = cast("TextEmbedder", registry.embedder(method))
            records.append(of_verdict(table, method, name, judge_text_embedder(task, embedder)))
    return records


def _opened(model: str) -> WordVectors:
    from tokembed.models.named import opened_words

    return opened_words(model, notice=tell)
