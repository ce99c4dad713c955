"""How evenly a tokenizer uses its tokens: Shannon and Rényi efficiency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALPHA = 2.5
"""The order that goes best with the quality of machine translation in Zouhar et al. 2023."""


def efficiency(counts: NDArray[np.integer], alpha: float = 1.0) -> float | None:
    """The entropy of the tokens over the largest that as many distinct ones can have, a share 0..1.

    H_α(p) / log |V| with H_α(p) = log(Σ p_i^α) / (1 - α), and -Σ p_i log p_i for α = 1

    Args:
        counts: how often each token occurs, (n_tokens,); those that do not occur are left out.
        alpha: the order; 1 is Shannon's entropy.

    Returns:
        None where fewer than two distinct tokens occur: the largest entropy is 0.

    Source: Zouhar et al. 2023, "Tokenization and the Noiseless Channel", Rényi efficiency; as in their package
        `tokenization-scorer`, V has the distinct tokens seen.

    >>> efficiency(np.array([3, 2, 1, 1]), 2.5)
    0.8265064834225245
    """
    counts = np.sort(counts[counts > 0])  # so that the last bit does not depend on their order
    if len(counts) < 2:
        return None
    shares = counts / counts.sum()
    shannon = -np.sum(shares * np.log(shares))
    entropy = shannon if alpha == 1 else np.log(np.sum(shares**alpha)) / (1 - alpha)
    return float(entropy / np.log(len(counts)))
