"""The equations of RNN, LSTM and GRU, one step at a time in numpy: what the fast kernels are held to, and explained by.

    RNN   h_t = tanh(W_x x_t + W_h h_{t-1} + b)
    LSTM  f_t = σ(W_f [h_{t-1}, x_t] + b_f)       i_t = σ(W_i [h_{t-1}, x_t] + b_i)
          C~_t = tanh(W_C [h_{t-1}, x_t] + b_C)   C_t = f_t ∗ C_{t-1} + i_t ∗ C~_t
          o_t = σ(W_o [h_{t-1}, x_t] + b_o)       h_t = o_t ∗ tanh(C_t)
    GRU   z_t = σ(W_z [h_{t-1}, x_t])             r_t = σ(W_r [h_{t-1}, x_t])
          h~_t = tanh(W [r_t ∗ h_{t-1}, x_t])     h_t = (1 − z_t) ∗ h_{t-1} + z_t ∗ h~_t

σ is the logistic function, ∗ is element by element, [a, b] stacks. What comes before the first step is zero.

Differs: this GRU is not torch.nn.GRU, where the reset acts behind W, and z is the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]
"""The matrices and biases of one layer by their names above; a W is (dim, dim + n_inputs), h's columns first."""

Steps = dict[str, NDArray[np.float64]]
"""Each symbol with an index t above, such as "f", "C~" and "h", at every step: (n_steps, dim)."""

GATES = {"rnn": ("",), "lstm": ("i", "f", "C", "o"), "gru": ("z", "r", "")}
"""What each W is called behind its W_, in the order in which torch stacks them."""

SYMBOLS = {"rnn": ("h",), "lstm": ("f", "i", "C~", "C", "o", "h"), "gru": ("z", "r", "h~", "h")}
"""What has an index t in each cell's equations, in their order."""


def walked(cell: str, weights: Weights, inputs: NDArray[np.floating]) -> Steps:
    """Everything that the equations name, at each step, in float64.

    Args:
        inputs: x_t, (n_steps, n_inputs).
    """
    step = _STEPS[cell]
    matrices = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    before = dict.fromkeys(("h", "C"), np.zeros(_dim(cell, matrices)))
    found = []
    for x in np.asarray(inputs, np.float64):
        before = step(matrices, x, before)
        found.append(before)
    return {name: np.array([one[name] for one in found]).reshape(-1, _dim(cell, matrices)) for name in SYMBOLS[cell]}


_Values = dict[str, NDArray[np.float64]]


def _rnn(w: _Values, x: NDArray[np.float64], before: _Values) -> _Values:
    return {"h": np.tanh(w["W_x"] @ x + w["W_h"] @ before["h"] + w["b"])}


def _lstm(w: _Values, x: NDArray[np.float64], before: _Values) -> _Values:
    stacked = np.concatenate([before["h"], x])
    f, i, o = (_logistic(w[f"W_{gate}"] @ stacked + w[f"b_{gate}"]) for gate in "fio")
    candidate = np.tanh(w["W_C"] @ stacked + w["b_C"])
    cell = f * before["C"] + i * candidate
    return {"f": f, "i": i, "C~": candidate, "C": cell, "o": o, "h": o * np.tanh(cell)}


def _gru(w: _Values, x: NDArray[np.float64], before: _Values) -> _Values:
    stacked = np.concatenate([before["h"], x])
    z, r = _logistic(w["W_z"] @ stacked), _logistic(w["W_r"] @ stacked)
    candidate = np.tanh(w["W"] @ np.concatenate([r * before["h"], x]))
    return {"z": z, "r": r, "h~": candidate, "h": (1 - z) * before["h"] + z * candidate}


_STEPS: dict[str, Callable[[_Values, NDArray[np.float64], _Values], _Values]] = {
    "rnn": _rnn,
    "lstm": _lstm,
    "gru": _gru,
}


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))  # exp would overflow far below 0


def _dim(cell: str, weights: _Values) -> int:
    return len(weights[{"rnn": "W_h", "lstm": "W_f", "gru": "W"}[cell]])
