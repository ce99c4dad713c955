"""How similar texts are, as a square of colored cells for each embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tokembed.compare.text_pairs import Similarity, TextPair
from tokembed.compare.word_rows import row_name
from tokembed.report.parts import HeatCell, HeatMap

N_COLORS = 10
_NOTHING = "—"


def heat_maps(pairs: Sequence[TextPair], texts: Sequence[str], place: Callable[[str], int]) -> list[HeatMap]:
    """A square for each embedder; none where there are no pairs.

    Args:
        texts: their names. place: of a tokenizer on the page.
    """
    if not pairs:
        return []
    return [
        HeatMap(
            place(one.tokenizer),
            row_name(one.embedder, one.tokenizer),
            texts,
            _square({(pair.first, pair.second): pair.similarities[number] for pair in pairs}, len(texts)),
        )
        for number, one in enumerate(pairs[0].similarities)
    ]


def _square(similarities: dict[tuple[int, int], Similarity], n_texts: int) -> list[list[HeatCell]]:
    return [
        [
            HeatCell("", "", "self") if row == column else _cell(similarities[min(row, column), max(row, column)])
            for column in range(n_texts)
        ]
        for row in range(n_texts)
    ]


def _cell(one: Similarity) -> HeatCell:
    if one.cosine is None:
        return HeatCell(_NOTHING, "", "none")
    percentile = "" if one.percentile is None else f"{one.percentile:.0f}"
    return HeatCell(f"{one.cosine:.2f}", percentile, color(one.cosine))


def color(cosine: float) -> str:
    """The name of a style: `h0`..`h10` for 0..1, `below` for less.

    >>> color(0.84), color(1.0), color(-0.3)
    ('h8', 'h10', 'below')
    """
    return "below" if cosine < 0 else f"h{round(N_COLORS * min(cosine, 1.0))}"
