"""What embedders say on a page: pairs of texts, maps of words, and how they came to their vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from tokembed.cli.grid_rows import pair_rows, spoken_disagreement, spoken_same, word_pair_rows
from tokembed.cli.page_stories import MOST_TOKENS, MOST_WORDS, Teller, story
from tokembed.cli.trace import expectations, numbers, told_numbers
from tokembed.compare.context_rows import ContextRows
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.term_rows import corpus_of
from tokembed.compare.word_rows import row_name
from tokembed.explain import learning, looking_up, reading
from tokembed.report.heat import heat_maps
from tokembed.report.parts import Story, Table
from tokembed.report.states import MOST_TOKENS as STATES
from tokembed.report.states import state_map
from tokembed.report.tokens import RowOf
from tokembed.report.word_map import word_map

if TYPE_CHECKING:
    from tokembed.cli.page import Shown
    from tokembed.compare.grids import Grid, Row
    from tokembed.compare.vectors import VectorComparison
    from tokembed.compare.word_rows import TextRows
    from tokembed.embedders.recurrent import RecurrentEmbedder

_CARRIED = {"C": "the cell", "h": "the hidden state"}
"""What is carried on from token to token, by the equations' symbols; blue is above zero, orange below."""
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
    able = [one for one in shown.models if isinstance(one, StaticRows | ContextRows)]
    maps = [word_map(grids, one, place(one.tokenizer)) for one in able]
    return {
        "heat_maps": heat_maps(vectors.pairs, texts, place),
        "pairs": _table("Pairs of texts", pair_rows(vectors.pairs, texts), of_pairs),
        "disagreement": spoken_disagreement(vectors.disagreement, texts),
        "word_pairs": _table(f"{vectors.word} in several texts", word_pair_rows(vectors, texts), of_words),
        "word_notes": spoken_same(vectors, texts),
        "maps": [one for one in maps if one is not None],
    }


def _table(name: str, rows: Sequence[Sequence[str]], of: Sequence[int]) -> Table | None:
    return Table(name, rows[0], rows[1:], of) if of else None


def told_by_embedders(shown: Shown, place: Place) -> Teller:
    """How word vectors have those of a text's first tokens, how networks read it, and how others weigh them."""

    def tell(grid: Grid) -> Iterator[Story]:
        for one in shown.models:
            if isinstance(one, StaticRows):
                yield _looked_up(one, _row(grid, one.tokenizer), place(one.tokenizer))
            elif isinstance(one, ContextRows):
                yield (_walked if one.is_recurrent else _read)(one, grid, place(one.tokenizer))
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


def _walked(one: ContextRows, grid: Grid, of: int) -> Story:
    from tokembed.traces.states import trace  # loads torch, which a recurrent model has loaded

    found = trace(cast("RecurrentEmbedder", one.embedder), one.cutter, _beginning(grid))
    steps = [_step("what it expected, and what it expects next", expectations(found))]
    states = []
    for number, layer in enumerate(found.layers, start=1):
        named = f"layer {number}: " if len(found.layers) > 1 else ""
        steps.append(_step(f"{named}{told_numbers(layer)}", numbers(found, layer)))
        for symbol, what in _CARRIED.items():
            if symbol in layer:
                states.append(state_map(f"{named}{symbol}, {what}", found.tokens, layer[symbol]))
    return Story(of, f"How {row_name(one.name, one.tokenizer)} read it", steps, states)


def _read(one: ContextRows, grid: Grid, of: int) -> Story:
    trace = reading(one.embedder, one.cutter, _beginning(grid), one.name)
    return story(of, f"How {row_name(one.name, one.tokenizer)} read it", trace.steps)


def _beginning(grid: Grid) -> str:
    """The text up to the end of the last word that is told of."""
    return grid.text.text[: grid.words[:MOST_WORDS][-1][1]]


def _step(name: str, rows: Sequence[Sequence[str]]) -> Table:
    return Table(name, rows[0], rows[1 : 1 + STATES])


def _learned(shown: Shown, one: TextRows, grid: Grid, of: int) -> Story:
    corpus = corpus_of([_row(each, one.tokenizer).encoding for each in shown.comparison.grids])
    trace = learning(one.name, {}, grid.text.text, shown.tokenizers[one.tokenizer], corpus)
    return story(of, _summary(one), trace.steps)


def _summary(one: TextRows) -> str:
    return f"How {row_name(one.name, one.tokenizer)} came to its vectors"
