"""Gated recurrent unit (Cho et al. 2014), reset after the recurrent product, as in cuDNN."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import sigmoid, tanh
from .linear import affine, affine_bias_bar, affine_input_bar, affine_weight_bar, by_gate, time_line
from .types import Array, InputBars, Params, State


class Tape(NamedTuple):
    """What the forward pass leaves for the backward pass.

    x [T, B, D] and h [T+1, B, H]; of each step the gates r, z, 1-z, n and their slopes
    [T, 4, B, H], and the recurrent products a_hr, a_hz, a_hn [T, B, 3H].
    """

    x: Array
    h: Array
    gates: Array
    slopes: Array
    a_h: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h,)


def forward(p: Params, x: Array, state: State) -> Tape:
    """Run the recursion, for t = 1..T.

        a_x = W_xh x_t + b_xh,        cut into a_xr, a_xz, a_xn
        a_h = W_hh h_{t-1} + b_hh,    cut into a_hr, a_hz, a_hn
        r = sigma(a_xr + a_hr),  z = sigma(a_xz + a_hz),  n = tanh(a_xn + r*a_hn)
        h_t = (1-z)*n + z*h_{t-1}

    Args:
        p: W_xh [3H, D], W_hh [3H, H] and, unless the model has no biases, b_xh, b_hh [3H].
        x: [T, B, D].
        state: (h_0,), [B, H].
    """
    T, (B, H) = len(x), state[0].shape
    h = time_line(state[0], T)
    gates, slopes = np.empty((2, T, 4, B, H), x.dtype)
    a_x = by_gate(affine(x, p["W_xh"], p.get("b_xh")), 3)
    a_h = np.empty((T, B, 3 * H), x.dtype)
    a_h_by_gate = by_gate(a_h, 3)
    W_hh_T, b_hh = np.ascontiguousarray(p["W_hh"].T), p.get("b_hh")
    zh = np.empty((B, H), x.dtype)
    for t in range(T):
        h_prev, h_t = h[t], h[t + 1]
        r, z, not_z, n = gate = gates[t]
        slope = slopes[t]
        np.dot(h_prev, W_hh_T, out=a_h[t])  # (6.1)
        if b_hh is not None:
            a_h[t] += b_hh
        np.add(a_x[t, :2], a_h_by_gate[t, :2], out=gate[:2])
        np.negative(z, out=not_z)  # 1 - sigma(a) is sigma(-a), which keeps its digits near 0
        sigmoid(gate[:3], gate[:3], slope[:3])  # (6.2), (6.3), (6.4)
        np.multiply(r, a_h_by_gate[t, 2], out=n)
        n += a_x[t, 2]
        tanh(n, n, slope[3])  # (6.5)
        np.multiply(not_z, n, out=h_t)
        h_t += np.multiply(z, h_prev, out=zh)  # (6.6)
    return Tape(x, h, gates, slopes, a_h)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    T, (B, H), W_hh = len(tape.x), state_bar[0].shape, p["W_hh"]
    a_x_bar, a_h_bar = np.empty((2, T, B, 3 * H), W_hh.dtype)
    a_x_bar_by_gate, a_h_bar_by_gate = by_gate(a_x_bar, 3), by_gate(a_h_bar, 3)
    a_hn = tape.a_h[..., 2 * H :]
    r_bar, z_bar = rz_bar = np.empty((2, B, H), W_hh.dtype)
    n_bar, h_prev_bar = np.empty((2, B, H), W_hh.dtype)
    h_t_bar = state_bar[0].copy()
    for t in reversed(range(T)):
        h_prev, (r, z, not_z, n), slope = tape.h[t], tape.gates[t], tape.slopes[t]
        h_t_bar += above[t]  # (6.7)
        np.multiply(h_t_bar, not_z, out=n_bar)  # (6.8)
        np.subtract(h_prev, n, out=z_bar)
        z_bar *= h_t_bar  # (6.9)
        a_n_bar = np.multiply(n_bar, slope[3], out=n_bar)  # (6.10)
        np.multiply(a_n_bar, a_hn[t], out=r_bar)  # (6.11)
        a_rz_bar = np.multiply(rz_bar, slope[:2], out=a_x_bar_by_gate[t, :2])  # (6.12)
        a_x_bar_by_gate[t, 2] = a_n_bar
        a_h_bar_by_gate[t, :2] = a_rz_bar
        np.multiply(a_n_bar, r, out=a_h_bar_by_gate[t, 2])  # (6.13)
        np.dot(a_h_bar[t], W_hh, out=h_prev_bar)
        h_t_bar *= z
        h_t_bar += h_prev_bar  # (6.14): now the cotangent of h_{t-1}
    grads = {"W_xh": affine_weight_bar(a_x_bar, tape.x)}  # (6.15)
    grads["W_hh"] = affine_weight_bar(a_h_bar, tape.h[:-1])  # (6.16)
    if "b_xh" in p:
        grads["b_xh"] = affine_bias_bar(a_x_bar)  # (6.17)
        grads["b_hh"] = affine_bias_bar(a_h_bar)  # (6.18)
    return grads, affine_input_bar(a_x_bar, p["W_xh"]), (h_t_bar,)  # (6.19)
