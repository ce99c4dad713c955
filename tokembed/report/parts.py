"""What a page is made of: plain text in the order in which it is shown; escaping is the template's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tokembed.types import Span


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the grid.

    Attributes:
        span: where it stands in the text as given.
        number: its place among the page's distinct tokens.
        kind: unknown, special, bytes (a part of a character), or nothing.
    """

    text: str
    span: Span
    number: int
    kind: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A text under one tokenizer, which is `of`: its place among the page's; tokens by word."""

    of: int
    name: str
    words: Sequence[Sequence[Token]]


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A text under one embedder, which reads what the tokenizer `of` cuts.

    Attributes:
        words: of each its kind, its nearest word, and whether it has a vector.
    """

    of: int
    name: str
    words: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; the first cell of each names it. `of` has the place of each row's tokenizer, if it has one."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    of: Sequence[int | None] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A text in a picture, and where its middle is."""

    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Shade:
    """Cells of a picture that have the same color: above zero or below, how strongly (0..1), and their SVG path."""

    is_positive: bool
    strength: float
    path: str


@dataclass(frozen=True, slots=True)
class StateMap:
    """What a network carries, a column a token and a row a dimension; a cell of the shades is 1 x 1 in their paths."""

    name: str
    labels: Sequence[Label]
    shades: Sequence[Shade]
    cell_width: float
    cell_height: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Story:
    """How one method came to its result for a text: a table a step, named by what is done there, and pictures."""

    of: int
    summary: str
    steps: Sequence[Table]
    states: Sequence[StateMap] = ()


@dataclass(frozen=True, slots=True)
class TextPart:
    """One text of the page.

    Attributes:
        words: those that are drawn, each with where it stands in the text.
        notes: what is to be said below, such as words that are not drawn.
    """

    name: str
    words: Sequence[tuple[str, Span]]
    rows: Sequence[TokenRow]
    embedders: Sequence[VectorRow]
    numbers: Table
    notes: Sequence[str] = ()
    stories: Sequence[Story] = ()


@dataclass(frozen=True, slots=True)
class HeatCell:
    """The cosine of two texts and its percentile, written out, and how strongly it is colored, as a style's name."""

    cosine: str
    percentile: str
    color: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How similar texts are under one embedder, a row a text."""

    of: int
    name: str
    texts: Sequence[str]
    rows: Sequence[Sequence[HeatCell]]


@dataclass(frozen=True, slots=True)
class Dot:
    """A word in the picture: where its dot is, and where its label begins."""

    word: str
    x: float
    y: float
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class WordMap:
    """Words as points of a plane; `how` says how they were found, `n_left_out` how many more there were."""

    of: int
    name: str
    how: str
    width: int
    height: int
    dots: Sequence[Dot]
    n_left_out: int


@dataclass(frozen=True, slots=True)
class Page:
    """All of it.

    Attributes:
        tokenizers: their names; everything's `of` is a place among them.
        texts, totals: the grids, and the numbers of all texts.
        heat_maps, pairs, disagreement, word_pairs, word_notes, maps: what embedders say, as far as there are any.
        tokens: of the distinct tokens what is told when one is looked at, as `tokens.Told` has it.
    """

    title: str
    tokenizers: Sequence[str]
    texts: Sequence[TextPart]
    totals: Table
    tokens: dict[str, object]
    heat_maps: Sequence[HeatMap] = ()
    pairs: Table | None = None
    disagreement: str | None = None
    word_pairs: Table | None = None
    word_notes: Sequence[str] = ()
    maps: Sequence[WordMap] = field(default=())
