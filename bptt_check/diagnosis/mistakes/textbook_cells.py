"""One step of each cell, back, as it is written by hand: one equation a line.

The text that mistakes are made in: a diagnosis edits a line of it and compares the gradient that
comes out with the subject's. The numbers are those of reference/README.md. Written to be read and
to be broken, not to be fast: slopes come from activated values, and gradients are added up step by
step. Shapes of one step: `x_t` [B, D], states [B, H], `a_t_bar` [B, G*H]; cells without a cell
state carry a `c` of zeros.
"""

# Names that a step does not need are those that a mistake may put in another's place.
# pyright: reportUnusedVariable=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...cases.model import Model
from ...cases.types import Array

Bars = dict[str, Array]


class Rnn(NamedTuple):
    """What one step leaves behind."""

    x_t: Array
    h_prev: Array
    h_t: Array
    c_t: Array


class Lstm(NamedTuple):
    """What one step leaves behind."""

    x_t: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    c_t: Array
    h_t: Array


class Gru(NamedTuple):
    """What one step leaves behind; `a_hn` is the candidate's recurrent product."""

    x_t: Array
    h_prev: Array
    r: Array
    z: Array
    n: Array
    a_hn: Array
    h_t: Array
    c_t: Array


def tanh(a: Array) -> Array:
    """Of the candidate, and of the cell state."""
    return np.tanh(a)


def sigmoid(a: Array) -> Array:
    """`1 / (1 + e^-a)`, which overflows for no a."""
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, small) / (1.0 + small)


def softmax(y: Array) -> Array:
    """Along the last axis."""
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


VALUES: dict[str, Callable[[Array], Array]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": lambda a: np.maximum(a, 0.0),
    "identity": lambda a: a,
}
SLOPES: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda h: 1 - h * h,
    "sigmoid": lambda h: h * (1 - h),
    "relu": lambda h: (h > 0) * 1.0,
    "identity": np.ones_like,
}
"""Derivatives of activations, written in the activated value."""


# --- Forward: remembers, and is never edited ----------------------------------------------------


def rnn_forward(model: Model, p: Mapping[str, Array], x_t: Array, h: Array, c: Array) -> Rnn:
    """(4.1), (4.2)."""
    a_t = x_t @ p["W_xh"].T + h @ p["W_hh"].T + p.get("b_h", 0.0)
    return Rnn(x_t, h, VALUES[model.activation](a_t), c)


def lstm_forward(model: Model, p: Mapping[str, Array], x_t: Array, h: Array, c: Array) -> Lstm:
    """(5.1) to (5.7)."""
    a_t = x_t @ p["W_xh"].T + h @ p["W_hh"].T + p.get("b_h", 0.0)
    a_i, a_f, a_g, a_o = np.split(a_t, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), tanh(a_g), sigmoid(a_o)
    c_t = f * c + i * g
    return Lstm(x_t, h, c, i, f, g, o, c_t, o * tanh(c_t))


def gru_after_forward(model: Model, p: Mapping[str, Array], x_t: Array, h: Array, c: Array) -> Gru:
    """(6.1) to (6.6)."""
    a_xr, a_xz, a_xn = np.split(x_t @ p["W_xh"].T + p.get("b_xh", 0.0), 3, axis=1)
    a_hr, a_hz, a_hn = np.split(h @ p["W_hh"].T + p.get("b_hh", 0.0), 3, axis=1)
    r, z = sigmoid(a_xr + a_hr), sigmoid(a_xz + a_hz)
    n = tanh(a_xn + r * a_hn)
    return Gru(x_t, h, r, z, n, a_hn, (1 - z) * n + z * h, c)


def gru_before_forward(model: Model, p: Mapping[str, Array], x_t: Array, h: Array, c: Array) -> Gru:
    """(7.1) to (7.7)."""
    W_hr, W_hz, W_hn = np.split(p["W_hh"], 3)
    a_xr, a_xz, a_xn = np.split(x_t @ p["W_xh"].T + p.get("b_h", 0.0), 3, axis=1)
    r, z = sigmoid(a_xr + h @ W_hr.T), sigmoid(a_xz + h @ W_hz.T)
    a_hn = (r * h) @ W_hn.T
    n = tanh(a_xn + a_hn)
    return Gru(x_t, h, r, z, n, a_hn, (1 - z) * n + z * h, c)


# --- Backward: every line may be edited ---------------------------------------------------------


def rnn_backward(
    model: Model, p: Mapping[str, Array], steps: Sequence[Rnn], t: int, h_t_bar: Array,
    c_t_bar: Array, bars: Bars,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """From the cotangents of h_t and c_t to those of x_t, h_{t-1} and c_{t-1}."""
    x_t, h_prev, h_t, c_t = steps[t]
    W_xh, W_hh, slope = p["W_xh"], p["W_hh"], SLOPES[model.activation]
    a_t_bar = h_t_bar * slope(h_t)  # (4.4)
    h_prev_bar = a_t_bar @ W_hh  # (4.5)
    x_t_bar = a_t_bar @ W_xh  # (4.9)
    bars["W_xh"] += a_t_bar.T @ x_t  # (4.6)
    bars["W_hh"] += a_t_bar.T @ h_prev  # (4.7)
    bars["b_h"] += a_t_bar.sum(axis=0)  # (4.8)
    return x_t_bar, h_prev_bar, c_t_bar


def lstm_backward(
    model: Model, p: Mapping[str, Array], steps: Sequence[Lstm], t: int, h_t_bar: Array,
    c_t_bar: Array, bars: Bars,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """From the cotangents of h_t and c_t to those of x_t, h_{t-1} and c_{t-1}."""
    x_t, h_prev, c_prev, i, f, g, o, c_t, h_t = steps[t]
    W_xh, W_hh, tanh_c = p["W_xh"], p["W_hh"], tanh(c_t)
    o_bar = h_t_bar * tanh_c  # (5.9)
    c_t_bar = c_t_bar + h_t_bar * o * (1 - tanh_c * tanh_c)  # (5.10)
    i_bar = c_t_bar * g  # (5.11)
    g_bar = c_t_bar * i  # (5.12)
    f_bar = c_t_bar * c_prev  # (5.13)
    a_i_bar = i_bar * i * (1 - i)  # (5.14)
    a_f_bar = f_bar * f * (1 - f)  # (5.14)
    a_g_bar = g_bar * (1 - g * g)  # (5.14)
    a_o_bar = o_bar * o * (1 - o)  # (5.14)
    a_t_bar = np.hstack([a_i_bar, a_f_bar, a_g_bar, a_o_bar])  # (5.14)
    c_prev_bar = c_t_bar * f  # (5.15)
    h_prev_bar = a_t_bar @ W_hh  # (5.16)
    x_t_bar = a_t_bar @ W_xh  # (5.20)
    bars["W_xh"] += a_t_bar.T @ x_t  # (5.17)
    bars["W_hh"] += a_t_bar.T @ h_prev  # (5.18)
    bars["b_h"] += a_t_bar.sum(axis=0)  # (5.19)
    return x_t_bar, h_prev_bar, c_prev_bar


def gru_after_backward(
    model: Model, p: Mapping[str, Array], steps: Sequence[Gru], t: int, h_t_bar: Array,
    c_t_bar: Array, bars: Bars,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """From the cotangent of h_t to those of x_t and h_{t-1}; reset after the product."""
    x_t, h_prev, r, z, n, a_hn, h_t, c_t = steps[t]
    W_xh, W_hh = p["W_xh"], p["W_hh"]
    n_bar = h_t_bar * (1 - z)  # (6.8)
    z_bar = h_t_bar * (h_prev - n)  # (6.9)
    a_n_bar = n_bar * (1 - n * n)  # (6.10)
    r_bar = a_n_bar * a_hn  # (6.11)
    a_r_bar = r_bar * r * (1 - r)  # (6.12)
    a_z_bar = z_bar * z * (1 - z)  # (6.12)
    a_hn_bar = a_n_bar * r  # (6.13)
    a_x_bar = np.hstack([a_r_bar, a_z_bar, a_n_bar])  # (6.13)
    a_h_bar = np.hstack([a_r_bar, a_z_bar, a_hn_bar])  # (6.13)
    h_prev_bar = z * h_t_bar + a_h_bar @ W_hh  # (6.14)
    x_t_bar = a_x_bar @ W_xh  # (6.19)
    bars["W_xh"] += a_x_bar.T @ x_t  # (6.15)
    bars["W_hh"] += a_h_bar.T @ h_prev  # (6.16)
    bars["b_xh"] += a_x_bar.sum(axis=0)  # (6.17)
    bars["b_hh"] += a_h_bar.sum(axis=0)  # (6.18)
    return x_t_bar, h_prev_bar, c_t_bar


def gru_before_backward(
    model: Model, p: Mapping[str, Array], steps: Sequence[Gru], t: int, h_t_bar: Array,
    c_t_bar: Array, bars: Bars,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """From the cotangent of h_t to those of x_t and h_{t-1}; reset before the product."""
    x_t, h_prev, r, z, n, a_hn, h_t, c_t = steps[t]
    W_xh, (W_hr, W_hz, W_hn) = p["W_xh"], np.split(p["W_hh"], 3)
    s = r * h_prev  # (7.5)
    n_bar = h_t_bar * (1 - z)  # (7.9)
    z_bar = h_t_bar * (h_prev - n)  # (7.10)
    a_n_bar = n_bar * (1 - n * n)  # (7.11)
    s_bar = a_n_bar @ W_hn  # (7.12)
    r_bar = s_bar * h_prev  # (7.13)
    a_r_bar = r_bar * r * (1 - r)  # (7.14)
    a_z_bar = z_bar * z * (1 - z)  # (7.14)
    a_t_bar = np.hstack([a_r_bar, a_z_bar, a_n_bar])  # (7.14)
    h_prev_bar = z * h_t_bar + r * s_bar + a_r_bar @ W_hr + a_z_bar @ W_hz  # (7.15)
    x_t_bar = a_t_bar @ W_xh  # (7.20)
    W_hr_bar = a_r_bar.T @ h_prev  # (7.16)
    W_hz_bar = a_z_bar.T @ h_prev  # (7.16)
    W_hn_bar = a_n_bar.T @ s  # (7.17)
    bars["W_hh"] += np.vstack([W_hr_bar, W_hz_bar, W_hn_bar])  # (7.17)
    bars["W_xh"] += a_t_bar.T @ x_t  # (7.18)
    bars["b_h"] += a_t_bar.sum(axis=0)  # (7.19)
    return x_t_bar, h_prev_bar, c_t_bar


CELLS: dict[str, tuple[Callable[..., Any], str]] = {
    "rnn": (rnn_forward, "rnn_backward"),
    "lstm": (lstm_forward, "lstm_backward"),
    "gru": (gru_after_forward, "gru_after_backward"),
    "gru-reset-before": (gru_before_forward, "gru_before_backward"),
}
