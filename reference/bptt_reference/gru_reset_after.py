"""Gated recurrent unit (Cho et al. 2014), reset after the recurrent product, as in cuDNN."""

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
    states_from,
)
from .types import Array, InputBars, Params, State


class Tape(NamedTuple):
    """What the forward pass leaves for the backward pass.

    x [T, B, D] and h [T+1, B, H]; of each step the gates r, z, not_z, n
    [T, 4, B, H], the slopes of r, z and n in their places [T, 4, B, H] and the candidate's
    recurrent product a_hn [T, B, H].
    """

    x: Array
    h: Array
    gates: Array
    slopes: Array
    a_hn: Array

    @property
    def states(self) -> State:
        """States at times 0..T, [T+1, B, H] each."""
        return (self.h,)


def forward(p: Params, x: Array, state: State) -> Tape:
    """Run the recursion, for t = 1..T.

        a_x = W_xh x_t + b_xh,     cut into a_xr, a_xz, a_xn
        a_h = W_hh h_prev + b_hh,  cut into a_hr, a_hz, a_hn
        r = σ(a_xr + a_hr),   z = σ(a_xz + a_hz),   n = tanh(a_xn + r * a_hn)
        h_t = (1 - z) * n + z * h_prev

    Args:
        p: W_xh [3H, D], W_hh [3H, H] and, unless the model has no biases, b_xh, b_hh [3H].
        x: [T, B, D].
        state: (h_0,), [B, H].
    """
    T, (B, H) = len(x), state[0].shape
    # Allocated before the loop, because an allocation takes as long as the arithmetic of a small
    # step. W_hh^T lies in the order in which the product reads it; r, z and not_z lie side by side,
    # so that one call computes all three. Slopes are written over pre-activations, block by block.
    h = states_from(state[0], T)
    gates, slopes = np.empty((2, T, 4, B, H), x.dtype)
    a_x_by_gate = by_gate(affine(x, p["W_xh"], p.get("b_xh")), 3)  # W_xh x_t + b_xh of all steps
    a_xrz, a_xn = a_x_by_gate[:, :2], a_x_by_gate[:, 2]
    a_h = np.empty((T, B, 3 * H), x.dtype)
    a_h_by_gate = by_gate(a_h, 3)
    a_hrz, a_hn = a_h_by_gate[:, :2], a_h_by_gate[:, 2]
    W_hh_T, b_hh = np.ascontiguousarray(p["W_hh"].T), p.get("b_hh")
    zh = np.empty((B, H), x.dtype)

    for block in blocks(T, B * H):
        for t in block:
            h_prev, h_t = h[t], h[t + 1]
            a, (r, z, not_z, n) = slopes[t], gates[t]
            a_rz, a_z, a_not_z, a_n = a[:2], a[1], a[2], a[3]
            np.dot(h_prev, W_hh_T, out=a_h[t])  # (6.1)  a_x = W_xh x_t + b_xh,
            #     a_h = W_hh h_prev + b_hh,   each cut into r, z, n
            if b_hh is not None:
                a_h[t] += b_hh
            np.add(a_xrz[t], a_hrz[t], out=a_rz)
            np.negative(a_z, out=a_not_z)
            sigmoid(a[:3], gates[t, :3])  # (6.2)  r = σ(a_r),   a_r = a_xr + a_hr
            # (6.3)  z = σ(a_z),   a_z = a_xz + a_hz
            # (6.4)  not_z = σ(-a_z),   which is 1 - z
            np.multiply(r, a_hn[t], out=a_n)
            a_n += a_xn[t]
            tanh(a_n, n)  # (6.5)  n = tanh(a_n),   a_n = a_xn + r * a_hn
            np.multiply(not_z, n, out=h_t)
            h_t += np.multiply(z, h_prev, out=zh)  # (6.6)  h_t = not_z * n + z * h_prev
        steps = slice(block.start, block.stop)
        sigmoid_slope(slopes[steps, :2], gates[steps, :2], slopes[steps, :2])
        tanh_slope(slopes[steps, 3], gates[steps, 3], slopes[steps, 3])
    return Tape(x, h, gates, slopes, a_hn)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    T, (B, H), W_hh = len(tape.x), state_bar[0].shape, p["W_hh"]
    # One array holds later_t, then h_t_bar, then h_prev_bar: each is read for the last time where
    # the next one is written. r and z lie side by side, so that one call multiplies both by their
    # slopes.
    later = state_bar[0].copy()
    a_x_bar, a_h_bar = np.empty((2, T, B, 3 * H), W_hh.dtype)
    a_x_bar_by_gate, a_h_bar_by_gate = by_gate(a_x_bar, 3), by_gate(a_h_bar, 3)
    r_bar, z_bar = rz_bar = np.empty((2, B, H), W_hh.dtype)
    n_bar, product = np.empty((2, B, H), W_hh.dtype)

    for t in reversed(range(T)):
        h_t_bar, a_x_t_bar, a_h_t_bar = later, a_x_bar_by_gate[t], a_h_bar_by_gate[t]
        h_prev, (r, z, not_z, n), slope = tape.h[t], tape.gates[t], tape.slopes[t]
        h_t_bar += above[t]  # (6.7)  h_t_bar = above_t + later_t
        np.multiply(h_t_bar, not_z, out=n_bar)  # (6.8)  n_bar = h_t_bar * not_z
        np.subtract(h_prev, n, out=z_bar)
        z_bar *= h_t_bar  # (6.9)  z_bar = h_t_bar * (h_prev - n)
        a_n_bar = np.multiply(n_bar, slope[3], out=n_bar)  # (6.10)  a_n_bar = n_bar * tanh'(a_n)
        np.multiply(a_n_bar, tape.a_hn[t], out=r_bar)  # (6.11)  r_bar = a_n_bar * a_hn
        a_rz_bar = np.multiply(rz_bar, slope[:2], out=a_x_t_bar[:2])  # (6.12)  a_r_bar =
        #     r_bar * σ'(a_r),   a_z_bar = z_bar * σ'(a_z)
        np.multiply(a_n_bar, r, out=a_h_t_bar[2])  # (6.13)  a_hn_bar = a_n_bar * r
        a_x_t_bar[2], a_h_t_bar[:2] = a_n_bar, a_rz_bar  # r and z are the same in both products
        np.dot(a_h_bar[t], W_hh, out=product)
        h_prev_bar = np.multiply(z, h_t_bar, out=h_t_bar)
        h_prev_bar += product  # (6.14)  h_prev_bar = z * h_t_bar + W_hh^T a_h_bar
        later = h_prev_bar

    grads = {"W_xh": affine_weight_bar(a_x_bar, tape.x)}  # (6.15)  W_xh_bar = Σ_t a_x_bar x_t^T
    grads["W_hh"] = affine_weight_bar(a_h_bar, tape.h[:-1])  # (6.16)  W_hh_bar =
    #     Σ_t a_h_bar h_prev^T
    if "b_xh" in p:
        grads["b_xh"] = affine_bias_bar(a_x_bar)  # (6.17)  b_xh_bar = Σ_t a_x_bar
        grads["b_hh"] = affine_bias_bar(a_h_bar)  # (6.18)  b_hh_bar = Σ_t a_h_bar
    x_bar = affine_input_bar(a_x_bar, p["W_xh"])  # (6.19)  x_t_bar = W_xh^T a_x_bar
    return grads, x_bar, (later,)
