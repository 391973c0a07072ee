"""The simple recurrent cell (Elman 1990) and its backpropagation through time (Werbos 1990)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation
from .linear import affine, affine_bias_bar, affine_input_bar, affine_weight_bar, time_line
from .types import Array, InputBars, Params, State


class Tape(NamedTuple):
    """x [T, B, D], h [T+1, B, H], and the slope of the activation at every step [T, B, H]."""

    x: Array
    h: Array
    slope: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h,)


def forward(p: Params, x: Array, state: State, *, activation: Activation) -> Tape:
    """`h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)` for t = 1..T.

    Args:
        p: W_xh [H, D], W_hh [H, H] and, unless the model has no biases, b_h [H].
        x: [T, B, D].
        state: (h_0,), [B, H].
        activation: f with its slope.
    """
    h = time_line(state[0], len(x))
    slope = np.empty_like(h[1:])
    a_x = affine(x, p["W_xh"], p.get("b_h"))
    W_hh_T = np.ascontiguousarray(p["W_hh"].T)
    for t in range(len(x)):
        h_prev, h_t = h[t], h[t + 1]
        a = np.dot(h_prev, W_hh_T, out=h_t)  # (4.1), written where h_t will stand
        a += a_x[t]
        activation(a, h_t, slope[t])  # (4.2)
    return Tape(x, h, slope)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    x, h, slope = tape
    a_bar = np.empty_like(slope)
    h_t_bar = state_bar[0].copy()
    for t in reversed(range(len(x))):
        h_t_bar += above[t]  # (4.3)
        np.multiply(h_t_bar, slope[t], out=a_bar[t])  # (4.4)
        h_prev_bar = np.dot(a_bar[t], p["W_hh"], out=h_t_bar)  # (4.5)
        h_t_bar = h_prev_bar
    grads = {"W_xh": affine_weight_bar(a_bar, x)}  # (4.6)
    grads["W_hh"] = affine_weight_bar(a_bar, h[:-1])  # (4.7)
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (4.8)
    return grads, affine_input_bar(a_bar, p["W_xh"]), (h_t_bar,)  # (4.9)
