"""GloVe in bounded memory: the same bits however little it may take, nothing left behind, the published loss."""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tokembed
from tests.test_kernels_cooccurrence import N_TERMS, Texts, as_dict, corpus, slow_count, texts_of_ids
from tests.test_kernels_glove import in_double, records, slow_descend
from tests.test_spill import files_of_at_most, folder, open_files  # noqa: F401
from tokembed.corpus import Corpus, from_ids
from tokembed.embedders.glove import GloveEmbedder
from tokembed.embedders.glove_counts import Source, counted_rows
from tokembed.embedders.glove_tiles import AtHand, Piece, gathered
from tokembed.embedders.glove_training import train
from tokembed.errors import BadInput
from tokembed.kernels.cooccurrence import Rows
from tokembed.kernels.glove import CELL, shuffle, start_weights
from tokembed.vocab import Vocab

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
PLENTY = 1 << 30
TWO_TOKENS = 64  # bytes: so little that a part of the corpus has two tokens
LEAST = 0.001  # GB


# Counting


def rows_of(texts: Texts, window: int, order: list[int], memory: int, workers: int = 1, group: int = 7) -> list[Rows]:
    ids, starts = corpus(texts)
    source = Source(ids + 1, starts, np.arange(-1, N_TERMS, dtype=np.int32), np.array(order, np.int32), window)
    return list(counted_rows(source, lambda _, rows: rows, group=group, memory=memory, workers=workers))


def joined(pieces: list[Rows]) -> Rows:
    n_before = np.cumsum([0] + [len(piece.columns) for piece in pieces])
    ends = np.concatenate([piece.ends + n for piece, n in zip(pieces, n_before, strict=False)])
    return Rows(ends, *(np.concatenate([piece[field] for piece in pieces]) for field in (1, 2)))


@given(
    texts_of_ids,
    st.integers(1, 22),
    st.randoms(use_true_random=False),
    st.sampled_from([1, TWO_TOKENS, 500, 5000, PLENTY]),
    st.integers(1, 3),
)
def test_counts_are_the_slow_ones_however_little_memory(texts, window, random, memory, workers) -> None:  # type: ignore[no-untyped-def]
    order = random.sample(range(N_TERMS), N_TERMS)
    found = as_dict(joined(rows_of(texts, window, order, memory, workers)), window)
    assert {(order[row], column): total for (row, column), total in found.items()} == slow_count(texts, window)
    assert list(found) == sorted(found)


def test_pieces_are_small_and_none_spans_two_groups() -> None:
    rng = np.random.default_rng(0)
    texts = [rng.integers(0, N_TERMS, 400).tolist() for _ in range(5)]
    firsts: list[tuple[int, int]] = []

    def note(first: int, rows: Rows) -> int:
        firsts.append((first, first + len(rows.ends) - 1))
        return len(rows.columns)

    for memory in (40_000, PLENTY):  # counted in parts, and at once
        firsts.clear()
        source = Source(*corpus(texts), *2 * (np.arange(N_TERMS, dtype=np.int32),), 3)
        sizes = list(counted_rows(source, note, group=40, memory=memory, workers=1))
        assert all(first // 40 == last // 40 for first, last in firsts)
        assert sorted(firsts) == firsts
        assert len(sizes) == 4 if memory == PLENTY else max(sizes) * 28 < memory


def test_a_corpus_on_disk_is_counted_as_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids, starts = corpus([rng.integers(0, N_TERMS, 100).tolist() for _ in range(9)])
    ids.tofile(tmp_path / "ids")
    starts.tofile(tmp_path / "starts")
    mapped = [np.memmap(tmp_path / "ids", np.int32, "r"), np.memmap(tmp_path / "starts", np.int64, "r")]
    labels = np.arange(N_TERMS, dtype=np.int32)
    for memory in (TWO_TOKENS, PLENTY):
        here, there = (
            joined(
                list(counted_rows(Source(*given, labels, labels, 5), lambda _, r: r, group=9, memory=memory, workers=1))
            )
            for given in ((ids, starts), mapped)
        )
        for one, other in zip(here, there, strict=True):
            assert one.tobytes() == other.tobytes()


def test_a_corpus_counts_its_tokens_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = many_terms()
    monkeypatch.setattr("tokembed.corpus._TOKENS_AT_ONCE", 1000)
    np.testing.assert_array_equal(texts.counts(), np.bincount(texts.ids, minlength=len(texts.vocab)))


# The whole embedder


def embedder(**settings: float) -> GloveEmbedder:
    return GloveEmbedder(**{"dim": 8, "epochs": 2, "min_count": 1, **settings})  # type: ignore[arg-type]


def many_terms() -> Corpus:
    """Enough for temporary files of all kinds at the least memory, and quick."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 40, 3000)
    return from_ids([rng.zipf(1.3, length).clip(1, 2000).tolist() for length in lengths], Vocab(map(str, range(2001))))


def bits(fitted: GloveEmbedder) -> tuple[bytes, list[float]]:
    return fitted.vectors.tobytes(), fitted.losses


def test_the_memory_and_the_workers_change_no_bit(caplog: pytest.LogCaptureFixture) -> None:
    texts = many_terms()
    expected = bits(embedder().fit(texts))
    caplog.set_level(logging.INFO)
    for memory, workers in ((LEAST, 1), (LEAST, 3), (2 * LEAST, 2), (3 * LEAST, 1)):
        assert bits(embedder(memory=memory, workers=workers).fit(texts)) == expected
    told = [record.getMessage() for record in caplog.records]
    assert [told.count(f"co-occurrences: adding up {n_parts} parts") for n_parts in (4, 2)] == [2, 2]
    assert told.count("the co-occurrences lie in temporary files") == 3  # with 3 MB only the parts do


def test_real_text_in_little_memory_gives_the_same_bits(caplog: pytest.LogCaptureFixture) -> None:
    path = SHARED / "kowiki_dev.txt.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = tokembed.tokenizer("whitespace").encode_batch(
            [line for line, _ in zip(lines, range(4000), strict=False)]
        )
    expected = bits(embedder(min_count=2).fit(texts))
    caplog.set_level(logging.INFO)
    assert bits(embedder(min_count=2, memory=0.002, workers=2).fit(texts)) == expected
    assert "adding up" in caplog.text


def test_the_loss_of_each_epoch_is_told_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tokembed")
    fitted = embedder(epochs=3).fit(many_terms())
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("epoch")]
    assert [line.rpartition(", ")[0] for line in told] == [
        f"epoch {epoch} of 3: loss {loss:.4f}" for epoch, loss in enumerate(fitted.losses, start=1)
    ]
    assert all(line.endswith(" cells/s") for line in told)
    assert fitted.losses == sorted(fitted.losses, reverse=True)


def test_the_losses_and_vectors_are_those_of_the_slow_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of fit, replayed from its seed with all cells in one tile: counts, order, losses, sums."""
    monkeypatch.setattr("tokembed.embedders.glove.tile_side", lambda n_terms, _: n_terms)
    rng = np.random.default_rng(5)
    texts = [rng.integers(0, 30, 20).tolist() for _ in range(12)]
    fitted = embedder(epochs=4, window=4, x_max=3.0, dim=10).fit(from_ids(texts, Vocab(map(str, range(30)))))
    n_terms = len(fitted.terms)
    terms = [int(term) for term in fitted.terms]
    dense = np.zeros((n_terms, n_terms))
    for (row, column), total in slow_count(texts, 4).items():
        dense[terms.index(row), terms.index(column)] = total
    rng = np.random.default_rng(42)
    order = rng.permutation(n_terms)
    words, contexts = in_double(start_weights(n_terms, 10, rng)), in_double(start_weights(n_terms, 10, rng))
    shuffled = dense[np.ix_(order, order)]
    rows, columns = shuffled.nonzero()
    by_term = np.lexsort((order[columns], rows))  # a row's cells come in the order of their terms
    tile = records(shuffled, rows[by_term], columns[by_term])
    tile["weight"] = np.minimum(1, (np.exp(tile["log"]) / 3.0) ** 0.75)
    for loss in fitted.losses:
        rng.permutation(1), rng.permutation(1)  # the order of one group of words and of one of contexts
        visited = tile.copy()
        shuffle(visited, rng.integers(1, 1 << 63, (1, 1), np.uint64)[0, 0])
        assert loss == pytest.approx(slow_descend(visited, words, contexts, 0.05) / len(tile), rel=1e-4)
    np.testing.assert_allclose(
        fitted.vectors, (words.vectors[:, 0] + contexts.vectors[:, 0])[np.argsort(order), :10], rtol=1e-3, atol=1e-4
    )


def test_no_cells_give_the_start_values() -> None:
    position = np.arange(3, dtype=np.int32)
    with gathered([], 3, PLENTY) as tiles:
        vectors, losses = train(
            tiles, position, dim=10, epochs=5, learning_rate=0.05, rng=np.random.default_rng(1), workers=2,
            progress=lambda *_: None,
        )  # fmt: skip
    assert (np.abs(vectors).max() <= 0.1, losses) == (True, [0.0] * 5)


@pytest.mark.parametrize("memory", [0, 7 * CELL.itemsize, PLENTY])
def test_a_tile_has_the_cells_of_all_its_pieces(memory: int) -> None:
    """Groups of words 0, 1, 1 and 3 of four, in memory, in a file, and in a file from the second piece on."""
    cells = np.zeros(20, CELL)
    cells["row"] = np.arange(20)
    starts = [
        np.array(places, np.int64) for places in ([0, 2, 5, 5, 5], [0, 1, 1, 4, 4], [0, 0, 6, 6, 6], [0, 0, 0, 0, 5])
    ]
    bounds = [0, 5, 9, 15, 20]
    pieces = [Piece(g, cells[bounds[i] : bounds[i + 1]], starts[i]) for i, g in enumerate((0, 1, 1, 3))]
    with gathered(pieces, 4, memory) as tiles:
        assert (tiles.n_cells, tiles.spill is None) == (20, memory == PLENTY)
        assert len(tiles.cells) == (20 if memory == PLENTY else 0)
        assert tiles.first_pieces.tolist() == [0, 1, 3, 3, 4]
        assert tiles.largest() == 6
        for n_room in (6, 11, 100):  # a tile at a time, some, all
            groups = np.divmod(np.random.default_rng(0).permutation(16), 4)
            found = {}
            for some, at_hand in tiles.at_hand(*groups, np.empty(n_room, CELL)):
                chosen = zip(*(group[some].tolist() for group in groups), strict=True)
                found |= dict(zip(chosen, tiles_of(at_hand), strict=True))
            assert {tile: rows for tile, rows in found.items() if rows} == {
                (0, 0): [0, 1], (0, 1): [2, 3, 4], (1, 0): [5], (1, 1): [*range(9, 15)], (1, 2): [6, 7, 8],
                (3, 3): [*range(15, 20)],
            }  # fmt: skip


def tiles_of(at_hand: AtHand) -> list[list[int]]:
    """The rows in each tile, as the kernel finds them."""
    return [
        [
            row
            for piece in range(at_hand.first_pieces[word_group], at_hand.first_pieces[word_group + 1])
            for row in at_hand.cells["row"][slice(*at_hand.piece_starts[piece, context_group:][:2])].tolist()
        ]
        for word_group, context_group in zip(at_hand.word_groups, at_hand.context_groups, strict=True)
    ]


# What is left behind


def test_a_full_disk_is_one_line_and_leaves_no_file(folder: Path) -> None:  # noqa: F811
    texts = many_terms()
    embedder(memory=LEAST, epochs=1).fit(texts)  # nothing is compiled, so written, below
    for n_bytes in (1000, 600_000, 1_100_000):  # too little for one part's counts, for all parts', for the tiles
        with files_of_at_most(n_bytes), pytest.raises(BadInput, match=r"^temporary files in .* File too large; .*$"):
            embedder(memory=LEAST).fit(texts)
        assert list(folder.iterdir()) == open_files(folder) == []


def test_an_interrupt_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    seen = []

    def interrupt(*_: object) -> None:
        seen.append(len(open_files(folder)))
        raise KeyboardInterrupt

    for stage in ("glove_training.descend_tiles", "glove_counts.add_rows"):
        monkeypatch.setattr(f"tokembed.embedders.{stage}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            embedder(memory=LEAST).fit(many_terms())
        assert list(folder.iterdir()) == open_files(folder) == []
    assert (seen[0], seen[-1]) == (1, 3)  # the tiles; the columns, sums and starts of the parts


PEAK = """
import sys
import numpy as np
from tokembed.corpus import from_ids, Corpus
from tokembed.embedders.glove import GloveEmbedder
from tokembed.vocab import Vocab

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:")) / 1e6

rng = np.random.default_rng(0)
vocab = Vocab(map(str, range(20_000)))
ids = (20_000 * rng.random(1_500_000) ** 2).astype(np.int32)
starts = np.arange(0, len(ids) + 1, 30)
GloveEmbedder(dim=8, epochs=1).fit(Corpus(ids[:30_000], starts[:1001], vocab))
before = peak()
glove = GloveEmbedder(dim=8, epochs=1, workers=2, memory=float(sys.argv[1]))
glove.fit(Corpus(ids, starts, vocab))
print(peak() - before)
"""


@pytest.mark.slow
def test_the_memory_taken_stays_under_the_bound() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(tokembed.__file__).parents[1])}
    grown = [
        float(
            subprocess.run(
                [sys.executable, "-c", PEAK, memory], capture_output=True, check=True, env=environment
            ).stdout
        )
        for memory in ("2", "0.1")
    ]
    beside = 0.02  # GB: what the terms themselves take
    assert 0.3 < grown[0] < 2 + beside
    assert grown[1] < 0.1 + beside
