"""Gated recurrent unit as first published (Cho et al. 2014): reset before the recurrent product."""

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
    [T, 4, B, H], the slopes of r, z and n in their places [T, 4, B, H] and the reset state
    s = r * h_prev [T, B, H].
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
    """Run the recursion, for t = 1..T; W_hh is cut into W_hr, W_hz (together W_hrz) and W_hn.

        a_x = W_xh x_t + b_h,   cut into a_xr, a_xz, a_xn
        r = σ(a_xr + W_hr h_prev),   z = σ(a_xz + W_hz h_prev)
        s = r * h_prev,   n = tanh(a_xn + W_hn s)
        h_t = (1 - z) * n + z * h_prev

    Args:
        p: W_xh [3H, D], W_hh [3H, H] and, unless the model has no biases, b_h [3H].
        x: [T, B, D].
        state: (h_0,), [B, H].
    """
    T, (B, H) = len(x), state[0].shape
    # Allocated before the loop, because an allocation takes as long as the arithmetic of a small
    # step. W_hh^T lies in the order in which the product reads it; r, z and not_z lie side by side,
    # so that one call computes all three. Slopes are written over pre-activations, block by block.
    h, s = states_from(state[0], T), np.empty((T, B, H), x.dtype)
    gates, slopes = np.empty((2, T, 4, B, H), x.dtype)
    a_x = by_gate(affine(x, p["W_xh"], p.get("b_h")), 3)  # W_xh x_t + b_h of all steps
    a_xrz, a_xn = a_x[:, :2], a_x[:, 2]
    W_hrz_T, W_hn_T = (np.ascontiguousarray(W.T) for W in np.split(p["W_hh"], [2 * H]))
    a_h, zh = np.empty((B, 2 * H), x.dtype), np.empty((B, H), x.dtype)
    a_h_by_gate = by_gate(a_h, 2)

    for block in blocks(T, B * H):
        for t in block:
            h_prev, h_t, s_t = h[t], h[t + 1], s[t]
            a, (r, z, not_z, n) = slopes[t], gates[t]
            a_rz, a_z, a_not_z, a_n = a[:2], a[1], a[2], a[3]
            np.dot(h_prev, W_hrz_T, out=a_h)
            np.add(a_xrz[t], a_h_by_gate, out=a_rz)  # (7.1)  a_r = a_xr + W_hr h_prev,
            #     a_z = a_xz + W_hz h_prev
            np.negative(a_z, out=a_not_z)
            sigmoid(a[:3], gates[t, :3])  # (7.2)  r = σ(a_r)   (7.3)  z = σ(a_z)
            # (7.4)  not_z = σ(-a_z)
            np.multiply(r, h_prev, out=s_t)  # (7.5)  s = r * h_prev
            np.dot(s_t, W_hn_T, out=a_n)
            a_n += a_xn[t]
            tanh(a_n, n)  # (7.6)  n = tanh(a_n),   a_n = a_xn + W_hn s
            np.multiply(not_z, n, out=h_t)
            h_t += np.multiply(z, h_prev, out=zh)  # (7.7)  h_t = not_z * n + z * h_prev
        steps = slice(block.start, block.stop)
        sigmoid_slope(slopes[steps, :2], gates[steps, :2], slopes[steps, :2])
        tanh_slope(slopes[steps, 3], gates[steps, 3], slopes[steps, 3])
    return Tape(x, h, gates, slopes, s)


def backward(p: Params, tape: Tape, above: Array, state_bar: State) -> InputBars:
    """Mirror of `forward`, from the last step to the first; see `types.Cell` for the arguments."""
    T, (B, H) = len(tape.x), state_bar[0].shape
    W_hrz, W_hn = np.split(p["W_hh"], [2 * H])
    # One array holds later_t, then h_t_bar, then h_prev_bar: each is read for the last time where
    # the next one is written. r and z lie side by side, so that one call multiplies both by their
    # slopes. a_n_bar starts as n_bar and is copied: a product reads it faster in one piece.
    later = state_bar[0].copy()
    a_bar = np.empty((T, B, 3 * H), W_hn.dtype)
    a_rz_bar, a_bar_by_gate = a_bar[..., : 2 * H], by_gate(a_bar, 3)
    r_bar, z_bar = rz_bar = np.empty((2, B, H), W_hn.dtype)
    n_bar, s_bar, product = np.empty((3, B, H), W_hn.dtype)

    for t in reversed(range(T)):
        h_t_bar, a_t_bar = later, a_bar_by_gate[t]
        h_prev, (r, z, not_z, n), slope = tape.h[t], tape.gates[t], tape.slopes[t]
        h_t_bar += above[t]  # (7.8)  h_t_bar = above_t + later_t
        np.multiply(h_t_bar, not_z, out=n_bar)  # (7.9)  n_bar = h_t_bar * not_z
        np.subtract(h_prev, n, out=z_bar)
        z_bar *= h_t_bar  # (7.10)  z_bar = h_t_bar * (h_prev - n)
        a_n_bar = np.multiply(n_bar, slope[3], out=n_bar)  # (7.11)  a_n_bar = n_bar * tanh'(a_n)
        np.dot(a_n_bar, W_hn, out=s_bar)  # (7.12)  s_bar = W_hn^T a_n_bar
        np.multiply(s_bar, h_prev, out=r_bar)  # (7.13)  r_bar = s_bar * h_prev
        np.multiply(rz_bar, slope[:2], out=a_t_bar[:2])  # (7.14)  a_r_bar = r_bar * σ'(a_r),
        #     a_z_bar = z_bar * σ'(a_z)
        a_t_bar[2] = a_n_bar
        h_prev_bar = np.multiply(z, h_t_bar, out=h_t_bar)
        h_prev_bar += np.multiply(r, s_bar, out=product)
        h_prev_bar += np.dot(a_rz_bar[t], W_hrz, out=product)  # (7.15)  h_prev_bar =
        #     z * h_t_bar + r * s_bar + W_hr^T a_r_bar + W_hz^T a_z_bar
        later = h_prev_bar

    W_hrz_bar = affine_weight_bar(a_rz_bar, tape.h[:-1])  # (7.16)  W_hr_bar = Σ_t a_r_bar h_prev^T,
    #     W_hz_bar = Σ_t a_z_bar h_prev^T
    W_hn_bar = affine_weight_bar(a_bar[..., 2 * H :], tape.s)  # (7.17)  W_hn_bar = Σ_t a_n_bar s^T
    grads = {"W_xh": affine_weight_bar(a_bar, tape.x)}  # (7.18)  W_xh_bar = Σ_t a_t_bar x_t^T,
    #     a_t_bar = (a_r_bar, a_z_bar, a_n_bar)
    grads["W_hh"] = np.concatenate([W_hrz_bar, W_hn_bar])
    if "b_h" in p:
        grads["b_h"] = affine_bias_bar(a_bar)  # (7.19)  b_h_bar = Σ_t a_t_bar
    x_bar = affine_input_bar(a_bar, p["W_xh"])  # (7.20)  x_t_bar = W_xh^T a_t_bar
    return grads, x_bar, (later,)
