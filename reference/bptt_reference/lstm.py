"""Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gate (Gers et al. 2000)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import sigmoid, tanh
from .linear import affine, affine_bias_bar, affine_input_bar, affine_weight_bar, by_gate, time_line
from .types import Array, InputBars, Params, State


class Tape(NamedTuple):
    """What the forward pass leaves for the backward pass.

    x [T, B, D] and h, c [T+1, B, H]; of each step the gates i, f, g, o and their slopes
    [T, 4, B, H], and tanh(c_t) with its slope [T, B, H]. `spare` [T, B, 4H] is memory that the
    forward pass has used up; `backward` puts its own numbers there.
    """

    x: Array
    h: Array
    c: Array
    gates: Array
    slopes: Array
    tanh_c: Array
    tanh_c_slope: Array
    spare: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h, self.c)


def forward(p: Params, x: Array, state: State) -> Tape:
    """Run the recursion, for t = 1..T.

        a_t = W_xh x_t + W_hh h_{t-1} + b_h,   cut into a_i, a_f, a_g, a_o
        i = sigma(a_i),  f = sigma(a_f),  g = tanh(a_g),  o = sigma(a_o)
        c_t = f*c_{t-1} + i*g
        h_t = o*tanh(c_t)

    Args:
        p: W_xh [4H, D], W_hh [4H, H] and, unless the model has no biases, b_h [4H].
        x: [T, B, D].
        state: (h_0, c_0), [B, H] each.
    """
    T, (B, H) = len(x), state[0].shape
    h, c = (time_line(s, T) for s in state)
    room = np.empty((T, 10, B, H), x.dtype)  # one large allocation costs less than several
    gates, slopes, tanh_c, tanh_c_slope = room[:, :4], room[:, 4:8], room[:, 8], room[:, 9]
    a_x = affine(x, p["W_xh"], p.get("b_h"))
    W_hh_T = np.ascontiguousarray(p["W_hh"].T)
    a, ig = np.empty((B, 4 * H), x.dtype), np.empty((B, H), x.dtype)
    a_by_gate = by_gate(a, 4)
    a_if, a_g, a_o = a_by_gate[:2], a_by_gate[2], a_by_gate[3]
    for t in range(T):
        h_prev, h_t, c_prev, c_t = h[t], h[t + 1], c[t], c[t + 1]
        i, f, g, o = gate = gates[t]
        slope = slopes[t]
        np.dot(h_prev, W_hh_T, out=a)
        a += a_x[t]  # (5.1)
        sigmoid(a_if, gate[:2], slope[:2])  # (5.2), (5.3): i and f lie side by side
        tanh(a_g, g, slope[2])  # (5.4)
        sigmoid(a_o, o, slope[3])  # (5.5)
        np.multiply(f, c_prev, out=c_t)  # (5.6)
        c_t += np.multiply(i, g, out=ig)
        tanh(c_t, tanh_c[t], tanh_c_slope[t])
        np.multiply(o, tanh_c[t], out=h_t)  # (5.7)
    return Tape(x, h, c, gates, slopes, tanh_c, tanh_c_slope, spare=a_x)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    T, (B, H), W_hh = len(tape.x), state_bar[0].shape, p["W_hh"]
    a_bar = tape.spare
    a_bar_by_gate = by_gate(a_bar, 4)
    i_bar, f_bar, g_bar, o_bar = gate_bar = np.empty((4, B, H), W_hh.dtype)
    through_h = np.empty((B, H), W_hh.dtype)
    h_t_bar, c_t_bar = (s.copy() for s in state_bar)
    for t in reversed(range(T)):
        c_prev, (i, f, g, o) = tape.c[t], tape.gates[t]
        h_t_bar += above[t]  # (5.8)
        np.multiply(h_t_bar, tape.tanh_c[t], out=o_bar)  # (5.9)
        np.multiply(h_t_bar, o, out=through_h)
        through_h *= tape.tanh_c_slope[t]
        c_t_bar += through_h  # (5.10)
        np.multiply(c_t_bar, g, out=i_bar)  # (5.11)
        np.multiply(c_t_bar, i, out=g_bar)  # (5.12)
        np.multiply(c_t_bar, c_prev, out=f_bar)  # (5.13)
        np.multiply(gate_bar, tape.slopes[t], out=a_bar_by_gate[t])  # (5.14)
        c_prev_bar = np.multiply(c_t_bar, f, out=c_t_bar)  # (5.15)
        h_prev_bar = np.dot(a_bar[t], W_hh, out=h_t_bar)  # (5.16)
        h_t_bar, c_t_bar = h_prev_bar, c_prev_bar
    grads = {"W_xh": affine_weight_bar(a_bar, tape.x)}  # (5.17)
    grads["W_hh"] = affine_weight_bar(a_bar, tape.h[:-1])  # (5.18)
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (5.19)
    return grads, affine_input_bar(a_bar, p["W_xh"]), (h_t_bar, c_t_bar)  # (5.20)
