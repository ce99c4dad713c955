"""Shannon and Rényi efficiency against published and hand-worked values."""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokembed.stats.efficiency import efficiency
from tokembed.stats.id_counts import IdCounts, pairs_of

COUNTS = np.array(list(Counter(["pick", "@@ed", "pick", "@@l", "@@ed", "pick", "@@les"]).values()))


@pytest.mark.parametrize(("alpha", "expected"), [(2.5, 0.8265064834225245), (3.0, 0.8031528501359657)])
def test_the_published_example(alpha: float, expected: float) -> None:
    assert efficiency(COUNTS, alpha) == pytest.approx(expected, abs=1e-15)


def test_shannon_worked_by_hand() -> None:
    # 1/2, 1/4, 1/4 have 1.5 bits of log2(3)
    assert efficiency(np.array([2, 1, 1])) == pytest.approx(1.5 / math.log2(3))


def test_tokens_that_do_not_occur_are_left_out_and_one_alone_has_none() -> None:
    assert efficiency(np.array([5, 0, 5])) == pytest.approx(1)
    assert efficiency(np.array([7, 0])) is None
    assert efficiency(np.array([], np.int64)) is None


@given(counts=st.lists(st.integers(1, 10**6), min_size=2, max_size=30), alpha=st.sampled_from([1.0, 2.5, 3.0]))
def test_it_is_a_share_whatever_the_order(counts: list[int], alpha: float) -> None:
    found = efficiency(np.array(counts), alpha)
    assert found is not None
    assert 0 <= found <= 1 + 1e-12
    assert found == efficiency(np.array(counts[::-1]), alpha)


@given(lists=st.lists(st.lists(st.integers(0, 200_000), max_size=20), max_size=20))
def test_counts_of_ids_add_up(lists: list[list[int]]) -> None:
    total = IdCounts()
    for ids in lists:
        total.add(*pairs_of(np.array(ids, np.int32)))
    ids, counts = total.pairs()
    assert dict(zip(ids.tolist(), counts.tolist(), strict=True)) == Counter(chain(*lists))
    assert ids.tolist() == sorted(ids.tolist())
