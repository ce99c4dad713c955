"""`tokembed stats`: a corpus under several tokenizers in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tokembed.cli import options
from tokembed.cli.inputs import Inputs
from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.cli.stats_groups import Groups
from tokembed.cli.tokenizers import made_tokenizers
from tokembed.errors import BadUsage, one_of

if TYPE_CHECKING:
    from tokembed.cli.stats_report import Report
    from tokembed.stats.limits import NumberLimit
    from tokembed.stats.rows import Row

DEFAULT = ("whitespace", "bert", "clip")
_CROSSED = 5


def stats(
    ctx: typer.Context,
    files: options.Files = None,
    inline: options.Inline = None,
    tokenizer: options.Tokenizers = None,
    form: Annotated[
        str, typer.Option("-f", "--format", metavar="table|json|jsonl|md", help="What to print.")
    ] = "table",
    by: Annotated[
        str | None, typer.Option("--by", metavar="file|COLUMN", help="Numbers for each file, or value of a column.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="COLUMN", help="With --by a language: which text a row is.")
    ] = None,
    parallel: Annotated[
        list[str] | None,
        typer.Option("--parallel", metavar="LANG=FILE", help="The same texts in a language, line by line; repeated."),
    ] = None,
    base: Annotated[str, typer.Option("--base", metavar="LANG", help="What languages are measured against.")] = "eng",
    fail_if: Annotated[
        list[str] | None,
        typer.Option("--fail-if", metavar="LIMIT", help="End with status 5 where 'unk_chars>0.01' or so; repeated."),
    ] = None,
    unicode_forms: Annotated[
        bool, typer.Option("--unicode-forms", help="The same texts as NFC, NFD and NFKC as well.")
    ] = False,
    lens: Annotated[
        str | None, typer.Option("--lens", metavar="ko", help="Look at Korean words; on by itself over 20 % Hangul.")
    ] = None,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
) -> None:
    """Count texts under several tokenizers: tokens, what is unknown, how the vocabulary is used.

    \b
    tokembed stats notes.txt more.txt.gz --by file
    tokembed stats reviews.tsv --column document -t bert -t clip --fail-if 'unk_chars>0.01'
    tokembed stats --parallel eng=english.txt --parallel kor=korean.txt
    tokembed stats udhr.tsv --by code --key article --base eng
    """
    one_of("-f", form, ("table", "json", "jsonl", "md"))
    if lens is not None:
        one_of("--lens", lens, ("ko",))
    groups = Groups(files, inline, by=by, key=key, parallel=parallel)
    if unicode_forms and groups.are_asked:
        raise BadUsage("--unicode-forms is about all texts together, it goes with neither --by nor --parallel")
    tokenizers = made_tokenizers(
        tokenizer or list(DEFAULT), special=False, parse_special=False, unicode="none", lower=False
    )
    from tokembed.cli.stats_drawing import markdown_lines, table_lines
    from tokembed.cli.stats_report import Report, report_json, report_records
    from tokembed.cli.stats_tables import tables
    from tokembed.stats.limits import parsed_limit
    from tokembed.stats.rows import NUMBERS, corpus_stats

    limits = [parsed_limit(text, NUMBERS) for text in fail_if or ()]
    inputs = Inputs(ctx, groups.files, inline, column=column, encoding=encoding, errors=errors, others=groups.columns)
    with progress("stats", lambda: inputs.n_bytes, inputs.total_bytes()) as line:
        found = corpus_stats(
            groups.batches(inputs), tokenizers, group=groups.group, key=groups.key, forms=unicode_forms,
            progress=line.add,
        )  # fmt: skip
    report = Report.of(found, tokenizers, base=base if groups.are_languages else None, lens=lens, by_key=bool(key))
    if form == "json":
        print(json.dumps(report_json(report), ensure_ascii=False, indent=1))
    elif form == "jsonl":
        for record in report_records(report):
            print(json.dumps(record, ensure_ascii=False))
    else:
        for shown in markdown_lines(tables(report)) if form == "md" else table_lines(tables(report)):
            print(shown)
    _tell_hints(report, unicode_forms=unicode_forms)
    if _tell_crossed(report.rows, limits):
        raise typer.Exit(_CROSSED)
    inputs.finish()


def _tell_hints(report: Report, *, unicode_forms: bool) -> None:
    """Say what a reader should know before using the numbers."""
    if report.is_decomposed:
        more = "" if unicode_forms else "; --unicode-forms shows what that does"
        tell(f"{100 * (report.decomposed or 0):.1f} % of the words are decomposed (NFC makes them shorter){more}")


def _tell_crossed(rows: Iterable[Row], limits: Sequence[NumberLimit]) -> bool:
    """Whether any row crosses a limit; each that does is told, and each number that is not there."""
    is_crossed = False
    for row in rows:
        of = f"{row.tokenizer}, {row.group}" if row.group else row.tokenizer
        for limit in limits:
            value = getattr(row, limit.name)
            if value is None:
                tell(f"--fail-if {limit}: not checked, {of} has no {limit.name}")
            elif limit.is_crossed(value):
                tell(f"--fail-if {limit}: {of} has {limit.name} {value:.6g}")
                is_crossed = True
    return is_crossed
