"""What a network carries from token to token, as a picture: a column a token, a row a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tokembed.report.parts import Label, Shade, StateMap

MOST_TOKENS = 40
_N_SHADES = 6
_HEIGHT = 256
_LETTER = 13.0


def state_map(name: str, tokens: Sequence[str], values: NDArray[np.floating]) -> StateMap:
    """The values of the first tokens, the strongest shade for the greatest of them.

    Args:
        values: (n_tokens, dim).
    """
    values, tokens = values[:MOST_TOKENS], tokens[:MOST_TOKENS]
    column = max([40.0, *(_LETTER * _width(token) for token in tokens)])
    labels = [Label(token, round((place + 0.5) * column, 1)) for place, token in enumerate(tokens)]
    greatest = float(np.abs(values).max(initial=0)) or 1.0
    levels = np.rint(values / greatest * _N_SHADES).astype(int)
    shades = [
        Shade(level > 0, round(abs(level) / _N_SHADES, 2), path)
        for level in range(-_N_SHADES, _N_SHADES + 1)
        if level and (path := _path(levels == level))
    ]
    return StateMap(name, labels, shades, column, _HEIGHT / max(1, values.shape[1]), column * len(tokens), _HEIGHT)


def _path(is_there: NDArray[np.bool_]) -> str:
    """The cells as SVG draws them, one unit wide and high; those of a column that touch are one.

    >>> _path(np.array([[True, True, False], [False, False, True]]))
    'M0 0h1v2h-1zM1 2h1v1h-1z'
    """
    found = []
    for column, row in enumerate(is_there.tolist()):
        place = 0
        for there, run in groupby(row):
            length = len(list(run))
            if there:
                found.append(f"M{column} {place}h1v{length}h-1z")
            place += length
    return "".join(found)


def _width(token: str) -> float:
    """In letters; one outside of Latin is taken for a wide one."""
    return sum(1.0 if ord(letter) > 0x2FF else 0.6 for letter in token) + 0.6
