"""Pictures of words: the same bytes each time, text as text, and never boxes."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from sklearn.decomposition import PCA

from tests.conftest import Run
from tests.test_search import random_vectors
from tokembed.asking.search import unit
from tokembed.errors import BadUsage, NotAtHand
from tokembed.plot import drawing as plot
from tokembed.plot import fonts as plot_fonts
from tokembed.plot.projection import pca, project

LABELS = ["king", "학교", "$x^2$", "a<b&c"]
MISSING = "\U000f1234"  # for private use: no font has it


def drawn(labels: list[str]) -> tuple[np.ndarray, list[plot.Dot], str]:
    points = np.random.default_rng(0).standard_normal((len(labels), 2))
    return points, [plot.Dot(label, group) for group, label in enumerate(labels)], "x & y: PCA"


def test_pca_is_scikit_learns_but_for_signs() -> None:
    directions = unit(random_vectors(40).matrix)
    points, how = pca(directions)
    peer = PCA(2).fit(directions.astype(np.float64))
    np.testing.assert_allclose(np.abs(points), np.abs(peer.transform(directions)), atol=1e-6)
    assert how == f"PCA, {100 * peer.explained_variance_ratio_.sum():.1f} % of the variance"
    assert (points[np.abs(points).argmax(axis=0), [0, 1]] > 0).all()


@pytest.mark.parametrize("n_words", [1, 2, 3])
def test_few_words_have_points_too(n_words: int) -> None:
    points, _ = pca(unit(random_vectors(n_words, dim=1).matrix))
    assert points.shape == (n_words, 2)
    assert np.isfinite(points).all()
    assert plot.svg(points, [plot.Dot("a", 0)] * n_words, "") == plot.svg(points, [plot.Dot("a", 0)] * n_words, "")


def test_tsne_is_the_same_each_time() -> None:
    directions = unit(random_vectors(12).matrix)
    np.testing.assert_array_equal(project(directions, "tsne")[0], project(directions, "tsne")[0])
    with pytest.raises(BadUsage, match="needs at least 4 words, got 3; use --method pca"):
        project(directions[:3], "tsne")


def test_text_stays_text() -> None:
    picture = plot.svg(*drawn(LABELS))
    assert picture == plot.svg(*drawn(LABELS))
    texts = [element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [*LABELS, "x & y: PCA"]


def test_a_page_needs_no_other_file() -> None:
    page = plot.page(*drawn(LABELS)).decode()
    assert page.startswith("<!doctype html>")
    assert "<title>x &amp; y: PCA</title>" in page
    assert ">학교</text>" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page.replace('xlink:href="#', "").replace("rdf:", ""))


def font_with(folder: Path, characters: str) -> str:
    """A font file whose characters are all filled squares."""
    pen = TTGlyphPen(None)
    for place, at in enumerate([(0, 0), (0, 500), (500, 500), (500, 0)]):
        (pen.lineTo if place else pen.moveTo)(at)
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", *(f"u{ord(character):04X}" for character in characters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"u{ord(character):04X}" for character in characters})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2(usWeightClass=400)
    builder.setupPost()
    builder.save(folder / "squares.ttf")
    return str(folder / "squares.ttf")


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files of newly installed fonts; matplotlib forgets them afterwards."""
    installed: list[str] = []
    before = list(font_manager.fontManager.ttflist)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: installed)
    yield installed
    font_manager.fontManager.ttflist[:] = before
    font_manager.fontManager._findfont_cached.cache_clear()


def test_a_font_that_has_the_characters_is_looked_for(fonts: list[str], tmp_path: Path) -> None:
    with pytest.raises(
        NotAtHand, match=r"needs a font that has '\\U000f1234', none is installed; install one with: apt"
    ):
        plot.png(*drawn(["a", MISSING]))
    fonts.append(font_with(tmp_path, MISSING))
    assert plot_fonts.families(["a", MISSING]) == ["DejaVu Sans", "Squares"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each box it draws
        picture = plot.png(*drawn(["a", MISSING]))
    assert picture.startswith(b"\x89PNG")
    assert picture == plot.png(*drawn(["a", MISSING]))


def test_labels_do_not_lie_over_each_other() -> None:
    size = np.array([576.0, 432.0])
    places = np.array([[288.0, 216.0], [296.0, 217.0], [284.0, 222.0], [290.0, 208.0]])
    boxes = plot._label_boxes(places, ["prince", "princess", "학교", "queen"], [11] * 4, size)
    for place, box in enumerate(boxes):
        for other in boxes[:place]:
            assert (np.maximum(box[:2], other[:2]) >= np.minimum(box[2:], other[2:])).any()
    corner = plot._label_boxes(np.array([[570.0, 430.0]]), ["king"], [11], size)[0]
    assert (corner[:2] >= 0).all()
    assert (corner[2:] <= size).all()


def test_the_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("학교 1 0 0.2\n교실 0.9 0.1 0.1\nking 0 1 0\nqueen 0.1 1 0\n영 0 0 0\n", "utf-8")
    for name in ("a.svg", "b.svg"):
        done = run("plot", "학교", "king", "학교", "-m", "x.txt", "--neighbors", "1", "-o", name)
        assert (done.returncode, done.stdout) == (0, b"")
        assert b"tokembed" not in done.stderr  # matplotlib may say that it lists the fonts
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    shown = re.findall(r">([^<]+)</text>", (tmp_path / "a.svg").read_text("utf-8"))
    assert shown[:4] == ["학교", "king", "교실", "queen"]
    assert shown[4].startswith("x.txt: PCA, ")
    assert run("plot", "king", "queen", "-m", "x.txt", "-o", "c.png").returncode == 0
    done = run("plot", "king", "영", "-m", "x.txt", "-o", "d.html")
    assert (done.returncode, (tmp_path / "d.html").exists()) == (3, True)
    done = run("plot", "영", "-m", "x.txt", "-o", "e.svg")
    assert (done.returncode, (tmp_path / "e.svg").exists()) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-m", "x.txt", "-o", "a.svg"], 2, b"plot takes one -m, got x.txt x.txt; run it once for each"),
        (["-o", "a.pdf"], 2, b"-o must end in .svg, .html, .png, got 'a.pdf'"),
        (["-o", "x.txt"], 2, b"-o must end in"),
        (["-o", "a.svg", "--method", "tsn"], 2, b"did you mean 'tsne'?"),
        (["-o", "a.svg", "--method", "tsne"], 2, b"needs at least 4 words, got 2"),
        (["-o", "a.svg", "--neighbors", "-1"], 2, b"--neighbors must be at least 0"),
        (["-o", "no/a.svg"], 1, b"/no' to write 'a.svg' in; make it, or name another"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    run: Run, tmp_path: Path, arguments: list[str], status: int, message: bytes
) -> None:
    (tmp_path / "x.txt").write_text("king 0 1\nqueen 0.1 1\n")
    done = run("plot", "king", "queen", "-m", "x.txt", *arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]
