"""Gated recurrent unit as first published (Cho et al. 2014): reset before the recurrent product."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import sigmoid, tanh
from .linear import affine, affine_bias_bar, affine_input_bar, affine_weight_bar, by_gate, time_line
from .types import Array, InputBars, Params, State


class Tape(NamedTuple):
    """What the forward pass leaves for the backward pass.

    x [T, B, D] and h [T+1, B, H]; of each step the gates r, z, 1-z, n and their slopes
    [T, 4, B, H], and the reset state s = r*h_{t-1} [T, B, H].
    """

    x: Array
    h: Array
    gates: Array
    slopes: Array
    s: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h,)


def forward(p: Params, x: Array, state: State) -> Tape:
    """Run the recursion, for t = 1..T.

    W_hh is cut into W_hr, W_hz (together W_hrz) and W_hn:

        a_x = W_xh x_t + b_h,    cut into a_xr, a_xz, a_xn
        r = sigma(a_xr + W_hr h_{t-1}),  z = sigma(a_xz + W_hz h_{t-1})
        s = r*h_{t-1},  n = tanh(a_xn + W_hn s)
        h_t = (1-z)*n + z*h_{t-1}

    Args:
        p: W_xh [3H, D], W_hh [3H, H] and, unless the model has no biases, b_h [3H].
        x: [T, B, D].
        state: (h_0,), [B, H].
    """
    T, (B, H) = len(x), state[0].shape
    h = time_line(state[0], T)
    gates, slopes = np.empty((2, T, 4, B, H), x.dtype)
    s = np.empty((T, B, H), x.dtype)
    a_x = by_gate(affine(x, p["W_xh"], p.get("b_h")), 3)
    W_hrz_T, W_hn_T = (np.ascontiguousarray(W.T) for W in np.split(p["W_hh"], [2 * H]))
    a_h, zh = np.empty((B, 2 * H), x.dtype), np.empty((B, H), x.dtype)
    a_h_by_gate = by_gate(a_h, 2)
    for t in range(T):
        h_prev, h_t = h[t], h[t + 1]
        r, z, not_z, n = gate = gates[t]
        slope = slopes[t]
        np.dot(h_prev, W_hrz_T, out=a_h)
        np.add(a_x[t, :2], a_h_by_gate, out=gate[:2])  # (7.1)
        np.negative(z, out=not_z)  # 1 - sigma(a) is sigma(-a), which keeps its digits near 0
        sigmoid(gate[:3], gate[:3], slope[:3])  # (7.2), (7.3), (7.4)
        np.multiply(r, h_prev, out=s[t])  # (7.5)
        np.dot(s[t], W_hn_T, out=n)
        n += a_x[t, 2]
        tanh(n, n, slope[3])  # (7.6)
        np.multiply(not_z, n, out=h_t)
        h_t += np.multiply(z, h_prev, out=zh)  # (7.7)
    return Tape(x, h, gates, slopes, s)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    T, (B, H) = len(tape.x), state_bar[0].shape
    W_hrz, W_hn = np.split(p["W_hh"], [2 * H])
    a_bar = np.empty((T, B, 3 * H), W_hn.dtype)
    a_rz_bar, a_rz_bar_by_gate = a_bar[..., : 2 * H], by_gate(a_bar, 3)[:, :2]
    r_bar, z_bar = rz_bar = np.empty((2, B, H), W_hn.dtype)
    n_bar, s_bar, product = np.empty((3, B, H), W_hn.dtype)
    h_t_bar = state_bar[0].copy()
    for t in reversed(range(T)):
        h_prev, (r, z, not_z, n), slope = tape.h[t], tape.gates[t], tape.slopes[t]
        h_t_bar += above[t]  # (7.8)
        np.multiply(h_t_bar, not_z, out=n_bar)  # (7.9)
        np.subtract(h_prev, n, out=z_bar)
        z_bar *= h_t_bar  # (7.10)
        a_n_bar = np.multiply(n_bar, slope[3], out=n_bar)  # (7.11)
        np.dot(a_n_bar, W_hn, out=s_bar)  # (7.12)
        np.multiply(s_bar, h_prev, out=r_bar)  # (7.13)
        np.multiply(rz_bar, slope[:2], out=a_rz_bar_by_gate[t])  # (7.14)
        a_bar[t, :, 2 * H :] = a_n_bar
        h_t_bar *= z
        h_t_bar += np.multiply(s_bar, r, out=product)
        h_t_bar += np.dot(a_rz_bar[t], W_hrz, out=product)  # (7.15): now the cotangent of h_{t-1}
    W_hrz_bar = affine_weight_bar(a_rz_bar, tape.h[:-1])  # (7.16)
    W_hn_bar = affine_weight_bar(a_bar[..., 2 * H :], tape.s)  # (7.17)
    grads = {"W_xh": affine_weight_bar(a_bar, tape.x)}  # (7.18)
    grads["W_hh"] = np.concatenate([W_hrz_bar, W_hn_bar])
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (7.19)
    return grads, affine_input_bar(a_bar, p["W_xh"]), (h_t_bar,)  # (7.20)
