"""Premiums and Gini worked by hand; languages that cannot be compared are not."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tokembed
from tokembed.errors import BadInput, BadUsage
from tokembed.inputs.batches import Batch
from tokembed.stats.parallel_text import Fairness, fairness, gini, with_premiums
from tokembed.stats.rows import Row, corpus_stats


def rows_of(texts: list[tuple[str, str, str]], *, by_key: bool, names: tuple[str, ...] = ("whitespace",)) -> list[Row]:
    """Rows of (language, key, text) against the language "a"."""
    batch = Batch("x", range(len(texts)), strings=[text for _, _, text in texts])
    found = corpus_stats(
        [batch],
        {name: tokembed.tokenizer(name) for name in names},
        group=lambda _: [language for language, _, _ in texts],
        key=(lambda _: [key for _, key, _ in texts]) if by_key else None,
    )
    return with_premiums(found.rows, found.counts.groups, "a", by_key=by_key)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3, 3, 3], 0), ([0, 0, 1], 2 / 3), ([1, 3], 1 / 4), ([1, 2, 3, 4], 1 / 4), ([5], 0), ([], None), ([0, 0], None)],
)
def test_gini_worked_by_hand(values: list[float], expected: float | None) -> None:
    assert gini(values) == (None if expected is None else pytest.approx(expected))


@given(values=st.lists(st.floats(0.1, 100), min_size=1, max_size=12))
def test_gini_is_half_the_relative_mean_difference(values: list[float]) -> None:
    n, mean = len(values), sum(values) / len(values)
    assert gini(values) == pytest.approx(sum(abs(x - y) for x, y in product(values, values)) / (2 * n * n * mean))


def test_premiums_are_of_the_texts_that_both_languages_have() -> None:
    texts = [
        ("a", "1", "w w"), ("a", "2", "w w w"), ("a", "3", "w"),
        ("b", "2", "w w w w w w"), ("b", "4", "w w w w"), ("b", "1", "w"),
        ("c", "9", "w"),
    ]  # fmt: skip
    rows = {row.group: row for row in rows_of(texts, by_key=True)}
    assert (rows["a"].premium, rows["a"].n_shared) == (1, 3)
    assert (rows["b"].premium, rows["b"].n_shared) == (7 / 5, 2)
    assert (rows["c"].premium, rows["c"].n_shared) == (None, 0)
    (found,) = fairness(rows.values(), "a")
    assert found == Fairness(
        "whitespace", "a", [(1, "a"), (7 / 5, "b")], {"c": "it has no text that a has too"}, pytest.approx(1 / 12)
    )


def test_lines_at_the_same_place_are_the_same_text() -> None:
    rows = rows_of([("a", "", "w w"), ("a", "", ""), ("b", "", "w w w"), ("b", "", "w")], by_key=False)
    assert [row.premium for row in rows] == [1, 2]
    with pytest.raises(BadInput, match="the same number of lines, a has 1 and b 2; line k"):
        rows_of([("a", "", "w"), ("b", "", "w"), ("b", "", "w")], by_key=False)


def test_a_base_that_is_no_language() -> None:
    with pytest.raises(BadUsage, match="--base must be one of b, got 'a'"):
        rows_of([("b", "", "w")], by_key=False)


def test_a_language_with_too_much_unknown_is_never_ranked() -> None:
    texts = [("a", "", "school"), ("b", "", "ᱥᱟᱱᱛᱟᱲᱤ"), ("c", "", "학교에")]
    (found,) = fairness(rows_of(texts, by_key=False, names=("bert",)), "a")
    assert [language for _, language in found.ranked] == ["a", "c"]
    assert found.not_ranked == {"b": "100.0 % of its characters are unknown"}
    texts[0], texts[1] = ("a", "", texts[1][2]), ("b", "", "school")
    (found,) = fairness(rows_of(texts, by_key=False, names=("bert",)), "a")
    assert (found.ranked, found.gini) == ([], None)
    assert set(found.not_ranked.values()) == {"of the base a, 100.0 % of its characters are unknown"}
