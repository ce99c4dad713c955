"""One layer of an RNN, LSTM or GRU over whole sequences: torch's kernels for the first two, our own for the GRU.

All take inputs (n_rows, n_steps, n_inputs) and a state, and give the hidden states (n_rows, n_steps, dim) and the state
behind the last step.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.embedders.recurrent_equations import GATES

State = tuple[Tensor, ...]
"""h, or h and C, each (1, n_rows, dim)."""


class Gru(torch.nn.Module):
    """The course's GRU with the parameters' names and shapes of torch.nn.GRU: z, r and candidate stacked, no biases."""

    def __init__(self, n_inputs: int, dim: int) -> None:
        super().__init__()
        self.weight_ih_l0 = torch.nn.Parameter(torch.empty(3 * dim, n_inputs))
        self.weight_hh_l0 = torch.nn.Parameter(torch.empty(3 * dim, dim))

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The hidden states and the last of them."""
        dim = self.weight_hh_l0.shape[1]
        before = inputs.new_zeros(inputs.shape[0], dim) if state is None else state[0]
        from_inputs = torch.nn.functional.linear(inputs, self.weight_ih_l0).transpose(0, 1)
        hidden = cast(Tensor, _GruSteps.apply(from_inputs, before, self.weight_hh_l0))  # type: ignore[no-untyped-call]
        return hidden.transpose(0, 1), hidden[-1:]


class _GruSteps(torch.autograd.Function):
    """All steps of a GRU and their gradients, written out: autograd would keep and visit ten small tensors a step."""

    @staticmethod
    def forward(ctx: Any, from_inputs: Tensor, before: Tensor, weight: Tensor) -> Tensor:
        """Hidden states (n_steps, n_rows, dim) of what the inputs give, (n_steps, n_rows, 3 dim)."""
        dim = weight.shape[1]
        gates, candidates = from_inputs[..., : 2 * dim].clone(), from_inputs[..., 2 * dim :].clone()
        of_gates, of_candidate = weight[: 2 * dim].T, weight[2 * dim :].T
        hidden = torch.cat([before[None], torch.empty_like(candidates)])
        for t in range(len(gates)):
            z_r = gates[t].addmm_(hidden[t], of_gates).sigmoid_()
            candidates[t].addmm_(z_r[:, dim:] * hidden[t], of_candidate).tanh_()
            torch.lerp(hidden[t], candidates[t], z_r[:, :dim], out=hidden[t + 1])
        ctx.save_for_backward(gates, candidates, hidden, weight)
        return hidden[1:].clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of the three, from those of the hidden states, step by step from the last."""
        gates, candidates, hidden, weight = ctx.saved_tensors
        dim, h = weight.shape[1], hidden[:-1]
        z, r = gates[..., :dim], gates[..., dim:]
        keep, to_candidate = 1 - z, z * (1 - candidates * candidates)
        to_z, to_r = (candidates - h) * z * keep, h * r * (1 - r)
        of_gates, of_candidate = weight[: 2 * dim], weight[2 * dim :]
        at_gates, at_candidate = torch.empty_like(gates), torch.empty_like(candidates)  # before σ and tanh
        gradient = torch.zeros_like(hidden[0])
        for t in range(len(gates) - 1, -1, -1):
            gradient = gradient + gradients[t]
            torch.mul(gradient, to_candidate[t], out=at_candidate[t])
            at_reset = at_candidate[t] @ of_candidate  # of r * h
            torch.mul(gradient, to_z[t], out=at_gates[t, :, :dim])
            torch.mul(at_reset, to_r[t], out=at_gates[t, :, dim:])
            gradient = torch.addmm(at_reset * r[t], at_gates[t], of_gates).addcmul_(gradient, keep[t])
        of_weight = torch.cat(
            [at_gates.flatten(0, 1).T @ h.flatten(0, 1), at_candidate.flatten(0, 1).T @ (r * h).flatten(0, 1)]
        )
        return torch.cat([at_gates, at_candidate], dim=-1), gradient, of_weight


def layer(cell: str, n_inputs: int, dim: int) -> torch.nn.Module:
    """A layer of that cell, its parameters not set; there is one bias, so torch's second stays zero."""
    if cell == "gru":
        return Gru(n_inputs, dim)
    kernel = torch.nn.LSTM if cell == "lstm" else torch.nn.RNN
    made = kernel(n_inputs, dim, batch_first=True)
    made.bias_hh_l0.requires_grad_(False)
    return made


def set_parameters(made: torch.nn.Module, cell: str, rng: np.random.Generator) -> None:
    """Draw the parameters of a layer as torch does, from -1/sqrt(dim) to 1/sqrt(dim); biases are 0, an LSTM's b_f is 1.

    Source: Jozefowicz et al. 2015, "An Empirical Exploration of Recurrent Network Architectures", section 2.2, for b_f.
    """
    dim = cast(Tensor, made.weight_hh_l0).shape[1]
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.startswith("bias"):
                parameter.zero_()
                if cell == "lstm" and name == "bias_ih_l0":
                    parameter[dim : 2 * dim] = 1
            else:
                drawn = rng.uniform(-1, 1, tuple(parameter.shape)) / dim**0.5
                parameter.copy_(torch.from_numpy(drawn))


def run(made: torch.nn.Module, inputs: Tensor, state: State | None) -> tuple[Tensor, State]:
    """The hidden states and the state behind the last step."""
    given = None if state is None else state if isinstance(made, torch.nn.LSTM) else state[0]
    hidden, behind = made(inputs, given)
    return hidden, behind if isinstance(behind, tuple) else (behind,)


def named_weights(made: torch.nn.Module, cell: str) -> dict[str, NDArray[np.float32]]:
    """The layer's matrices and biases as the equations name them."""
    arrays = {name: parameter.detach().numpy() for name, parameter in made.named_parameters()}
    w_x, w_h = arrays["weight_ih_l0"], arrays["weight_hh_l0"]
    if cell == "rnn":
        return {"W_x": w_x, "W_h": w_h, "b": arrays["bias_ih_l0"] + arrays["bias_hh_l0"]}
    stacked = np.split(np.concatenate([w_h, w_x], axis=1), len(GATES[cell]))
    weights = {f"W_{gate}".removesuffix("_"): rows for gate, rows in zip(GATES[cell], stacked, strict=True)}
    if cell == "lstm":
        biases = np.split(arrays["bias_ih_l0"] + arrays["bias_hh_l0"], 4)
        weights |= {f"b_{gate}": rows for gate, rows in zip(GATES[cell], biases, strict=True)}
    return weights


def put_weights(made: torch.nn.Module, cell: str, weights: dict[str, NDArray[np.float32]]) -> None:
    """Set the layer's parameters to what `named_weights` gave."""
    gates = GATES[cell]
    if cell == "rnn":
        w_h, w_x, bias = weights["W_h"], weights["W_x"], weights["b"]
    else:
        stacked = np.concatenate([weights[f"W_{gate}".removesuffix("_")] for gate in gates])
        w_h, w_x = np.split(stacked, [len(stacked) // len(gates)], axis=1)
        bias = np.concatenate([weights[f"b_{gate}"] for gate in gates]) if cell == "lstm" else stacked[:0, 0]
    arrays = {"weight_ih_l0": w_x, "weight_hh_l0": w_h, "bias_ih_l0": bias}
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            parameter.copy_(torch.from_numpy(np.array(arrays[name])) if name in arrays else torch.tensor(0.0))
