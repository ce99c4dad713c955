"""Scores against scipy, and against the same definitions worked slowly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tokembed.evaluate.scores import share, spearman


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=9))
def test_spearman_is_scipys_with_many_ties(pairs: list[tuple[int, int]]) -> None:
    ours, theirs = np.array(pairs, np.float64).T
    found = spearman(ours, theirs)
    if len(set(ours)) == 1 or len(set(theirs)) == 1:
        assert (found.value, found.interval) == (None, None)
        assert found.reason == "undefined: all scores are equal"
    else:
        assert found.value == pytest.approx(stats.spearmanr(ours, theirs).statistic, abs=1e-12)
        assert found.reason.startswith("no interval: it needs 10 pairs")


def test_the_interval_is_that_of_the_same_resamples_one_by_one() -> None:
    generator = np.random.default_rng(5)
    ours = generator.normal(size=40)
    theirs = np.round(ours + generator.normal(size=40))
    drawn = np.random.default_rng(0).integers(0, 40, (1000, 40))
    each = [stats.spearmanr(ours[places], theirs[places]).statistic for places in drawn]
    assert spearman(ours, theirs).interval == pytest.approx(np.percentile(each, [2.5, 97.5]), abs=1e-12)


def test_the_interval_is_about_that_of_scipys_bootstrap() -> None:
    generator = np.random.default_rng(6)
    ours = generator.normal(size=300)
    theirs = ours + generator.normal(size=300)
    peer = stats.bootstrap(
        (ours, theirs),
        lambda x, y: stats.spearmanr(x, y).statistic,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert spearman(ours, theirs).interval == pytest.approx((peer.low, peer.high), abs=0.015)


def test_resamples_without_a_correlation_are_left_out() -> None:
    ours = np.array([1.0] + [0.0] * 11)  # a third of the resamples lack the one that differs
    found = spearman(ours, np.arange(12.0))
    assert found.interval is not None
    assert np.isfinite(found.interval).all()


def test_large_sets_are_resampled_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = np.random.default_rng(7).normal(size=(2, 50))
    whole = spearman(ours, theirs)
    monkeypatch.setattr("tokembed.evaluate.scores._VALUES_AT_ONCE", 50 * 64)
    assert spearman(ours, theirs) == whole


@pytest.mark.parametrize("n_pairs", [0, 1])
def test_too_few_pairs_have_no_correlation(n_pairs: int) -> None:
    found = spearman(np.ones(n_pairs), np.ones(n_pairs))
    assert (found.value, found.interval) == (None, None)
    assert found.reason.startswith("undefined: a correlation needs 2 pairs, there ")


@pytest.mark.parametrize(("n_right", "n_all"), [(0, 10), (10, 10), (7, 20), (81, 263), (15, 1483)])
def test_a_shares_interval_is_wilsons(n_right: int, n_all: int) -> None:
    z, p = stats.norm.ppf(0.975), n_right / n_all  # Wilson 1927 as textbooks write it
    middle = (p + z * z / (2 * n_all)) / (1 + z * z / n_all)
    half = z / (1 + z * z / n_all) * np.sqrt(p * (1 - p) / n_all + z * z / (4 * n_all**2))
    assert share(n_right, n_all).interval == pytest.approx((middle - half, middle + half), abs=1e-9)


def test_a_share_of_nothing_is_undefined() -> None:
    assert share(0, 0).value is None
    assert share(0, 0).reason
