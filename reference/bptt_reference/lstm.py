"""Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gate (Gers et al. 2000)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import sigmoid, sigmoid_slope, tanh, tanh_slope
from .linear import (
    affine,
    affine_bias_bar,
    affine_input_bar,
    affine_weight_bar,
    blocks,
    by_gate,
    rows,
    states_from,
)
from .types import Array, InputBars, Params, State

SIGMOIDS_FIRST = np.array([0, 1, 3, 2])
"""The order i, f, o, g, in which one call computes all three sigmoids."""


class Tape(NamedTuple):
    """What the forward pass leaves for the backward pass.

    x [T, B, D] and h, c [T+1, B, H]; of each step the gates i, f, o, g [T, 4, B, H], the slopes of
    i, f, g, o [T, 4, B, H], tanh(c_t) and its slope [T, B, H]. `a_x` [T, B, 4H], which is
    `W_xh x_t + b_h`, is no longer needed: `backward` writes its own numbers over it.
    """

    x: Array
    h: Array
    c: Array
    gates: Array
    slopes: Array
    tanh_c: Array
    tanh_c_slope: Array
    a_x: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h, self.c)


def forward(p: Params, x: Array, state: State) -> Tape:
    """Run the recursion, for t = 1..T.

        a_t = W_xh x_t + W_hh h_prev + b_h,   cut into a_i, a_f, a_g, a_o
        i = σ(a_i),   f = σ(a_f),   g = tanh(a_g),   o = σ(a_o)
        c_t = f * c_prev + i * g
        h_t = o * tanh(c_t)

    Args:
        p: W_xh [4H, D], W_hh [4H, H] and, unless the model has no biases, b_h [4H].
        x: [T, B, D].
        state: (h_0, c_0), [B, H] each.
    """
    T, (B, H) = len(x), state[0].shape
    # Allocated before the loop, because an allocation takes as long as the arithmetic of a small
    # step, and as few arrays as possible, because each large one costs. The gates of a step lie one
    # after another, because NumPy is fastest on what lies in one piece. No step waits for slopes:
    # those of a block are computed at once.
    h, c = (states_from(s, T) for s in state)
    kept = np.empty((10, T, B, H), x.dtype)
    gates, slopes = kept[:8].reshape(2, T, 4, B, H)
    tanh_c, tanh_c_slope = kept[8:]
    ordered = {name: W.reshape(4, H, -1)[SIGMOIDS_FIRST] for name, W in p.items()}
    W_xh, b_h = rows(ordered["W_xh"]), ordered["b_h"].ravel() if "b_h" in p else None
    W_hh_T = np.ascontiguousarray(ordered["W_hh"].swapaxes(1, 2))
    a_x = affine(x, W_xh, b_h)  # W_xh x_t + b_h of all steps
    a_x_by_gate = by_gate(a_x, 4)
    plan = blocks(T, B * H)
    a, ig = np.empty((len(plan[0]), 4, B, H), x.dtype), np.empty((B, H), x.dtype)

    for block in plan:
        for t, a_t in zip(block, a, strict=False):
            h_prev, h_t, c_prev, c_t = h[t], h[t + 1], c[t], c[t + 1]
            i, f, o, g = gate = gates[t]
            a_ifo, a_g, tanh_c_t = a_t[:3], a_t[3], tanh_c[t]
            np.copyto(a_t, a_x_by_gate[t])
            a_t += np.matmul(h_prev, W_hh_T, out=gate)  # (5.1)  a_t =
            #     W_xh x_t + W_hh h_prev + b_h,   cut into a_i, a_f, a_g, a_o
            sigmoid(a_ifo, gate[:3])  # (5.2)  i = σ(a_i)   (5.3)  f = σ(a_f)   (5.5)  o = σ(a_o)
            tanh(a_g, g)  # (5.4)  g = tanh(a_g)
            np.multiply(f, c_prev, out=c_t)
            c_t += np.multiply(i, g, out=ig)  # (5.6)  c_t = f * c_prev + i * g
            tanh(c_t, tanh_c_t)
            np.multiply(o, tanh_c_t, out=h_t)  # (5.7)  h_t = o * tanh(c_t)
        steps = slice(block.start, block.stop)
        _slopes(a[: len(block)], gates[steps], slopes[steps])
        tanh_slope(c[1:][steps], tanh_c[steps], tanh_c_slope[steps])
    return Tape(x, h, c, gates, slopes, tanh_c, tanh_c_slope, a_x)


def _slopes(kept: Array, gates: Array, slopes: Array) -> None:
    """Slopes of i, f, g, o from what the activations left of a_i, a_f, a_o, a_g."""
    sigmoid_slope(kept[:, :2], gates[:, :2], slopes[:, :2])
    tanh_slope(kept[:, 3], gates[:, 3], slopes[:, 2])
    sigmoid_slope(kept[:, 2], gates[:, 2], slopes[:, 3])


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    x, h, c, gates, slopes, tanh_c, tanh_c_slope, a_x = tape
    T, (B, H), W_hh = len(x), state_bar[0].shape, p["W_hh"]
    # One array holds later_t, then h_t_bar, then h_prev_bar, another one those of c: each is read
    # for the last time where the next one is written. a_bar is written over a_x. The four gates lie
    # side by side, so that one call multiplies all of them by their slopes.
    later, later_c = (bar.copy() for bar in state_bar)
    a_bar = a_x
    a_bar_by_gate = by_gate(a_bar, 4)
    i_bar, f_bar, g_bar, o_bar = gate_bar = np.empty((4, B, H), W_hh.dtype)
    through_h = np.empty((B, H), W_hh.dtype)

    for t in reversed(range(T)):
        h_t_bar, c_t_bar, a_t_bar = later, later_c, a_bar[t]
        c_prev, (i, f, o, g) = c[t], gates[t]
        h_t_bar += above[t]  # (5.8)  h_t_bar = above_t + later_t
        np.multiply(h_t_bar, tanh_c[t], out=o_bar)  # (5.9)  o_bar = h_t_bar * tanh(c_t)
        np.multiply(h_t_bar, o, out=through_h)
        through_h *= tanh_c_slope[t]
        c_t_bar += through_h  # (5.10)  c_t_bar = later_c_t + h_t_bar * o * tanh'(c_t)
        np.multiply(c_t_bar, g, out=i_bar)  # (5.11)  i_bar = c_t_bar * g
        np.multiply(c_t_bar, i, out=g_bar)  # (5.12)  g_bar = c_t_bar * i
        np.multiply(c_t_bar, c_prev, out=f_bar)  # (5.13)  f_bar = c_t_bar * c_prev
        gate_bar *= slopes[t]
        np.copyto(a_bar_by_gate[t], gate_bar)  # (5.14)  a_t_bar =
        #     (i_bar * σ'(a_i), f_bar * σ'(a_f), g_bar * tanh'(a_g), o_bar * σ'(a_o))
        c_prev_bar = np.multiply(c_t_bar, f, out=c_t_bar)  # (5.15)  c_prev_bar = c_t_bar * f
        h_prev_bar = np.dot(a_t_bar, W_hh, out=h_t_bar)  # (5.16)  h_prev_bar = W_hh^T a_t_bar
        later, later_c = h_prev_bar, c_prev_bar

    grads = {"W_xh": affine_weight_bar(a_bar, x)}  # (5.17)  W_xh_bar = Σ_t a_t_bar x_t^T
    grads["W_hh"] = affine_weight_bar(a_bar, h[:-1])  # (5.18)  W_hh_bar = Σ_t a_t_bar h_prev^T
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (5.19)  b_h_bar = Σ_t a_t_bar
    x_bar = affine_input_bar(a_bar, p["W_xh"])  # (5.20)  x_t_bar = W_xh^T a_t_bar
    return grads, x_bar, (later, later_c)
