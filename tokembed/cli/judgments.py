"""What vectors were judged to be, as tables, JSON Lines or TSV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tokembed.cli.output import percent, printable, table
from tokembed.errors import counted
from tokembed.evaluate.word_sets import Pairs, WordSet

if TYPE_CHECKING:
    from tokembed.evaluate.downstream import Verdict
    from tokembed.evaluate.judge import Coverage, Judgment
    from tokembed.evaluate.scores import Score

FORMATS = ("table", "jsonl", "tsv")
Record = dict[str, Any]
"""A score and all that belongs to it, by name; None for what there is not."""

_UNDEFINED = "—"
_TITLES = {
    "pairs": "Spearman of {things}; a pair with a missing word is dropped, scored zero, or given the mean",
    "questions": "share of {things} answered right (3CosAdd); one with a missing word is dropped, or wrong (zero)",
    "texts": "share of {held_out} held-out texts whose label was told, of {labels}, from {train} others",
}
_MEASURES = {"pairs": "Spearman", "questions": "accuracy", "texts": "accuracy"}


def of_judgment(word_set: WordSet, model: str, judgment: Judgment) -> Record:
    """The record of a score on a word set."""
    things = "pairs" if isinstance(word_set, Pairs) else "questions"
    kinds = {"section": judgment.section, "tokenizer": None, "way": judgment.way}
    return _record(word_set.name, model, things, kinds, judgment.score, judgment.coverage)


def of_verdict(source: str, model: str, tokenizer: str, verdict: Verdict) -> Record:
    """The record of a score on labelled texts."""
    kinds = {"section": None, "tokenizer": tokenizer, "way": None}
    record = _record(source, model, "texts", kinds, verdict.accuracy, verdict.coverage)
    low, share = record["low"], verdict.token_share
    notes = [
        *([] if share in (None, 1) else [f"{percent(share)} of the tokens are known"]),
        *([f"{counted(verdict.n_cut, 'text')} cut off at what the model takes"] if verdict.n_cut else []),
        *([] if verdict.converged else ["the regression has not converged"]),
        *(["not above the majority"] if low is not None and low <= verdict.majority else []),
    ]
    return record | {
        "token_coverage": share,
        "majority": verdict.majority,
        "train": verdict.n_train,
        "held_out": verdict.n_held_out,
        "labels": verdict.n_labels,
        "note": _joined([record["note"], *notes]),
    }


def _record(name: str, model: str, things: str, kinds: Record, score: Score, coverage: Coverage) -> Record:
    low, high = score.interval or (None, None)
    notes = [
        score.reason,
        "" if coverage.concludes else "cannot conclude: under half covered",
        f"{coverage.n_by_ngrams:,} by n-grams" if coverage.n_by_ngrams else "",
        f"{coverage.n_lower:,} in lower case" if coverage.n_lower else "",
    ]
    return {
        "set": name,
        "model": model,
        "measure": _MEASURES[things].lower(),
        **kinds,
        "score": score.value,
        "low": low,
        "high": high,
        "things": things,
        "covered": coverage.n_found,
        "of": coverage.n_all,
        "coverage": coverage.share,
        "concludes": coverage.concludes,
        "by_ngrams": coverage.n_by_ngrams,
        "lower_case": coverage.n_lower,
        "token_coverage": None,
        "majority": None,
        "train": None,
        "held_out": None,
        "labels": None,
        "note": _joined(notes),
    }


def _joined(notes: Sequence[str]) -> str:
    return "; ".join(note for note in notes if note)


def lines(records: Sequence[Record], form: str) -> Iterator[str]:
    """The records in one of FORMATS; jsonl and tsv hold every number in full."""
    if form == "jsonl":
        yield from (json.dumps(record, ensure_ascii=False) for record in records)
    elif form == "tsv":
        yield "\t".join(records[0])
        for record in records:
            yield "\t".join("" if value is None else printable(str(value)) for value in record.values())
    else:
        yield from _tables(records)


def _tables(records: Sequence[Record]) -> Iterator[str]:
    """A table for each set, with a line above it that says what it shows."""
    for place, (_, group) in enumerate(groupby(records, key=lambda record: record["set"])):
        of_set = list(group)
        first = of_set[0]
        things = first["things"]
        title = _TITLES[things].format(
            things=counted(first["of"], things[:-1]),
            held_out=f"{first['held_out'] or 0:,}",
            labels=counted(first["labels"] or 0, "label"),
            train=f"{first['train'] or 0:,}",
        )
        if place:
            yield ""
        yield f"{printable(first['set'])}: {title}"
        rows = {"pairs": _pair_rows, "questions": _question_rows, "texts": _text_rows}[things](of_set)
        yield from table(rows, right=[cell in _FLUSH_RIGHT for cell in rows[0]])


_FLUSH_RIGHT = ("Spearman", "accuracy", "dropped", "zero", "majority", "covered")


def _pair_rows(records: Sequence[Record]) -> list[list[str]]:
    rows = [["model", "way", "Spearman", "95 %", "covered", "note"]]
    for record in records:
        score = _UNDEFINED if record["score"] is None else f"{record['score']:.3f}"
        rows.append([record["model"], record["way"], score, _interval(record, ".3f"), _covered(record), record["note"]])
    return _shown(rows)


def _question_rows(records: Sequence[Record]) -> list[list[str]]:
    """A row a section; `mean`, which for shares is what `drop` is, needs no column of its own."""
    rows = [["model", "section", "dropped", "95 %", "zero", "95 %", "covered", "note"]]
    for _, group in groupby(records, key=lambda record: (record["model"], record["section"])):
        ways = {record["way"]: record for record in group}
        drop, zero = ways["drop"], ways["zero"]
        scores = [cell for record in (drop, zero) for cell in (percent(record["score"]), _interval(record, ".1%"))]
        section = "all" if drop["section"] is None else drop["section"] or "(none)"
        rows.append([drop["model"], section, *scores, _covered(drop), drop["note"]])
    return _shown(rows)


def _text_rows(records: Sequence[Record]) -> list[list[str]]:
    rows = [["model", "tokenizer", "accuracy", "95 %", "majority", "covered", "note"]]
    for record in records:
        accuracy = [percent(record["score"]), _interval(record, ".1%"), percent(record["majority"])]
        rows.append([record["model"], record["tokenizer"], *accuracy, _covered(record), record["note"]])
    return _shown(rows)


def _shown(rows: list[list[str]]) -> list[list[str]]:
    """The rows without what could disturb a terminal; a model's name only where it is not that of the row above."""
    names = [row[0] for row in rows]
    return [
        [printable(cell) for cell in ["" if place and row[0] == names[place - 1] else row[0], *row[1:]]]
        for place, row in enumerate(rows)
    ]


def _interval(record: Record, form: str) -> str:
    if record["low"] is None:
        return _UNDEFINED
    low, high = (format(record[end], form).removesuffix("%") for end in ("low", "high"))
    return f"{low} to {high}"


def _covered(record: Record) -> str:
    return f"{record['covered']:,} of {record['of']:,} ({percent(record['coverage'])})"
