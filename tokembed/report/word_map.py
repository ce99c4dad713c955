"""Words of the texts as points of a plane, by the vectors of one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.search import unit
from tokembed.compare.grids import Grid
from tokembed.compare.word_pairs import WordVectorRows
from tokembed.compare.word_rows import row_name
from tokembed.plot.projection import pca
from tokembed.report.parts import Dot, WordMap

MOST_WORDS = 60
_FEWEST_WORDS = 3
"""With fewer there is nothing to see."""
_WIDTH, _HEIGHT = 720, 440
_MARGIN = 70.0
_LETTER = 15.0  # the height of a label
_Box = tuple[float, float, float, float]


def word_map(grids: Sequence[Grid], rows: WordVectorRows, of: int) -> WordMap | None:
    """The first words that have a vector, each once; None where they are too few.

    Of an embedder that reads the texts, a word of several texts is several dots, all but the first with their texts.

    Args:
        of: the place of the model's tokenizer on the page.
    """
    vectors = _vectors(grids, rows)
    if len(vectors) < _FEWEST_WORDS:
        return None
    words = list(vectors)[:MOST_WORDS]
    points, how = pca(unit(np.stack([vectors[word] for word in words])))
    dots = _dots(words, _in_picture(points))
    return WordMap(of, row_name(rows.name, rows.tokenizer), how, _WIDTH, _HEIGHT, dots, len(vectors) - len(words))


def _vectors(grids: Sequence[Grid], rows: WordVectorRows) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for grid in grids:
        (row,) = [row for row in grid.rows if row.tokenizer == rows.tokenizer]
        for place, vector in enumerate(rows.word_vectors(row)):
            label = _label(grid, place, found if rows.is_contextual else {})
            if label not in found and vector.any():
                found[label] = vector
        if len(found) > 10 * MOST_WORDS:  # enough to tell that there are more
            break
    return found


def _label(grid: Grid, place: int, taken: Mapping[str, object]) -> str:
    word = grid.word(place)
    return f"{word} ({grid.text.id})" if word in taken else word


def _in_picture(points: NDArray[np.float64]) -> list[list[float]]:
    """The points in the picture, in its middle, both axes at the same scale."""
    size = np.array([_WIDTH, _HEIGHT], np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    spans = high - low
    scale = ((size - 2 * _MARGIN) / np.where(spans > 0, spans, np.inf)).max(initial=0)
    if (spans > 0).any():
        scale = ((size - 2 * _MARGIN)[spans > 0] / spans[spans > 0]).min()
    places: list[list[float]] = (size / 2 + (points - (low + high) / 2) * scale * [1, -1]).tolist()
    return places


def _dots(words: Sequence[str], places: Sequence[Sequence[float]]) -> list[Dot]:
    """Each label where it lies over as little else as can be: right, left, above or below its dot."""
    taken: list[_Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    dots = []
    for word, (x, y) in zip(words, places, strict=True):
        width = _LETTER * sum(1.0 if east_asian_width(letter) in "WF" else 0.6 for letter in word)
        tried = [
            (x + 7, y + 5), (x - 7 - width, y + 5), (x - width / 2, y - 9), (x - width / 2, y + _LETTER + 6),
            (x + 6, y - 6), (x - 6 - width, y - 6), (x + 6, y + _LETTER + 2), (x - 6 - width, y + _LETTER + 2),
        ]  # fmt: skip
        boxes = [(left, base - _LETTER, left + width, base + 3) for left, base in tried]
        best = min(range(len(tried)), key=lambda place: _covered(boxes[place], taken))
        taken.append(boxes[best])
        dots.append(Dot(word, round(x, 1), round(y, 1), round(tried[best][0], 1), round(tried[best][1], 1)))
    return dots


def _covered(box: _Box, taken: Sequence[_Box]) -> float:
    """How much of the taken boxes it lies over, and a whole picture where it leaves the picture."""
    left, top, right, bottom = box
    is_outside = left < 0 or top < 0 or right > _WIDTH or bottom > _HEIGHT
    covered = sum(
        max(0.0, min(right, other[2]) - max(left, other[0])) * max(0.0, min(bottom, other[3]) - max(top, other[1]))
        for other in taken
    )
    return covered + is_outside * _WIDTH * _HEIGHT
