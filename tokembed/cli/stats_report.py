"""All that `stats` found, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tokembed.stats.korean_lens import BY_ITSELF, KINDS, Lens, korean_lens
from tokembed.stats.parallel_text import Fairness, fairness, with_premiums
from tokembed.stats.rows import SEGMENTER, CorpusStats, Row
from tokembed.stats.unicode_forms import DECOMPOSED
from tokembed.types import Tokenizer


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found; `lens_is_asked` says that the lens is not on by itself."""

    rows: list[Row]
    forms: list[Row]
    fairness: list[Fairness]
    lens: Lens | None
    lens_is_asked: bool
    hangul: float | None
    decomposed: float | None

    @classmethod
    def of(
        cls,
        stats: CorpusStats,
        tokenizers: Mapping[str, Tokenizer],
        *,
        base: str | None,
        by_key: bool,
        lens: str | None,
    ) -> Report:
        """What the numbers say, with the languages' premiums where there is a base."""
        rows = stats.rows
        if base is not None:
            rows = with_premiums(rows, stats.counts.groups, base, by_key=by_key)
        is_on = lens is not None or (stats.hangul or 0) > BY_ITSELF
        return cls(
            rows,
            stats.forms,
            [] if base is None else fairness(rows, base),
            korean_lens(stats, tokenizers) if is_on else None,
            lens is not None,
            stats.hangul,
            stats.decomposed,
        )

    @property
    def is_decomposed(self) -> bool:
        """Whether the texts as given are."""
        return (self.decomposed or 0) >= DECOMPOSED


def report_json(report: Report) -> dict[str, Any]:
    """Everything, in one object."""
    return {
        "segmenter": SEGMENTER,
        "hangul": report.hangul,
        "decomposed": report.decomposed,
        "rows": [asdict(row) for row in report.rows],
        "unicode_forms": [_form(row) for row in report.forms],
        "fairness": [_fairness(one) for one in report.fairness],
        "lens": None if report.lens is None else _lens(report.lens),
    }


def report_records(report: Report) -> Iterator[dict[str, Any]]:
    """The same as records, each of which says what it is."""
    for row in report.rows:
        yield {"record": "row", **asdict(row)}
    for row in report.forms:
        yield {"record": "unicode_form", **_form(row)}
    for one in report.fairness:
        yield {"record": "fairness", **_fairness(one)}
    if report.lens is not None:
        about = _lens(report.lens)
        for lens_row in about.pop("rows"):
            yield {"record": "lens", **about, **lens_row}


def _form(row: Row) -> dict[str, Any]:
    fields = asdict(row)
    return {"form": fields.pop("group"), **fields}


def _fairness(one: Fairness) -> dict[str, Any]:
    ranked = [{"language": language, "premium": premium} for premium, language in one.ranked]
    return {**asdict(one), "ranked": ranked}


def _lens(lens: Lens) -> dict[str, Any]:
    rows = []
    for row in lens.rows:
        n_tokens = row.kinds.total()
        rows.append(
            asdict(row)
            | {
                "kinds": {kind: row.kinds[kind] for kind in KINDS},
                "shares": {kind: row.kinds[kind] / n_tokens if n_tokens else None for kind in KINDS},
                "parts": dict(row.parts.most_common()),
            }
        )
    return {
        "n_words": lens.n_words,
        "n_distinct": lens.n_distinct,
        "n_sampled": lens.n_sampled,
        "borders": lens.borders,
        "rows": rows,
    }
