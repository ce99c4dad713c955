"""The same texts in several languages: how many tokens each needs, against one of them and altogether."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tokembed.errors import BadInput, BadUsage, did_you_mean
from tokembed.stats.counting import GroupTally
from tokembed.stats.rows import Row, share


@dataclass(frozen=True, slots=True)
class Fairness:
    """How the languages stand under one tokenizer.

    Attributes:
        ranked: (premium, language), the smallest first; those with too many unknown characters are not among them.
        not_ranked: languages and why they are not.
        gini: of the ranked premiums; None where there are none.
    """

    tokenizer: str
    base: str
    ranked: list[tuple[float, str]]
    not_ranked: dict[str, str]
    gini: float | None


def gini(values: Sequence[float]) -> float | None:
    """How unevenly the values are spread: 0 where all are equal, (n - 1) / n where one has everything.

    G = Σ_i Σ_j |x_i - x_j| / (2 n² mean(x))

    Args:
        values: none below 0.

    Returns:
        None where there is no value, or all are 0.

    Source: Gini 1912, half the relative mean difference; of tokens over languages: Foroutan et al. 2025, "Parity-Aware
        Byte-Pair Encoding".

    >>> gini([1, 1, 2])
    0.16666666666666666
    """
    x = np.sort(np.array(values, np.float64))
    n = len(x)
    if not n or not x.sum():
        return None
    # In order, x_k is the larger one of k pairs and the smaller one of n - 1 - k; each pair counts twice.
    return float(2 * np.sum((2 * np.arange(n) - n + 1) * x) / (2 * n * x.sum()))


def with_premiums(rows: Iterable[Row], groups: Mapping[str, GroupTally], base: str, *, by_key: bool) -> list[Row]:
    """The rows with each language's tokens over the base's, on the texts that both have.

    Args:
        groups: the languages' counts.
        by_key: texts with the same key are the same text; else those at the same place are.

    Raises:
        BadUsage: the base is none of the languages.
        BadInput: the texts are told apart by their place, and a language has more or fewer of them.

    Source: Petrov et al. 2023, "Language Model Tokenizers Introduce Unfairness Between Languages", premium.
    """
    if base not in groups:
        raise BadUsage(f"--base must be one of {_some(list(groups))}, got {base!r}{did_you_mean(base, groups)}")
    if not by_key:
        _check_aligned(groups, base)
    rows = list(rows)
    of_base = {row.tokenizer: row for row in rows if row.group == base}
    return [
        _by_key(row, groups, base) if by_key else _by_place(row, of_base[row.tokenizer]) for row in rows
    ]  # fmt: skip


def fairness(rows: Iterable[Row], base: str) -> list[Fairness]:
    """How the languages stand under each tokenizer; `rows` are those of `with_premiums`."""
    by_tokenizer: dict[str, list[Row]] = {}
    for row in rows:
        by_tokenizer.setdefault(row.tokenizer, []).append(row)
    return [_one_fairness(name, of_name, base) for name, of_name in by_tokenizer.items()]


def _one_fairness(tokenizer: str, rows: Sequence[Row], base: str) -> Fairness:
    (of_base,) = (row for row in rows if row.group == base)
    reasons = {}
    for row in rows:
        if not of_base.ranked:
            reasons[row.group] = f"of the base {base}, {of_base.reason}"
        elif row.reason or row.premium is None:
            reasons[row.group] = row.reason or f"it has no text that {base} has too"
    ranked = sorted((row.premium, row.group) for row in rows if row.premium is not None and row.group not in reasons)
    return Fairness(tokenizer, base, ranked, reasons, gini([premium for premium, _ in ranked]))


def _by_place(row: Row, of_base: Row) -> Row:
    return replace(row, premium=share(row.n_tokens, of_base.n_tokens), n_shared=row.n_texts)


def _by_key(row: Row, groups: Mapping[str, GroupTally], base: str) -> Row:
    own, other = (groups[group].tokens[row.tokenizer].by_key for group in (row.group, base))
    shared = own.keys() & other.keys()
    premium = share(sum(own[key] for key in shared), sum(other[key] for key in shared))
    return replace(row, premium=premium, n_shared=len(shared))


def _check_aligned(groups: Mapping[str, GroupTally], base: str) -> None:
    expected = groups[base].n_texts
    for name, group in groups.items():
        if group.n_texts != expected:
            raise BadInput(
                f"parallel texts must have the same number of lines, {base} has {expected:,} and "
                f"{name} {group.n_texts:,}; line k of each must be the same text"
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f", ... ({len(names):,} in all)" if len(names) > 10 else "")
