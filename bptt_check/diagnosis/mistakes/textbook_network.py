"""Back through the loss, the layers and the steps, by hand; see `textbook_cells`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.network import Problem
from .textbook_cells import sigmoid, softmax

Bars = dict[str, Array]
Pair = tuple[Array, Array]
Triple = tuple[Array, Array, Array]


@dataclass(frozen=True, eq=False)
class Direction:
    """One direction of one layer: its parameters, what its steps left behind, its order of time.

    `row` is that of its initial and final states; `index` [T, B] is the step that each of its
    steps reads, None if it reads them as they come.
    """

    layer: int
    suffix: str
    row: int
    params: Mapping[str, Array]
    steps: Sequence[Any]
    index: Array | None

    def ordered(self, sequence: Array) -> Array:
        """From the order of time to the order of this direction, or back: [T, B, H]."""
        return sequence if self.index is None else gather_steps(sequence, self.index)


def gather_steps(sequence: Array, index: Array) -> Array:
    """Step t of sequence b becomes its step `index[t, b]`."""
    return sequence[index, np.arange(index.shape[1])]


def layer_backward(
    step_backward: Callable[..., Triple], on: Array, above: Array, final: Pair, bars: Bars
) -> Triple:
    """Back over all steps of one layer.

    Args:
        step_backward: of the cell: `(t, h_t_bar, c_t_bar, bars)`.
        on: [T, B, 1]: 1, and 0 at padded steps, which leave a state as it was.
        above: [T, B, H]: what each h_t receives from above.
        final: what the last states receive.
        bars: the gradients of the parameters and of `x` [T, B, D_k], added up here.
    """
    T = len(above)
    later, later_c = final
    for t in reversed(range(T)):
        h_t_bar = above[t] + later  # (4.3)
        c_t_bar = later_c  # (5.10)
        x_t_bar, h_prev_bar, c_prev_bar = step_backward(t, on[t] * h_t_bar, on[t] * c_t_bar, bars)
        bars["x"][t] = x_t_bar  # (4.9)
        later = h_prev_bar + (1 - on[t]) * h_t_bar  # (4.5)
        later_c = c_prev_bar + (1 - on[t]) * c_t_bar  # (5.15)
    return bars["x"], later, later_c


def loss_backward(given: Problem, h: Array, bars: Bars) -> Array:
    """`above` of the top layer, [T, B, H*N], from its states; adds to the gradients of the head."""
    W_hy, b_y = given.inputs.get("W_hy", np.eye(h.shape[-1])), given.inputs.get("b_y", 0.0)
    T, above = len(h), np.zeros_like(h)
    for t in range(T):
        h_t, target, weight = h[t], given.targets[t], given.weights[t][:, None]
        if given.model.loss == "linear":
            above[t] = weight * target  # (8.7)
            continue
        y = h_t @ W_hy.T + b_y
        if given.model.loss == "mse":
            y_bar = weight * 2 * (y - target)  # (8.6)
        elif given.model.loss == "sigmoid_mse":
            s = sigmoid(y)
            y_bar = weight * 2 * (s - target) * s * (1 - s)
        elif given.model.loss == "bce":
            y_bar = weight * (sigmoid(y) - target)  # (8.4)
        else:
            y_bar = weight * (softmax(y) - target)  # (8.2)
        bars["W_hy"] += y_bar.T @ h_t  # (8.10)
        bars["b_y"] += y_bar.sum(axis=0)  # (8.11)
        above[t] = y_bar @ W_hy  # (8.12)
    return above


def backpropagate(
    given: Problem,
    layers: Sequence[Sequence[Direction]],
    above: Array,
    backward: Callable[..., Triple],
) -> Triple:
    """Back through the layers, from the top to the bottom: the gradients of x, h0 and c0.

    Args:
        layers: the directions of each layer, from the bottom.
        above: what each state of the top layer receives from the loss, [T, B, H*N].
        backward: `layer_backward` of a direction: `(direction, above, final)`.
    """
    h0 = given.inputs["h0"]
    final_h, final_c = (given.final_cotangents.get(name, np.zeros_like(h0)) for name in "hc")
    h0_bar, c0_bar = np.zeros_like(h0), np.zeros_like(h0)
    for directions in reversed(layers):
        shares = np.split(above, len(directions), axis=-1)  # (12.3)
        x_bar = np.zeros(())
        for d, share in zip(directions, shares, strict=True):
            final = final_h[d.row], final_c[d.row]  # (4.3)
            d_bar, h_bar, c_bar = backward(d, d.ordered(share), final)  # (12.3)
            h0_bar[d.row] = h_bar  # (4.5)
            c0_bar[d.row] = c_bar  # (5.15)
            x_bar = x_bar + d.ordered(d_bar)  # (12.4)
        above = x_bar  # (9.3)
    return above, h0_bar, c0_bar
