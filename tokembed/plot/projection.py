"""Vectors as points of a plane, for looking; distances in it are only roughly those between the vectors."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadUsage, NotAtHand, one_of

_FEWEST = 4  # below it there are no neighborhoods to keep
_SEED = 0


def project(directions: NDArray[np.float32], method: str = "pca") -> tuple[NDArray[np.float64], str]:
    """The points, float64 (n, 2), and a few words on how they were found.

    Args:
        directions: vectors of length 1, (n, dim), at least one.
        method: pca, tsne or umap.

    Raises:
        BadUsage: no method is called so, or it needs more vectors.
        NotAtHand: its package is not installed.
    """
    one_of("--method", method, METHODS)
    if method != "pca" and len(directions) < _FEWEST:
        raise BadUsage(f"--method {method} needs at least {_FEWEST} words, got {len(directions)}; use --method pca")
    return METHODS[method](directions)


def pca(directions: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    """The two directions in which the vectors differ most; each axis points to its farthest vector.

    Source: Jolliffe 2002, "Principal Component Analysis", section 3.5, by singular values.
    """
    centered = directions.astype(np.float64) - directions.mean(axis=0, dtype=np.float64)
    left, lengths, _ = np.linalg.svd(centered, full_matrices=False)
    points = np.zeros((len(directions), 2))
    n_axes = min(2, len(lengths))
    points[:, :n_axes] = left[:, :n_axes] * lengths[:n_axes]
    farthest = points[np.abs(points).argmax(axis=0), [0, 1]]
    variance = float((lengths**2).sum())
    share = float((lengths[:2] ** 2).sum()) / variance if variance > 0 else 1.0
    return points * np.where(farthest < 0, -1, 1), f"PCA, {100 * share:.1f} % of the variance"


def _tsne(directions: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    perplexity = min(30.0, (len(directions) - 1) / 3)
    tsne = _imported("sklearn.manifold", "scikit-learn").TSNE(perplexity=perplexity, init="pca", random_state=_SEED)
    return tsne.fit_transform(directions).astype(np.float64), f"t-SNE, perplexity {perplexity:.3g}"


def _umap(directions: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    n_neighbors = min(15, len(directions) - 1)
    package = _imported("umap", "umap-learn")
    reducer = package.UMAP(n_neighbors=n_neighbors, init="pca", random_state=_SEED, n_jobs=1)
    return reducer.fit_transform(directions).astype(np.float64), f"UMAP, {n_neighbors} neighbors"


METHODS: dict[str, Callable[[NDArray[np.float32]], tuple[NDArray[np.float64], str]]] = {
    "pca": pca,
    "tsne": _tsne,
    "umap": _umap,
}


def _imported(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise NotAtHand(f"this method needs the package {package!r}; install it with: pip install {package}") from error
