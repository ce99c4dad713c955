"""What embedders say on a page: pairs of texts, maps of words, and how they came to their vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tokembed.cli.grid_rows import pair_rows, row_name, spoken_disagreement, word_pair_rows
from tokembed.cli.page_stories import MOST_TOKENS, MOST_WORDS, Teller, story
from tokembed.explain import learning, looking_up
from tokembed.report.heat import heat_maps
from tokembed.report.parts import Story, Table
from tokembed.report.tokens import RowOf
from tokembed.report.word_map import word_map
from tokembed.static_rows import StaticRows
from tokembed.term_rows import corpus_of

if TYPE_CHECKING:
    from tokembed.cli.page import Shown
    from tokembed.compare import Grid, Row
    from tokembed.compare_vectors import VectorComparison
    from tokembed.word_rows import TextRows

Place = Callable[[str], int]
"""The place of a tokenizer on the page."""


def token_rows(models: Sequence[TextRows]) -> dict[str, dict[str, RowOf]]:
    """By tokenizer, the models with word vectors that read it, each with the row of a token."""
    found: dict[str, dict[str, RowOf]] = {}
    for one in models:
        if isinstance(one, StaticRows):
            found.setdefault(one.tokenizer, {})[one.name] = one.vectors.terms.ids.get
    return found


def similarities(shown: Shown, vectors: VectorComparison, texts: list[str], place: Place) -> dict[str, Any]:
    """What a page has of embedders, by the names of its attributes."""
    of_pairs = [place(one.tokenizer) for pair in vectors.pairs for one in pair.similarities]
    of_words = [place(pair.tokenizer) for pair in vectors.word_pairs]
    grids = shown.comparison.grids
    maps = [word_map(grids, one, place(one.tokenizer)) for one in shown.models if isinstance(one, StaticRows)]
    return {
        "heat_maps": heat_maps(vectors.pairs, texts, place),
        "pairs": _table("Pairs of texts", pair_rows(vectors.pairs, texts), of_pairs),
        "disagreement": spoken_disagreement(vectors.disagreement, texts),
        "word_pairs": _table(f"{vectors.word} in several texts", word_pair_rows(vectors, texts), of_words),
        "maps": [one for one in maps if one is not None],
    }


def _table(name: str, rows: Sequence[Sequence[str]], of: Sequence[int]) -> Table | None:
    return Table(name, rows[0], rows[1:], of) if of else None


def told_by_embedders(shown: Shown, place: Place) -> Teller:
    """How word vectors have those of a text's first tokens, and how what learned from the texts weighs them."""

    def tell(grid: Grid) -> Iterator[Story]:
        for one in shown.models:
            if isinstance(one, StaticRows):
                yield _looked_up(one, _row(grid, one.tokenizer), place(one.tokenizer))
        for one in shown.fitted:
            yield _learned(shown, one, grid, place(one.tokenizer))

    return tell


def _row(grid: Grid, tokenizer: str) -> Row:
    return next(row for row in grid.rows if row.tokenizer == tokenizer)


def _looked_up(one: StaticRows, row: Row, of: int) -> Story:
    encoding = row.encoding
    places = [place for places in row.by_word[:MOST_WORDS] for place in places]
    able = [place for place in places if not (encoding.unknown[place] or encoding.special[place])]
    tokens = list(dict.fromkeys(encoding.tokens[place] for place in able))[:MOST_TOKENS]
    traces = [looking_up(one.vectors, token, one.name) for token in tokens]
    return story(of, _summary(one), [step for trace in traces for step in trace.steps])


def _learned(shown: Shown, one: TextRows, grid: Grid, of: int) -> Story:
    corpus = corpus_of([_row(each, one.tokenizer).encoding for each in shown.comparison.grids])
    trace = learning(one.name, {}, grid.text.text, shown.tokenizers[one.tokenizer], corpus)
    return story(of, _summary(one), trace.steps)


def _summary(one: TextRows) -> str:
    return f"How {row_name(one.name, one.tokenizer)} came to its vectors"
