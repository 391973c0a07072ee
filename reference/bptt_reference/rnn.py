"""The simple recurrent cell (Elman 1990) and its backpropagation through time (Werbos 1990)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation
from .linear import (
    affine,
    affine_bias_bar,
    affine_input_bar,
    affine_weight_bar,
    blocks,
    states_from,
)
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
    """`h_t = f(W_xh x_t + W_hh h_prev + b_h)` for t = 1..T.

    Args:
        p: W_xh [H, D], W_hh [H, H] and, unless the model has no biases, b_h [H].
        x: [T, B, D].
        state: (h_0,), [B, H].
        activation: f with its slope.
    """
    # Allocated before the loop, because an allocation takes as long as the arithmetic of a small
    # step. W_hh^T lies in the order in which the product reads it. The slope is written over a_x.
    h = states_from(state[0], len(x))
    a_x = affine(x, p["W_xh"], p.get("b_h"))  # W_xh x_t + b_h of all steps
    slope, product = a_x, np.empty_like(h[0])
    W_hh_T = np.ascontiguousarray(p["W_hh"].T)

    for block in blocks(len(x), h[0].size):
        for t in block:
            h_prev, h_t, a_t = h[t], h[t + 1], a_x[t]
            a_t += np.dot(h_prev, W_hh_T, out=product)  # (4.1)  a_t = W_xh x_t + W_hh h_prev + b_h
            activation.value(a_t, h_t)  # (4.2)  h_t = f(a_t)
        steps = slice(block.start, block.stop)
        activation.slope(a_x[steps], h[1:][steps], slope[steps])
    return Tape(x, h, slope)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    x, h, slope = tape
    W_hh = p["W_hh"]
    # One array holds later_t, then h_t_bar, then h_prev_bar: each is read for the last time where
    # the next one is written.
    later = state_bar[0].copy()
    a_bar = np.empty_like(slope)

    for t in reversed(range(len(x))):
        h_t_bar, a_t_bar = later, a_bar[t]
        h_t_bar += above[t]  # (4.3)  h_t_bar = above_t + later_t
        np.multiply(h_t_bar, slope[t], out=a_t_bar)  # (4.4)  a_t_bar = h_t_bar * f'(a_t)
        h_prev_bar = np.dot(a_t_bar, W_hh, out=h_t_bar)  # (4.5)  h_prev_bar = W_hh^T a_t_bar
        later = h_prev_bar

    grads = {"W_xh": affine_weight_bar(a_bar, x)}  # (4.6)  W_xh_bar = Σ_t a_t_bar x_t^T
    grads["W_hh"] = affine_weight_bar(a_bar, h[:-1])  # (4.7)  W_hh_bar = Σ_t a_t_bar h_prev^T
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (4.8)  b_h_bar = Σ_t a_t_bar
    x_bar = affine_input_bar(a_bar, p["W_xh"])  # (4.9)  x_t_bar = W_xh^T a_t_bar
    return grads, x_bar, (later,)
