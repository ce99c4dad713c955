"""What `stats` found as short tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokembed.cli.output import percent
from tokembed.cli.stats_drawing import Table
from tokembed.cli.stats_report import Report
from tokembed.errors import counted
from tokembed.stats.korean_lens import KINDS, Lens, LensRow
from tokembed.stats.parallel_text import Fairness
from tokembed.stats.rows import MANY, SEGMENTER, Row, share
from tokembed.stats.unicode_forms import AS_GIVEN

MOST_GROUPS = 20
"""Groups that are drawn; more would not be looked at, and -f json has them all."""
_ENDS = 10
_MARK = " *"
_N_PARTS = 5


def tables(report: Report) -> Iterator[Table]:
    """All tables that there is something to fill with."""
    names = list(dict.fromkeys(row.group for row in report.rows))
    shown = set(names[:MOST_GROUPS])
    rows = [row for row in report.rows if row.group in shown]
    left_out = []
    if len(names) > MOST_GROUPS:
        left_out = [f"{len(names) - MOST_GROUPS:,} more groups are not drawn; -f json and -f jsonl have them"]
    yield _texts_table(rows, left_out)
    yield _tokens_table(rows)
    yield _unknown_table(rows, report.rows)
    yield _vocabulary_table(rows)
    if report.fairness:
        yield _premium_table(report.fairness)
        yield _fairness_table(report.fairness)
    if report.forms:
        yield _forms_table(report.forms)
    if report.lens:
        yield from _lens_tables(report.lens, report)


def _texts_table(rows: Sequence[Row], notes: list[str]) -> Table:
    by_group = {row.group: row for row in rows}
    has_names = any(by_group)
    cells = [
        [*([name] if has_names else []), *(f"{n:,}" for n in (row.n_texts, row.n_words, row.n_chars, row.n_bytes))]
        for name, row in by_group.items()
    ]
    head = [*(["group"] if has_names else []), "texts", "words", "characters", "bytes"]
    legend = f"words: between {SEGMENTER}; characters: code points but for white space; bytes: all of the texts"
    return Table(head, cells, int(has_names), notes=[legend, *notes])


def _named(head: Sequence[str], rows: Sequence[Row], cells: list[list[str]], notes: list[str] | None = None) -> Table:
    """A table with the group, where there is one, and the tokenizer before the cells."""
    has_names = any(row.group for row in rows)
    names = [
        [*([row.group] if has_names else []), row.tokenizer + ("" if row.ranked else _MARK)] for row in rows
    ]  # fmt: skip
    return Table(
        [*(["group"] if has_names else []), "tokenizer", *head],
        [[*name, *values] for name, values in zip(names, cells, strict=True)],
        1 + has_names,
        _not_ranked(rows),
        notes=notes or [],
    )


def _tokens_table(rows: Sequence[Row]) -> Table:
    head = ["tokens", "per word", "chars/token", "bytes/token", "whole words", f"words in >{MANY}"]
    cells = [
        [
            f"{row.n_tokens:,}",
            *(_number(value) for value in (row.fertility, row.chars_per_token, row.bytes_per_token)),
            percent(row.whole_words),
            percent(row.words_in_many),
        ]
        for row in rows
    ]
    is_any = any(row.without_spaces for row in rows)
    notes = ["per word —: most letters are of a script without spaces"] if is_any else []
    return _named(head, rows, cells, notes)


def _unknown_table(rows: Sequence[Row], all_rows: Sequence[Row]) -> Table:
    head = ["unk. tokens", "unk. words", "unk. chars", "not UTF-8 alone", "texts beyond the window"]
    cells = [
        [*map(percent, (row.unk_tokens, row.unk_words, row.unk_chars, row.partial_tokens)), _beyond(row)]
        for row in rows
    ]  # fmt: skip
    reasons = [f"{_name(row)}: {row.reason}" for row in all_rows if row.reason]
    notes = []
    if reasons:
        more = f"; and {len(reasons) - _ENDS:,} more" if len(reasons) > _ENDS else ""
        notes = [f"* not ranked: {'; '.join(reasons[:_ENDS])}{more}"]
    return _named(head, rows, cells, notes)


def _beyond(row: Row) -> str:
    if row.window is None or row.n_beyond_window is None:
        return "—"
    return f"{row.n_beyond_window:,} ({percent(row.beyond_window)}) of {row.window}"


def _vocabulary_table(rows: Sequence[Row]) -> Table:
    head = ["vocabulary used", "of", "share", "Shannon efficiency", "Rényi 2.5"]
    cells = [
        [
            f"{row.vocab_used:,}",
            "—" if row.vocab_size is None else f"{row.vocab_size:,}",
            percent(share(row.vocab_used, row.vocab_size or 0)),
            _number(row.shannon_efficiency, 3),
            _number(row.renyi_efficiency, 3),
        ]
        for row in rows
    ]
    return _named(head, rows, cells)


def _premium_table(fairness: Sequence[Fairness]) -> Table:
    """The languages of each tokenizer in the order of their premium; only both ends of it where they are many."""
    n_ranked = max(len(one.ranked) for one in fairness)
    is_long = n_ranked > 2 * _ENDS
    places = range(_ENDS if is_long else n_ranked)
    rows = [[f"{place + 1}", *_ranked(fairness, place)] for place in places]
    if is_long:
        rows.append(["…", *[""] * (2 * len(fairness))])
        rows += [[f"last but {place}" if place else "last", *_ranked(fairness, ~place)] for place in reversed(places)]
    head = ["place", *(cell for one in fairness for cell in (one.tokenizer, ""))]
    return Table(head, rows, title=f"Premium: tokens over those of {fairness[0].base} on the same texts")


def _ranked(fairness: Sequence[Fairness], place: int) -> list[str]:
    """The language at a place, of each tokenizer, and its premium; below 0 counted from the last."""
    cells = []
    for one in fairness:
        is_there = -len(one.ranked) <= place < len(one.ranked)
        premium, language = one.ranked[place] if is_there else (None, "")
        cells += [language, _number(premium) if is_there else ""]
    return cells


def _fairness_table(fairness: Sequence[Fairness]) -> Table:
    rows = [
        [one.tokenizer, _number(one.gini, 3), f"{len(one.ranked):,}", f"{len(one.not_ranked):,}"] for one in fairness
    ]
    return Table(["tokenizer", "Gini", "languages ranked", "not ranked"], rows)


def _forms_table(rows: Sequence[Row]) -> Table:
    given = {row.tokenizer: row.n_tokens for row in rows if row.group == AS_GIVEN}
    rows = sorted(rows, key=lambda row: list(given).index(row.tokenizer))
    cells = [
        [
            row.tokenizer + ("" if row.ranked else _MARK),
            row.group,
            f"{row.n_tokens:,}",
            _number(share(row.n_tokens, given[row.tokenizer])),
            percent(row.unk_tokens),
            percent(row.unk_chars),
        ]
        for row in rows
    ]
    head = ["tokenizer", "form", "tokens", "× as given", "unk. tokens", "unk. chars"]
    return Table(head, cells, 2, _not_ranked(rows), title="Unicode forms")


def _not_ranked(rows: Sequence[Row]) -> frozenset[int]:
    return frozenset(place for place, row in enumerate(rows) if not row.ranked)


def _lens_tables(lens: Lens, report: Report) -> Iterator[Table]:
    on = "" if report.lens_is_asked else f", on by itself as {percent(report.hangul)} of the letters are Hangul"
    looked = f"all {lens.n_distinct:,} distinct words with Hangul, as often as they occur"
    if lens.n_sampled is not None:
        looked = f"{lens.n_sampled:,} drawn (seed 0) of {lens.n_words:,} words with Hangul"
    rows = [
        [row.tokenizer, *(percent(share(row.kinds[kind], row.kinds.total())) for kind in KINDS)] for row in lens.rows
    ]
    notes = [
        "tokens that are: the whole word; exactly its stem or its particles; syllables; one; a part of one; jamo; …",
        f"made of {looked}; borders from {lens.borders}",
    ]
    head = ["tokenizer", *(_KIND_NAMES.get(kind, kind) for kind in KINDS)]
    yield Table(head, rows, title=f"Korean lens{on}", notes=notes)
    head = ["tokenizer", "borders cut", "tokens/syllable", "entries with one", "in the window", "parts seen most"]
    yield Table(head, [_lens_numbers(row) for row in lens.rows])


_KIND_NAMES = {"eojeol": "whole", "border": "at border"}


def _lens_numbers(row: LensRow) -> list[str]:
    fit = row.syllables_in_window
    entries = "—" if row.n_with_syllable is None else f"{row.n_with_syllable:,} of {row.vocab_size:,}"
    return [
        row.tokenizer,
        percent(share(row.n_borders_cut, row.n_borders)),
        _number(share(row.kinds.total(), row.n_syllables)),
        entries,
        "—" if fit is None else counted(round(fit), "syllable"),
        " ".join(f"<{part}>" for part, _ in row.parts.most_common(_N_PARTS)) or "—",
    ]


def _name(row: Row) -> str:
    return f"{row.group}, {row.tokenizer}" if row.group else row.tokenizer


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"
