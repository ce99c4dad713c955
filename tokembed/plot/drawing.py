"""A picture of words as points: .svg with its text as text, the same in a page of its own, or .png."""

from __future__ import annotations

import html
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tokembed.asking.neighbors import Neighbors
from tokembed.asking.search import Search, unit
from tokembed.errors import BadUsage
from tokembed.plot.fonts import families
from tokembed.writers import write_together

SUFFIXES = (".svg", ".html", ".png")
_INCHES = (8.0, 6.0)
_POINTS_AN_INCH = 72
_PNG_DOTS_AN_INCH = 150
_ROOM_FOR = 30  # labels; with more of them the picture grows
_MOST_GROWTH = 4.0
_MARGIN = 0.12  # of each side, for labels
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe & Ito's, which also color-blind readers tell apart, without the yellow that is too light for text."""
_SAME_EACH_TIME: Any = {"svg.fonttype": "none", "svg.hashsalt": "tokembed"}
_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ margin: 1em; text-align: center }} svg {{ max-width: 100%; height: auto }}</style>
</head>
<body>
{svg}</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Dot:
    """A word in the picture: its label, the number of the word it was drawn for, and whether it is that word itself."""

    label: str
    group: int
    is_asked: bool = True


def dots_of(search: Search, found: Sequence[Neighbors]) -> tuple[list[Dot], NDArray[np.float32]]:
    """Each word that has a direction, then its neighbors, each word once; and their vectors with length 1, (n, dim)."""
    asked = [one for one in found if one.asked.has_direction]
    dots = {one.asked.word: Dot(one.asked.word, group) for group, one in enumerate(asked)}
    vectors = {one.asked.word: one.asked.vector for one in asked}
    for group, one in enumerate(asked):
        for hit in one.nearest:
            dots.setdefault(hit.word, Dot(hit.word, group, is_asked=False))
            vectors.setdefault(hit.word, search.vectors.matrix[hit.row])
    matrix = np.stack(list(vectors.values())) if asked else np.empty((0, search.vectors.dim), np.float32)
    return list(dots.values()), unit(matrix)


def check_suffix(path: Path) -> None:
    """Raise BadUsage where the file's suffix names no form of picture."""
    if path.suffix.lower() not in SUFFIXES:
        raise BadUsage(f"-o must end in {', '.join(SUFFIXES)}, got {str(path)!r}")


def write_plot(path: Path, points: NDArray[np.float64], dots: Sequence[Dot], caption: str) -> None:
    """Write the picture whole or not at all; the same words give the same bytes.

    Args:
        points: where each word is, (n, 2).
        dots: (n,); their labels and the caption have no control characters.

    Raises:
        BadUsage: the suffix names no form of picture.
        BadInput: the folder cannot be written.
        NotAtHand: for .png, no font has some of the characters.
    """
    check_suffix(path)
    drawn = {".svg": svg, ".html": page, ".png": png}[path.suffix.lower()](points, dots, caption)
    write_together({path: lambda file: file.write(drawn)})


def svg(points: NDArray[np.float64], dots: Sequence[Dot], caption: str) -> bytes:
    """The picture as SVG; whoever shows it finds the fonts."""
    file = BytesIO()
    with mpl.rc_context(_SAME_EACH_TIME), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # it is measured, not drawn
        figure = _figure(points, dots, caption)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": "tokembed", "Title": caption})
    return file.getvalue()


def page(points: NDArray[np.float64], dots: Sequence[Dot], caption: str) -> bytes:
    """The picture in an HTML page that needs no other file."""
    text = svg(points, dots, caption).decode()
    return _PAGE.format(title=html.escape(caption), svg=text[text.index("<svg") :]).encode()


def png(points: NDArray[np.float64], dots: Sequence[Dot], caption: str) -> bytes:
    """The picture as PNG.

    Raises:
        NotAtHand: no font has some of the characters.
    """
    file = BytesIO()
    with mpl.rc_context({"font.family": families([caption, *(dot.label for dot in dots)])}):
        figure = _figure(points, dots, caption)
        figure.savefig(file, format="png", dpi=_PNG_DOTS_AN_INCH, metadata={"Software": None})
    return file.getvalue()


def _figure(points: NDArray[np.float64], dots: Sequence[Dot], caption: str) -> Figure:
    size = np.array(_INCHES) * min(_MOST_GROWTH, max(1.0, (len(dots) / _ROOM_FOR) ** 0.5))
    figure = Figure(figsize=(float(size[0]), float(size[1])))
    axes = figure.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[])
    places = _in_picture(points, size * _POINTS_AN_INCH)
    axes.set_xlim(0, size[0] * _POINTS_AN_INCH)
    axes.set_ylim(0, size[1] * _POINTS_AN_INCH)
    font_sizes = [11 if dot.is_asked else 8 for dot in dots]
    boxes = _label_boxes(places, [dot.label for dot in dots], font_sizes, size * _POINTS_AN_INCH)
    for dot, place, box, font_size in zip(dots, places, boxes, font_sizes, strict=True):
        color = _COLORS[dot.group % len(_COLORS)]
        axes.plot(*place, "o", color=color, markersize=6 if dot.is_asked else 3.5)
        axes.text(box[0], box[1], dot.label, fontsize=font_size, color=color, va="bottom", parse_math=False)
    axes.text(6, 6, caption, fontsize=8, color="#555555", va="bottom", parse_math=False)
    return figure


def _in_picture(points: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points in points of the picture, in its middle, both axes at the same scale."""
    low, high = points.min(axis=0), points.max(axis=0)
    spans = np.where(high > low, high - low, np.inf)
    scale = ((1 - 2 * _MARGIN) * size / spans).min()
    if not np.isfinite(scale) or scale == 0:
        scale = 1.0
    places: NDArray[np.float64] = size / 2 + (points - (low + high) / 2) * scale
    return places


def _label_boxes(
    places: NDArray[np.float64], labels: Sequence[str], font_sizes: Sequence[int], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where each label stands, (n, 4) as left, bottom, right, top: beside its dot, over as little else as can be."""
    taken = np.concatenate([places - 3, places + 3], axis=1)  # the dots
    boxes = np.empty((len(labels), 4))
    for place, (label, font_size) in enumerate(zip(labels, font_sizes, strict=True)):
        width, height = _shown_width(label) * font_size, 1.3 * font_size
        x, y = places[place]
        lefts_bottoms = [
            (x + 5, y - height / 2),
            (x - 5 - width, y - height / 2),
            (x - width / 2, y + 4),
            (x - width / 2, y - 4 - height),
            (x + 4, y + 3),
            (x - 4 - width, y + 3),
            (x + 4, y - 3 - height),
            (x - 4 - width, y - 3 - height),
        ]
        tried = np.array([(left, bottom, left + width, bottom + height) for left, bottom in lefts_bottoms])
        boxes[place] = tried[_covered(tried, taken, size).argmin()]
        taken = np.concatenate([taken, boxes[place : place + 1]])
    return boxes


def _covered(boxes: NDArray[np.float64], taken: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of the taken boxes each box lies over; a whole picture more where it leaves the picture."""
    low = np.maximum(boxes[:, None, :2], taken[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], taken[None, :, 2:])
    is_outside = (boxes[:, :2] < 0).any(axis=1) | (boxes[:, 2:] > size).any(axis=1)
    area: NDArray[np.float64] = (high - low).clip(0).prod(axis=2).sum(axis=1) + is_outside * size.prod()
    return area


def _shown_width(label: str) -> float:
    """About how wide the label is, in heights of its font; close enough to keep labels apart."""
    return sum(1.0 if east_asian_width(character) in "WF" else 0.6 for character in label)
